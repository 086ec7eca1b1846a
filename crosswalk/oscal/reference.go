package oscal

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

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
