package access

import (
	"slices"
	"strings"
)

// A grant is what the rules of one class say, without the names of rules and
// without what makes no difference: two grants are equal if and only if they
// decide alike, alone and together with what any other role has.
type grant struct {
	denied bool             // whatever else is allowed
	allow  map[string]needs // by what is given: "" for access itself, a path, "obligation:…", "exempt:…"
	hidden []string         // paths that are taken away, none below another
	quiet  []string         // paths of prose that are taken away unless a rule lists them
}

// grants makes grants of classes of one policy.
type grants struct {
	policy *Policy
	words  translation
}

// of returns the grant of a class. about are all rules of the cell for the
// purpose, fields the paths that either policy writes about the resource.
func (g grants) of(c class, about []*rule, fields []string) *grant {
	var allow, narrow []*rule
	shut := false
	out := &grant{allow: map[string]needs{}}
	for _, r := range c.rules {
		switch {
		case !r.deny:
			allow = append(allow, r)
		case r.whole:
			shut = true
			out.denied = out.denied || slices.ContainsFunc(about, func(r *rule) bool { return g.policy.given(r, "", about) })
		default:
			narrow = append(narrow, r)
		}
	}
	if shut {
		return out // the rest makes no difference
	}
	own := out.hide(g.policy, narrow, about)
	given := map[string][]requirement{}
	for _, r := range allow {
		needs := g.words.requires(r)
		mask := g.policy.mask(r.resource, []*rule{r}, nil)
		items := []string{""}
		for _, f := range fields {
			if mask.shows(f) && !belowAny(f, own) {
				items = append(items, f)
			}
		}
		if r.whole {
			items = append(items, r.resource.name+".*")
		}
		for _, o := range r.obligations {
			items = append(items, "obligation:"+o)
		}
		if r.exempt != "" {
			items = append(items, "exempt:"+r.exempt)
		}
		for _, item := range items {
			given[item] = append(given[item], needs)
		}
	}
	for item, list := range given {
		out.allow[item] = either(list)
	}
	return out
}

// hide takes the denials of fields that take away anything that a rule about
// the same gives, to whichever role. It returns all that are denied.
func (g *grant) hide(p *Policy, narrow, about []*rule) (own []string) {
	var hidden, quiet []string
	take := func(list *[]string, path string) {
		if list == &hidden {
			own = append(own, path)
		}
		if slices.ContainsFunc(about, func(r *rule) bool { return p.given(r, path, about) }) {
			*list = append(*list, path)
		}
	}
	for _, d := range narrow {
		take(&hidden, d.resource.name+".text.div")
		for _, id := range d.paths {
			path := p.paths[id]
			take(&hidden, path)
			for strings.Count(path, ".") > 1 {
				path = path[:strings.LastIndexByte(path, '.')]
				take(&hidden, path+".text.div")
				take(&quiet, path+".text")
			}
		}
	}
	g.hidden = topmost(hidden)
	for _, path := range topmost(quiet) {
		if !g.hides(path) {
			g.quiet = append(g.quiet, path)
		}
	}
	return own
}

// topmost returns the paths that are not below another one, sorted.
func topmost(paths []string) []string {
	slices.Sort(paths)
	var top []string
	for _, path := range slices.Compact(paths) {
		if !slices.ContainsFunc(top, func(t string) bool { return under(path, t) }) {
			top = append(top, path)
		}
	}
	return top
}

// hides reports whether all of a path is taken away.
func (g *grant) hides(path string) bool { return belowAny(path, g.hidden) }

func belowAny(path string, list []string) bool {
	return slices.ContainsFunc(list, func(h string) bool { return under(path, h) })
}

func (g *grant) equal(other *grant) bool {
	if g.denied != other.denied || !slices.Equal(g.hidden, other.hidden) || !slices.Equal(g.quiet, other.quiet) || len(g.allow) != len(other.allow) {
		return false
	}
	for item, n := range g.allow {
		if !slices.Equal(n, other.allow[item]) {
			return false
		}
	}
	return true
}

// given reports whether an allow rule may give anything of a path to somebody
// who is not denied it by another of the rules anyway. The path "" is access
// itself.
func (p *Policy) given(r *rule, path string, about []*rule) bool {
	if r.deny {
		return false
	}
	if path == "" || r.whole {
		return p.left(r, path, about)
	}
	return slices.ContainsFunc(r.paths, func(id int) bool {
		mine := p.paths[id]
		return under(path, mine) && p.left(r, path, about) || under(mine, path) && p.left(r, mine, about)
	})
}

// left reports whether any holder of a rule is not denied a path.
func (p *Policy) left(r *rule, path string, about []*rule) bool {
	left := r.holders
	for _, d := range about {
		if d.deny && (d.whole || path != "" && slices.ContainsFunc(d.paths, func(id int) bool { return under(path, p.paths[id]) })) {
			_, left = left.split(&d.holders)
		}
	}
	return left != roleSet{}
}
