package access

import (
	"slices"

	"github.com/safeguard-sdk/safeguard"
)

// patients looks at rules that say nothing of whose records they are about.
func (l *linter) patients() {
	for _, r := range l.doc.rules {
		if r.deny || len(r.relationship)+len(r.conditions) > 0 {
			continue
		}
		own := slices.IndexFunc(r.purposes, func(p spot) bool { return p.text == string(safeguard.PatientRequest) })
		if own >= 0 {
			l.report("L16", r.purposes[own].at, r.where(), "is for what patients ask of their own records, and holds for everybody's; ask for a relationship such as self")
		}
		if r.all && !r.emergency {
			l.report("L17", r.id.at, r.where(), "gives the whole record of every patient; a relationship or a condition would say of whom")
		}
	}
}
