package oscal

import (
	"fmt"
	"slices"
	"strings"
)

// reference resolves what points to something else.
func (c *checker) reference(n *node) {
	switch n.field {
	case "href":
		c.href(n)
	case "role-id":
		if !c.roles[n.text] {
			c.report(n, "names no role of the document")
		}
	case "control-id":
		c.control(n, c.source)
	case "target-id":
		c.control(n, nil)
	case "id-ref", "with-ids":
		c.mapped(n)
	}
	if to := refersTo(n.field); len(to) > 0 {
		if at, ok := c.declared[n.text]; !ok || !slices.Contains(to, at) {
			c.report(n, "names nothing in the document that it could refer to")
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

// control checks the id of a control or objective: in the catalog at hand, or
// in any if none is.
func (c *checker) control(n *node, known func(string) bool) {
	if known == nil {
		known = c.anyCatalog
	}
	if !known(n.text) {
		c.report(n, "names nothing in its catalog: "+show(n.text))
	}
}

func (c *checker) anyCatalog(id string) bool {
	for _, ids := range c.catalogs {
		if ids[id] {
			return true
		}
	}
	return c.alone
}

// mapped checks one side of a map, or a list of what is not mapped.
func (c *checker) mapped(n *node) {
	switch {
	case n.within("sources") || n.within("source-gap-summary"):
		c.inMapping(n, c.source)
	case n.within("targets") || n.within("target-gap-summary"):
		c.inMapping(n, c.target)
	}
}

func (c *checker) inMapping(n *node, known func(string) bool) {
	if known == nil {
		c.report(n, "stands outside of a mapping that names its catalogs")
		return
	}
	c.control(n, known)
}

// href resolves fragments and names of documents. Other addresses are left
// alone: what evidence is stored where is not for this check.
func (c *checker) href(n *node) {
	fragment, inside := strings.CutPrefix(n.text, "#")
	switch {
	case inside && c.declared[fragment] != "resources":
		c.report(n, "names no resource of the document's back matter")
	case strings.HasPrefix(n.up.field, "import-") && !inside && !c.alone && c.names[n.text] == 0:
		c.report(n, "names no document among those given")
	}
}

func show(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return fmt.Sprintf("%+q", s)
}
