package risk

import (
	"fmt"
	"reflect"
)

// A Change is a difference between two versions of a register.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A), 164.308(a)(8), 164.316(b)(2)(iii); NIST CSF 2.0 ID.RA-07.
type Change struct {
	// List is "assets", "flows", "threats", "vulnerabilities", "measures" or
	// "risks", or "register" for what stands outside them; ID is of the entry.
	List string `json:"list"`
	ID   string `json:"id,omitempty"`
	// What is "added", "removed" or "changed".
	What string `json:"what"`
	// Detail says how the levels of a risk have moved, or which fields of the
	// register differ; else it is empty.
	Detail string `json:"detail,omitempty"`
}

// Compare returns how after differs from before, list by list in the order of
// the entries. It compares whatever it is given: whether one is the other's
// next version is for [Register.Follows] to say.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A), 164.308(a)(8), 164.316(b)(2)(iii); NIST CSF 2.0 ID.RA-07.
func Compare(before, after *Register) []Change {
	var changes []Change
	for _, f := range []struct{ name, before, after string }{
		{"scope", before.Scope, after.Scope},
		{"acceptable risk", before.Acceptable.String(), after.Acceptable.String()},
	} {
		if f.before != f.after {
			changes = append(changes, Change{List: "register", What: "changed", Detail: f.name})
		}
	}
	changes = append(changes, compare("assets", before.Assets, after.Assets, func(a Asset) string { return a.ID }, nil)...)
	changes = append(changes, compare("flows", before.Flows, after.Flows, func(f Flow) string { return f.ID }, nil)...)
	changes = append(changes, compare("threats", before.Threats, after.Threats, func(t Threat) string { return t.ID }, nil)...)
	changes = append(changes, compare("vulnerabilities", before.Vulnerabilities, after.Vulnerabilities, func(w Vulnerability) string { return w.ID }, nil)...)
	changes = append(changes, compare("measures", before.Measures, after.Measures, func(m Measure) string { return m.ID }, nil)...)
	return append(changes, compare("risks", before.Risks, after.Risks, func(k Risk) string { return k.ID }, moved)...)
}

func compare[T any](list string, before, after []T, id func(T) string, detail func(before, after T) string) []Change {
	var changes []Change
	old := make(map[string]T, len(before))
	for _, e := range before {
		old[id(e)] = e
	}
	kept := map[string]bool{}
	for _, e := range after {
		was, ok := old[id(e)]
		kept[id(e)] = true
		switch {
		case !ok:
			changes = append(changes, Change{List: list, ID: id(e), What: "added"})
		case !reflect.DeepEqual(was, e):
			c := Change{List: list, ID: id(e), What: "changed"}
			if detail != nil {
				c.Detail = detail(was, e)
			}
			changes = append(changes, c)
		}
	}
	for _, e := range before {
		if !kept[id(e)] {
			changes = append(changes, Change{List: list, ID: id(e), What: "removed"})
		}
	}
	return changes
}

// moved says how the levels of a risk differ.
func moved(before, after Risk) string {
	s := ""
	for _, p := range []struct {
		name          string
		before, after Level
	}{
		{"inherent", before.Inherent.Risk(), after.Inherent.Risk()},
		{"current", before.Current.Risk(), after.Current.Risk()},
		{"residual", before.Residual.Risk(), after.Residual.Risk()},
	} {
		if p.before == p.after {
			continue
		}
		if s != "" {
			s += "; "
		}
		s += fmt.Sprintf("%s from %s to %s", p.name, p.before, p.after)
	}
	return s
}
