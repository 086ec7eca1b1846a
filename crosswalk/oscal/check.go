package oscal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// A Problem is something that [Check] found.
//
// Controls: HIPAA 164.308(a)(8).
type Problem struct {
	// Document is the name of the document, and Path the place in it, for
	// instance "results[0].findings[2].target.target-id".
	Document, Path string
	// Text says what is wrong.
	Text string
}

// String returns "document: path: text".
func (p Problem) String() string { return p.Document + ": " + p.Path + ": " + p.Text }

// maxDocument and maxNesting bound what [Parse] reads.
const (
	maxDocument = 32 << 20
	maxNesting  = 64
)

// Parse reads an OSCAL document, also one that this package did not write, so
// that [Check] can look at it. name is the file name under which others refer
// to it. It refuses more than 32 MiB, anything that is not one JSON object with
// one of the known models, and nesting deeper than 64 levels. It checks
// nothing else.
//
// Controls: HIPAA 164.308(a)(8).
func Parse(name string, data []byte) (*Document, error) {
	if len(data) > maxDocument {
		return nil, refuse("parse", "larger than 32 MiB")
	}
	if nesting(data) > maxNesting {
		return nil, refuse("parse", "nested too deeply")
	}
	var top map[string]map[string]any
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&top); err != nil || d.InputOffset() != int64(len(bytes.TrimRight(data, " \t\r\n"))) {
		return nil, refuse("parse", "not a JSON object of objects")
	}
	delete(top, "$schema")
	for _, m := range []Model{CatalogModel, MappingModel, ComponentModel, ResultsModel, PlanOfActionModel} {
		if body, ok := top[string(m)]; ok && len(top) == 1 {
			id, _ := body["uuid"].(string)
			return &Document{name: name, model: m, uuid: id, json: data}, nil
		}
	}
	return nil, refuse("parse", "not one of the known models of OSCAL")
}

// nesting returns how deep brackets go, outside of strings.
func nesting(data []byte) int {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

// Check looks for what a JSON schema cannot see, in documents that belong
// together: identifiers that stand twice, references to nothing, words outside
// of OSCAL's lists. A reference to another document must name one that is
// given, or one of NIST's catalogs that the crosswalk knows. Problems come in
// the order of documents and places; none means that everything resolved.
//
// It knows the references and lists that this package's documents use, which
// is less than NIST's constraints.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func Check(docs ...*Document) []Problem {
	c := &checker{catalogs: map[string]map[string]bool{}, names: map[string]int{}}
	trees := make([]any, len(docs))
	for i, d := range docs {
		var top map[string]any
		if json.Unmarshal(d.json, &top) == nil {
			trees[i] = top[string(d.model)]
		}
		c.names[d.name]++
		if d.model == CatalogModel {
			c.catalogs[d.name] = map[string]bool{}
			declare(c.catalogs[d.name], trees[i])
		}
	}
	for i, d := range docs {
		c.document(d, trees[i])
	}
	return c.problems
}

// checkAlone looks at a document without the ones that it refers to.
func checkAlone(d *Document) []Problem {
	c := &checker{catalogs: map[string]map[string]bool{}, names: map[string]int{d.name: 1}, alone: true}
	var top map[string]any
	if err := json.Unmarshal(d.json, &top); err != nil {
		return []Problem{{d.name, "", "not JSON"}}
	}
	c.document(d, top[string(d.model)])
	return c.problems
}

// checker holds the set of documents and, for the one at hand, what it
// declares.
type checker struct {
	catalogs map[string]map[string]bool // ids of controls, groups and parts
	names    map[string]int
	problems []Problem
	alone    bool // other documents are not given

	doc      *Document
	declared map[string]string // uuid to the field in which its object stands
	roles    map[string]bool
	ids      map[string]bool
	source   map[string]bool // the catalog that the enclosing object names
	target   func(string) bool
}

func (c *checker) report(path, text string) {
	c.problems = append(c.problems, Problem{c.doc.name, path, text})
}

func (c *checker) document(d *Document, tree any) {
	c.doc, c.declared, c.roles, c.ids = d, map[string]string{}, map[string]bool{}, map[string]bool{}
	if c.names[d.name] > 1 {
		c.report("", "another document has the same name")
	}
	c.collect("", "", tree)
	c.walk("", "", tree)
}

// declare gathers the ids of a catalog.
func declare(ids map[string]bool, v any) {
	switch v := v.(type) {
	case map[string]any:
		if id, ok := v["id"].(string); ok {
			ids[id] = true
		}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			declare(ids, v[k])
		}
	case []any:
		for _, e := range v {
			declare(ids, e)
		}
	}
}

// collect finds what the document declares, and refuses what stands twice.
func (c *checker) collect(path, field string, v any) {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			c.collect(fmt.Sprintf("%s[%d]", path, i), field, e)
		}
	case map[string]any:
		c.collectObject(path, field, v)
		for _, k := range slices.Sorted(maps.Keys(v)) {
			c.collect(join(path, k), k, v[k])
		}
	}
}

func (c *checker) collectObject(path, field string, v map[string]any) {
	if id, ok := v["uuid"].(string); ok {
		if _, twice := c.declared[id]; twice {
			c.report(join(path, "uuid"), "this UUID stands twice")
		}
		c.declared[id] = field
	}
	id, ok := v["id"].(string)
	switch {
	case !ok:
	case field == "roles":
		c.roles[id] = true
	case c.doc.model == CatalogModel && c.ids[id]:
		c.report(join(path, "id"), "this id stands twice")
	case c.doc.model == CatalogModel:
		c.ids[id] = true
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (c *checker) walk(path, field string, v any) {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			c.walk(fmt.Sprintf("%s[%d]", path, i), field, e)
		}
	case map[string]any:
		outer, target := c.source, c.target
		c.enter(path, field, v)
		for _, k := range slices.Sorted(maps.Keys(v)) {
			c.walk(join(path, k), k, v[k])
		}
		c.source, c.target = outer, target
	case string:
		c.word(path, field, v)
	}
}

// enter looks at an object as a whole: the catalogs that it names, and the
// words that need another field to be judged.
func (c *checker) enter(path, field string, v map[string]any) {
	if source, ok := v["source"].(string); ok && field == "control-implementations" {
		c.source = c.catalog(join(path, "source"), source)
	}
	if ref, ok := v["source-resource"].(map[string]any); ok {
		c.source = c.catalog(join(path, "source-resource.href"), str(ref["href"]))
	}
	if ref, ok := v["target-resource"].(map[string]any); ok {
		c.target = c.targets(join(path, "target-resource.href"), str(ref["href"]))
	}
	if field == "props" && v["ns"] == nil && !slices.Contains(propertyNames(), str(v["name"])) {
		c.report(join(path, "name"), "a property outside of OSCAL's names needs a namespace")
	}
	if field == "sources" || field == "targets" || field == "source-gap-summary" || field == "target-gap-summary" {
		c.mapped(path, field, v)
	}
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

// catalog returns the ids of a given catalog.
func (c *checker) catalog(path, name string) map[string]bool {
	ids, ok := c.catalogs[name]
	if !ok && !c.alone {
		c.report(path, "names no catalog among the documents")
		return map[string]bool{}
	}
	return ids
}

// targets returns what tells the ids of a catalog, given or NIST's.
func (c *checker) targets(path, name string) func(string) bool {
	f, known := frameworkOf(name)
	if !known {
		ids := c.catalog(path, name)
		return func(id string) bool { return ids[id] }
	}
	ids := map[string]bool{}
	for p := range crosswalk.Pairs(f) {
		ids[targetID(f, p.Ref)] = true
	}
	for s := range crosswalk.Subcategories(f) {
		ids[s.ID] = true
	}
	return func(id string) bool { return ids[id] }
}

// mapped checks one side of a map, or a list of what is not mapped.
func (c *checker) mapped(path, field string, v map[string]any) {
	known := func(id string) bool { return c.source[id] }
	if strings.HasPrefix(field, "target") {
		known = c.target
	}
	if c.alone {
		return
	}
	if known == nil {
		c.report(path, "stands outside of a mapping that names its catalogs")
		return
	}
	for _, id := range mappedIDs(v) {
		if !known(id) {
			c.report(path, "names no control of its catalog: "+show(id))
		}
	}
}

func mappedIDs(v map[string]any) []string {
	if id, ok := v["id-ref"].(string); ok {
		return []string{id}
	}
	var ids []string
	unmapped, _ := v["unmapped-controls"].([]any)
	for _, u := range unmapped {
		selection, _ := u.(map[string]any)
		with, _ := selection["with-ids"].([]any)
		for _, id := range with {
			ids = append(ids, str(id))
		}
	}
	return ids
}

func show(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return fmt.Sprintf("%+q", s)
}

var (
	uuidForm  = regexp.MustCompile(`^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[45][0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}$`)
	tokenForm = regexp.MustCompile(`^(\p{L}|_)(\p{L}|\p{N}|[.\-_])*$`)
	timeForm  = regexp.MustCompile(`^(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+\-][0-9]{2}:[0-9]{2})$`)
)

// word checks one string by the field that it stands in.
func (c *checker) word(path, field, s string) {
	if known, ok := words(field); ok && c.listed(path) && !slices.Contains(known, s) {
		c.report(path, "not one of OSCAL's words: "+show(s))
	}
	switch field {
	case "uuid":
		if !uuidForm.MatchString(s) {
			c.report(path, "not a UUID of version 4 or 5")
		}
	case "id", "name", "class", "role-id":
		if !tokenForm.MatchString(s) && !strings.Contains(path, "parties") && !strings.Contains(path, "system-id") {
			c.report(path, "not a token")
		}
	case "last-modified", "published", "start", "end", "collected", "expires", "deadline", "date":
		if !timeForm.MatchString(s) && !strings.Contains(path, "props") {
			c.report(path, "not a time with a zone")
		}
	}
	c.reference(path, field, s)
}

// reference resolves what points to something else.
func (c *checker) reference(path, field, s string) {
	switch field {
	case "href":
		c.href(path, s)
	case "role-id":
		if !c.roles[s] {
			c.report(path, "names no role of the document")
		}
	case "control-id":
		c.control(path, s)
	case "target-id":
		if !c.alone && !c.anyCatalog(s) {
			c.report(path, "names no objective of a given catalog: "+show(s))
		}
	}
	if to := refersTo(field); len(to) > 0 {
		if at, ok := c.declared[s]; !ok || !slices.Contains(to, at) {
			c.report(path, "names nothing in the document that it could refer to")
		}
	}
}

// refersTo returns in which fields the object may stand that a field names.
func refersTo(field string) []string {
	switch field {
	case "observation-uuid":
		return []string{"observations"}
	case "risk-uuid":
		return []string{"risks"}
	case "finding-uuid":
		return []string{"findings"}
	case "party-uuids":
		return []string{"parties"}
	case "actor-uuid":
		return []string{"parties", "components", "assessment-platforms"}
	case "component-uuid":
		return []string{"components"}
	}
	return nil
}

func (c *checker) control(path, id string) {
	ok := c.alone || c.anyCatalog(id)
	if c.source != nil && !c.alone {
		ok = c.source[id]
	}
	if !ok {
		c.report(path, "names no control of its catalog: "+show(id))
	}
}

func (c *checker) anyCatalog(id string) bool {
	for _, ids := range c.catalogs {
		if ids[id] {
			return true
		}
	}
	return false
}

// href resolves fragments and names of documents. Other addresses are left
// alone: what evidence is stored where is not for this check.
func (c *checker) href(path, s string) {
	fragment, inside := strings.CutPrefix(s, "#")
	switch {
	case inside && c.declared[fragment] != "resources":
		c.report(path, "names no resource of the document's back matter")
	case strings.HasPrefix(path, "import-") && !inside && !c.alone && c.names[s] == 0:
		c.report(path, "names no document among those given")
	}
}
