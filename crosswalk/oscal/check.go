package oscal

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

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
