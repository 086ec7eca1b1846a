package oscal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// A Claim says that a piece of code names a provision in its control line.
//
// Controls: HIPAA 164.316(b)(1).
type Claim struct {
	// Component is what the document has a component for, usually the import
	// path of a package.
	Component string
	// Symbol is the name in it; empty for the component as a whole.
	Symbol string
	// Control is the provision.
	Control safeguard.Control
	// Test is true for a test that exercises the provision.
	Test bool
	// Href is where the source stands, best at a commit that cannot change. It
	// may be empty.
	Href string
}

// Components returns a component-definition with a component for each package
// that claims a provision. It says what the source says and no more: there is
// no implementation status in it. Claims may come in any order; repeated ones
// count once.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func Components(info Info, claims []Claim) (*Document, error) {
	if err := info.validate(true, false); err != nil {
		return nil, err
	}
	sorted, err := sortClaims(claims)
	if err != nil {
		return nil, err
	}
	c := &componentDefinition{
		Metadata:   info.metadata("Components and the provisions that their source names", "No implementation status is claimed: whether a provision is implemented is the organisation's own decision, on its own record."),
		BackMatter: sources("Security Rule", "Breach Notification Rule", "Privacy Rule"),
	}
	for len(sorted) > 0 {
		n := run(sorted, func(x Claim) string { return x.Component })
		c.Components = append(c.Components, info.component(sorted[:n]))
		sorted = sorted[n:]
	}
	return finish(ComponentFile, ComponentModel, c, &c.UUID)
}

func sortClaims(claims []Claim) ([]Claim, error) {
	if len(claims) == 0 {
		return nil, refuse("components", "no claim, and OSCAL has no empty list")
	}
	for _, c := range claims {
		if blank(c.Component) {
			return nil, refuse("components", "a claim without a component")
		}
		if _, err := crosswalk.ParseID(string(c.Control)); err != nil {
			return nil, fmt.Errorf("oscal: components: %w: %w", ErrInput, err)
		}
	}
	sorted := slices.Clone(claims)
	slices.SortFunc(sorted, func(a, b Claim) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Control, b.Control),
			cmp.Compare(text(a.Test), text(b.Test)), cmp.Compare(a.Symbol, b.Symbol), cmp.Compare(a.Href, b.Href))
	})
	return slices.Compact(sorted), nil
}

func text(test bool) string {
	if test {
		return "test"
	}
	return "api"
}

// run returns how many claims at the beginning have the same key.
func run(claims []Claim, key func(Claim) string) int {
	n := 1
	for n < len(claims) && key(claims[n]) == key(claims[0]) {
		n++
	}
	return n
}

func (i *Info) component(claims []Claim) component {
	name := line(claims[0].Component)
	c := component{
		UUID: uuid("component", i.Scope, name), Type: "software", Title: name,
		Description: "What the source of " + name + " says that it serves.",
		Props:       []property{{Name: "version", Value: line(i.Version)}},
	}
	ci := controlImplementation{UUID: uuid("control-implementation", i.Scope, name), Source: CatalogFile,
		Description: "Provisions that its control lines name, with the tests that name them. A claim of the source, not a finding."}
	for len(claims) > 0 {
		n := run(claims, func(x Claim) string { return string(x.Control) })
		ci.Requirements = append(ci.Requirements, i.requirement(name, claims[:n]))
		claims = claims[n:]
	}
	c.Implementations = []controlImplementation{ci}
	return c
}

func (i *Info) requirement(component string, claims []Claim) implementedRequirement {
	id := claims[0].Control
	r := implementedRequirement{UUID: uuid("requirement", i.Scope, component, string(id)), ControlID: ControlID(id)}
	var code, tests []string
	for _, c := range claims {
		symbol := line(c.Symbol)
		if symbol == "" {
			symbol = component
		}
		name := "symbol"
		if c.Test {
			name = "test"
			tests = append(tests, symbol)
		} else {
			code = append(code, symbol)
		}
		r.Props = append(r.Props, own(name, symbol))
		if !blank(c.Href) {
			r.Links = append(r.Links, link{Href: strings.TrimSpace(c.Href), Rel: "reference", Text: symbol})
		}
	}
	r.Description = "Code that names 45 CFR " + string(id) + ": " + list(code) + ". Tests that name it: " + list(tests) + "."
	return r
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(slices.Compact(slices.Clone(names)), ", ")
}
