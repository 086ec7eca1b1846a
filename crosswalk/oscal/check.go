package oscal

import (
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
	trees := make([]*node, len(docs))
	for i, d := range docs {
		trees[i] = grow(d)
		c.names[d.name]++
		if d.model == CatalogModel {
			c.catalogs[d.name] = idsOf(trees[i])
		}
	}
	for i, d := range docs {
		c.document(d, trees[i])
	}
	return c.problems
}

// checkAlone looks at a document without the ones that it refers to.
func checkAlone(d *Document) []Problem {
	c := &checker{names: map[string]int{d.name: 1}, alone: true}
	c.document(d, grow(d))
	return c.problems
}

// idsOf gathers the ids of a catalog: those of groups, controls and parts.
func idsOf(tree *node) map[string]bool {
	ids := map[string]bool{}
	tree.each(func(n *node) {
		if n.isText && n.field == "id" {
			ids[n.text] = true
		}
	})
	return ids
}

// checker holds the set of documents and, for the one at hand, what it
// declares.
type checker struct {
	catalogs map[string]map[string]bool // by name of the document
	names    map[string]int
	problems []Problem
	alone    bool // other documents are not given

	doc      *Document
	declared map[string]string // UUID to the field in which its object stands
	roles    map[string]bool
	ids      map[string]bool
	// What tells the controls of the catalogs that the mapping or control
	// implementation at hand names; nil outside of one.
	source, target func(string) bool
}

func (c *checker) report(n *node, text string) {
	c.problems = append(c.problems, Problem{c.doc.name, n.path(), text})
}

func (c *checker) document(d *Document, tree *node) {
	c.doc, c.declared, c.roles, c.ids = d, map[string]string{}, map[string]bool{}, map[string]bool{}
	if tree == nil {
		c.report(&node{}, "not JSON")
		return
	}
	if c.names[d.name] > 1 {
		c.report(tree, "another document has the same name")
	}
	tree.each(c.declare)
	c.look(tree)
}

// declare notes what the document declares, and refuses what stands twice.
func (c *checker) declare(n *node) {
	switch {
	case !n.isText || n.index >= 0:
	case n.field == "uuid":
		if _, twice := c.declared[n.text]; twice {
			c.report(n, "this UUID stands twice")
		}
		c.declared[n.text] = n.up.field
	case n.field == "id" && n.up.field == "roles":
		c.roles[n.text] = true
	case n.field == "id" && c.doc.model == CatalogModel:
		if c.ids[n.text] {
			c.report(n, "this id stands twice")
		}
		c.ids[n.text] = true
	}
}

// look checks a value and everything below it.
func (c *checker) look(n *node) {
	if n.isText {
		c.word(n)
		return
	}
	source, target := c.source, c.target
	c.enter(n)
	for _, m := range n.members {
		c.look(m)
	}
	for _, i := range n.items {
		c.look(i)
	}
	c.source, c.target = source, target
}

// enter looks at an object as a whole: the catalogs that it names, and what
// needs another field to be judged.
func (c *checker) enter(n *node) {
	if n.members == nil {
		return
	}
	switch n.field {
	case "control-implementations":
		c.source = c.catalog(n.get("source"))
	case "mappings":
		c.source = c.catalog(n.get("source-resource").get("href"))
		c.target = c.catalog(n.get("target-resource").get("href"))
	case "props":
		name := n.get("name")
		if !n.get("ns").isText && !slices.Contains(propertyNames(), name.text) {
			c.report(name, "a property outside of OSCAL's names needs a namespace")
		}
	}
}

// catalog returns what tells the controls of a catalog, a given one or NIST's.
func (c *checker) catalog(n *node) func(string) bool {
	if c.alone {
		return func(string) bool { return true }
	}
	ids, ok := c.catalogs[n.text]
	if f, known := frameworkOf(n.text); known {
		ids, ok = idsOfFramework(f), true
	}
	if !ok {
		c.report(n, "names no catalog among the documents")
	}
	return func(id string) bool { return ids[id] }
}

func idsOfFramework(f crosswalk.Framework) map[string]bool {
	ids := map[string]bool{}
	for p := range crosswalk.Pairs(f) {
		ids[targetID(f, p.Ref)] = true
	}
	for s := range crosswalk.Subcategories(f) {
		ids[s.ID] = true
	}
	return ids
}
