package coverage

import (
	"fmt"
	"strings"

	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// functionView is what the rule asks, which policies it asks for and what the
// library gives, for one function of CSF 2.0.
type functionView struct {
	ID, Title, Anchor string
	Rows              []functionRow
	Policies          int
	Unpaired          []string // outcomes that no provision is paired with
}

// functionsNotice says how to read the tables.
const functionsNotice = "A provision stands under each function in which it has a derived pair. GV.OC-03, that legal requirements are understood and managed, is derived for all 68 and left out."

// FunctionsNotice says how to read the tables by function.
func (v *view) FunctionsNotice() string { return functionsNotice }

// Words says how much of the function the rule asks for.
func (f functionView) Words() string {
	s := fmt.Sprintf("%d provisions, %d of which ask for policies or procedures.", len(f.Rows), f.Policies)
	if len(f.Unpaired) > 0 {
		s += " Outcomes that no provision is paired with: " + strings.Join(f.Unpaired, ", ") + "."
	}
	return s
}

type functionRow struct {
	ID, Anchor, Title string
	Policies          string
	Outcomes          string
	Gives             string
}

func (r *report) functions() []functionView {
	at := map[string]*entry{}
	for _, e := range r.entries {
		at[string(e.ID)] = e
	}
	var list []functionView
	for _, f := range crosswalk.Functions(crosswalk.CSF20) {
		v := functionView{ID: f.ID, Title: f.Title, Anchor: anchor("function " + f.ID)}
		for q := range crosswalk.ByFunction(crosswalk.CSF20, f.ID) {
			v.Rows = append(v.Rows, at[string(q.ID)].functionRow(f.ID))
			v.Policies += one(q.Policies)
		}
		v.Unpaired = unpaired(f.ID)
		list = append(list, v)
	}
	return list
}

func (e *entry) functionRow(function string) functionRow {
	var outcomes []string
	for _, p := range e.CSF20 {
		if strings.HasPrefix(p.Ref, function+".") && !crosswalk.Universal(crosswalk.CSF20, p.Ref) {
			outcomes = append(outcomes, p.Ref)
		}
	}
	return functionRow{
		ID: string(e.ID), Anchor: anchor(string(e.ID)), Title: e.Title,
		Policies: yes(e.Policies), Outcomes: strings.Join(outcomes, ", "), Gives: e.gives(),
	}
}

// gives names the packages of the library that serve the provision.
func (e *entry) gives() string {
	var list []string
	for _, a := range e.Code {
		if name := shortPackage(a.Package); inLibrary(a.Package) && (len(list) == 0 || list[len(list)-1] != name) {
			list = append(list, name)
		}
	}
	return orElse(strings.Join(list, ", "), "nothing")
}

func unpaired(function string) []string {
	var list []string
	for s := range crosswalk.Subcategories(crosswalk.CSF20) {
		if s.Function != function {
			continue
		}
		paired := false
		for range crosswalk.ByRef(crosswalk.CSF20, s.ID) {
			paired = true
			break
		}
		if !paired {
			list = append(list, s.ID)
		}
	}
	return list
}

// packageRow says what one package serves.
type packageRow struct {
	Package    string   `json:"package"`
	Own        int      `json:"own_lines"`
	Inherited  int      `json:"inherited_lines"`
	None       int      `json:"none"`
	Tests      int      `json:"tests_tagged"`
	Provisions []string `json:"provisions"`
}

// Names lists the provisions.
func (p packageRow) Names() string { return orElse(strings.Join(p.Provisions, ", "), "none") }

// packages returns a row for every package with exported API.
func (r *report) packages() []packageRow {
	var list []packageRow
	for _, x := range r.Indexes {
		for _, p := range x.byPackage() {
			if row, ok := p.row(); ok {
				list = append(list, row)
			}
		}
	}
	return list
}

func (p *packageIndex) row() (packageRow, bool) {
	x := &Index{APIs: p.apis, Tests: p.tests}
	c := x.Count()
	ids := []string{}
	for q := range crosswalk.All() {
		for _, a := range p.apis {
			if !a.Internal && a.Tag.Serves(q.ID) {
				ids = append(ids, string(q.ID))
				break
			}
		}
	}
	return packageRow{
		Package: shortPackage(p.name), Own: c.Own, Inherited: c.Inherited, None: c.None, Tests: c.Tests,
		Provisions: ids,
	}, c.APIs > 0
}
