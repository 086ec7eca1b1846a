package main

import (
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// catalogCmd looks up and exports the tables.
type catalogCmd struct {
	IDs []string `arg:"" optional:"" name:"id" help:"Provisions (164.312(b), a whole section or paragraph, or another table's spelling of one) or entries of a NIST framework (DE.AE-03, AU-06). Default: every provision."`

	Rule      string `enum:"all,security,privacy,breach" default:"all" help:"Only the provisions of this rule: ${enum}."`
	Safeguard string `enum:"all,administrative,physical,technical,organizational,documentation" default:"all" help:"Only this part of the Security Rule: ${enum}."`
	Function  string `placeholder:"GV" help:"Only what is paired (derived) with outcomes of this function of NIST CSF 2.0: GV, ID, PR, DE, RS or RC. The one outcome that is paired with everything does not count."`
	Proposed  bool   `help:"Say beside the rule what the rule proposed in 2025 would change. It is not law."`
	outputs
}

// Help is the long text of --help.
func (catalogCmd) Help() string {
	return `For instance:

  safeguard catalog "164.312(a)(2)(iii)"
  safeguard catalog DE.AE-03
  safeguard catalog --safeguard technical --format csv -o technical.csv

Formats: md, json, csv (one line a pair). Each pair names its source. Pairs with CSF 2.0 are derived and say so. A pair is a reference and no equivalence.`
}

// Run writes the catalog.
func (c *catalogCmd) Run(e *env) error {
	keep, err := c.filter()
	if err != nil {
		return err
	}
	ids, err := selected(c.IDs)
	if err != nil {
		return err
	}
	v := newCatalog(c.Proposed)
	for _, id := range ids {
		if r, ok := crosswalk.Get(id); ok && keep(r) {
			v.add(r)
		}
	}
	if len(v.Provisions) == 0 {
		return refused(errors.New("catalog: no provision is left; the filters exclude each other"))
	}
	return c.write(e, nil, format{"md", v.markdown}, format{"json", v.json}, format{"csv", v.csv})
}

// filter returns what the flags keep.
func (c *catalogCmd) filter() (func(crosswalk.Requirement) bool, error) {
	rules := map[string]crosswalk.Rule{"security": crosswalk.SecurityRule, "privacy": crosswalk.PrivacyRule, "breach": crosswalk.BreachRule}
	inFunction := map[safeguard.Control]bool{}
	if c.Function != "" {
		for r := range crosswalk.ByFunction(crosswalk.CSF20, c.Function) {
			inFunction[r.ID] = true
		}
		if len(inFunction) == 0 {
			return nil, refused(fmt.Errorf("--function: NIST CSF 2.0 has no function %q; GV, ID, PR, DE, RS and RC are its functions", c.Function))
		}
	}
	return func(r crosswalk.Requirement) bool {
		return (c.Rule == "all" || r.Rule == rules[c.Rule]) &&
			(c.Safeguard == "all" || r.Safeguard.String() == c.Safeguard) &&
			(c.Function == "" || inFunction[r.ID])
	}, nil
}

// selected returns the provisions that the arguments stand for, in the order
// of the regulation, all of them if there is none.
func selected(args []string) ([]safeguard.Control, error) {
	var all, wanted []safeguard.Control
	for r := range crosswalk.All() {
		all = append(all, r.ID)
	}
	if len(args) == 0 {
		return all, nil
	}
	for _, arg := range args {
		ids, err := standsFor(arg)
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, ids...)
	}
	return slices.DeleteFunc(all, func(id safeguard.Control) bool { return !slices.Contains(wanted, id) }), nil
}

// standsFor reads one argument: a citation, another table's spelling of one,
// or an entry of a framework.
func standsFor(arg string) ([]safeguard.Control, error) {
	if id, err := crosswalk.ParseID(arg); err == nil {
		return []safeguard.Control{id}, nil
	}
	ids, err := crosswalk.Expand(arg)
	if err == nil {
		return ids, nil
	}
	if id, aliasErr := crosswalk.ParseAlias(arg); aliasErr == nil {
		return []safeguard.Control{id}, nil
	}
	for _, f := range frameworks {
		for p := range crosswalk.ByRef(f, arg) {
			ids = append(ids, p.Control)
		}
	}
	if len(ids) > 0 {
		return ids, nil
	}
	if known(arg) {
		return nil, refused(fmt.Errorf("catalog: %s is an outcome of NIST's that no provision is paired with", arg))
	}
	if strings.HasPrefix(arg, "164.") {
		return nil, refused(err)
	}
	hint := ""
	if refs := nearest(arg); len(refs) > 0 {
		hint = "; did you mean " + strings.Join(refs, " or ") + "?"
	}
	return nil, refused(fmt.Errorf("catalog: %q is neither a provision nor an entry of NIST CSF 1.1, CSF 2.0 or SP 800-53 Revision 5 that one is paired with%s", arg, hint))
}

// nearest returns the entries of a framework that differ from ref in case or in
// zeros before a number only.
func nearest(ref string) []string {
	var found []string
	for _, f := range frameworks {
		for p := range crosswalk.Pairs(f) {
			if plain(p.Ref) == plain(ref) && !slices.Contains(found, p.Ref) {
				found = append(found, p.Ref)
			}
		}
	}
	return found
}

func plain(ref string) string {
	return zeros.ReplaceAllString(strings.ToUpper(strings.TrimSpace(ref)), "$1")
}

// zeros finds what stands before a number and counts for nothing.
var zeros = regexp.MustCompile(`\b0+([0-9])`)

// frameworks are those with pairs of NIST's, or derived from them.
var frameworks = []crosswalk.Framework{crosswalk.CSF11, crosswalk.SP80053r5, crosswalk.CSF20}

func known(ref string) bool {
	has := func(list iter.Seq[crosswalk.Subcategory]) bool {
		for s := range list {
			if s.ID == ref {
				return true
			}
		}
		return false
	}
	return has(crosswalk.Subcategories(crosswalk.CSF11)) || has(crosswalk.Subcategories(crosswalk.CSF20))
}
