package access

import (
	"slices"
	"strings"
)

// node is one place in the tree of what may be seen of a resource. The root
// is the resource itself. A node that is nil stands for a place that no rule
// names. Nodes are immutable once a mask is built.
type node struct {
	allow    bool // this and what is below, but for the leak paths
	deny     bool // neither this nor anything below
	inside   bool // something below may be seen
	partial  bool // of the root: not all of the resource may be seen
	id       int  // of the path, where allow is set
	children map[string]*node
}

// mask builds the tree of the allow rules less the deny rules. Neither the
// order of rules nor that of their paths changes it.
func (p *Policy) mask(r *resource, allow, deny []*rule) *node {
	root := &node{id: r.whole}
	for _, rule := range allow {
		root.allow = root.allow || rule.whole
		for _, id := range rule.paths {
			n := root.at(p.paths[id])
			n.allow, n.id = true, id
		}
	}
	for _, rule := range deny {
		for _, id := range rule.paths {
			root.at(p.paths[id]).deny = true
			root.at(sibling(p.paths[id])).deny = true
			root.silence(p.paths[id])
		}
	}
	if len(deny) > 0 {
		// The narrative is the resource told again in prose.
		root.at(r.name + ".text.div").deny = true
	}
	root.settle()
	root.partial = !root.allow || root.denied()
	return root
}

// sibling returns the path where FHIR puts the extensions of a primitive: they
// may tell the time of a birth, or the value once more.
func sibling(path string) string {
	at := strings.LastIndexByte(path, '.') + 1
	return path[:at] + "_" + path[at:]
}

// child returns what the rules say of a place below n.
func (n *node) child(key []byte) *node {
	if n == nil || n.children == nil {
		return nil
	}
	return n.children[string(key)]
}

// silence hides the prose beside a denied place and around it: FHIR tells an
// address, a name or a concept again in its "text", and a section in the
// narrative there. Only a text that a rule lists stays, and no narrative.
func (n *node) silence(path string) {
	for strings.Count(path, ".") > 1 {
		path = path[:strings.LastIndexByte(path, '.')]
		if text := n.at(path + ".text"); !text.allow {
			text.deny = true
		}
		n.at(path + ".text.div").deny = true
	}
}

// at returns the node of a path, made if need be.
func (n *node) at(path string) *node {
	for key := range strings.SplitSeq(path[strings.IndexByte(path, '.')+1:], ".") {
		child := n.children[key]
		if child == nil {
			child = new(node)
			if n.children == nil {
				n.children = map[string]*node{}
			}
			n.children[key] = child
		}
		n = child
	}
	return n
}

// settle computes inside from the leaves up.
func (n *node) settle() bool {
	for _, child := range n.children {
		if child.settle() {
			n.inside = true
		}
	}
	return !n.deny && (n.allow || n.inside)
}

// visible returns the ids of the paths below n that may be seen.
func (n *node) visible(into []int) []int {
	if n.deny {
		return into
	}
	if n.allow {
		into = append(into, n.id)
	}
	for _, child := range n.children {
		into = child.visible(into)
	}
	return into
}

// names returns the fields that a mask shows, sorted; the whole record is
// "Resource.*".
func (p *Policy) names(mask *node) []string {
	var names []string
	for _, id := range mask.visible(nil) {
		names = append(names, p.paths[id])
	}
	slices.Sort(names)
	return names
}
