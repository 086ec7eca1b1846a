package crosswalk

import (
	"iter"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// InSafeguard yields the provisions of one part of the Security Rule, in the
// order of the regulation.
//
// Controls: none, the rule as data.
func InSafeguard(s Safeguard) iter.Seq[Requirement] {
	return func(yield func(Requirement) bool) {
		for r := range In(SecurityRule) {
			if r.Safeguard == s && !yield(r) {
				return
			}
		}
	}
}

// A Function is one of the functions of the Cybersecurity Framework, for
// instance "PR", "Protect".
//
// Controls: none, the rule as data.
type Function struct{ ID, Title string }

// Functions returns the functions of CSF11 or CSF20 in the order in which NIST
// names them: Govern (2.0 only), Identify, Protect, Detect, Respond, Recover.
// It returns nothing for another framework. The slice belongs to the caller.
//
// Controls: none, the rule as data.
func Functions(f Framework) []Function {
	var list []Function
	for _, id := range []string{"GV", "ID", "PR", "DE", "RS", "RC"} {
		if i := csfIndex(csf(f), id); i >= 0 {
			list = append(list, Function{id, csf(f)[i].text})
		}
	}
	return list
}

// ByFunction yields the provisions that are paired with an outcome of a
// function, each once, in the order of the regulation.
//
// One outcome says nothing of a provision in particular and does not count:
// ID.GV-3 of edition 1.1, that legal requirements are understood and managed,
// which NIST pairs with all 68, and GV.OC-03 to which it went in 2.0. See
// [Universal].
//
// Controls: none, the rule as data.
func ByFunction(f Framework, function string) iter.Seq[Requirement] {
	return func(yield func(Requirement) bool) {
		for r := range In(SecurityRule) {
			if inFunction(f, function, r.ID) && !yield(r) {
				return
			}
		}
	}
}

func inFunction(f Framework, function string, id safeguard.Control) bool {
	for p := range ByControl(f, id) {
		if strings.HasPrefix(p.Ref, function+".") && !Universal(f, p.Ref) {
			return true
		}
	}
	return false
}

// Universal reports whether an outcome is paired with every provision of the
// Security Rule, and so tells nothing of any.
//
// Controls: none, the rule as data.
func Universal(f Framework, ref string) bool {
	switch f {
	case CSF11, CSF10:
		return ref == "ID.GV-3"
	case CSF20:
		return ref == "GV.OC-03"
	}
	return false
}
