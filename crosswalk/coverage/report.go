package coverage

import (
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// report is a document with what it says of every provision.
type report struct {
	*Document
	entries []*entry
}

// entry is what the document says of one provision.
type entry struct {
	crosswalk.Requirement
	Duty         Duty
	CSF11        []crosswalk.Pair
	CSF10        []crosswalk.Pair
	SP80053      []crosswalk.Pair
	CSF20        []crosswalk.Pair
	Practices    []crosswalk.Practice
	Code         []API // exported: with a line of its own or of its group, or called
	Inside       []API // internal, with a line of its own
	Own          int
	Inherited    int
	Tests        []testState
	Observations []safeguard.Observation
	run          bool
}

type testState struct {
	Test
	Passed bool
}

// report gathers everything in one pass over the indexes.
func (d *Document) report() *report {
	r := &report{Document: d}
	at := map[safeguard.Control]*entry{}
	for q := range crosswalk.All() {
		e := newEntry(q)
		e.run = d.Passed != nil
		at[q.ID] = e
		r.entries = append(r.entries, e)
	}
	passed := map[TestID]bool{}
	for _, id := range d.Passed {
		passed[id] = true
	}
	for _, x := range d.Indexes {
		for _, a := range x.APIs {
			for _, id := range a.Tag.HIPAA {
				at[id].addAPI(a)
			}
		}
		for _, t := range x.Tests {
			for _, id := range t.Tag.HIPAA {
				at[id].Tests = append(at[id].Tests, testState{t, passed[t.TestID]})
			}
		}
	}
	for _, o := range d.Observations {
		for _, id := range slices.Compact(slices.Sorted(slices.Values(o.Controls))) {
			at[id].Observations = append(at[id].Observations, o)
		}
	}
	return r
}

func newEntry(q crosswalk.Requirement) *entry {
	return &entry{
		Requirement: q,
		Duty:        DutyOf(q.ID),
		CSF11:       slices.Collect(crosswalk.ByControl(crosswalk.CSF11, q.ID)),
		CSF10:       slices.Collect(crosswalk.ByControl(crosswalk.CSF10, q.ID)),
		SP80053:     slices.Collect(crosswalk.ByControl(crosswalk.SP80053r5, q.ID)),
		CSF20:       slices.Collect(crosswalk.ByControl(crosswalk.CSF20, q.ID)),
		Practices:   slices.Collect(crosswalk.Practices(q.ID)),
	}
}

// addAPI counts a and lists it, unless it only inherits from a type or
// package, which is listed itself. What is called is always listed.
func (e *entry) addAPI(a API) {
	if a.Own() {
		e.Own++
	} else {
		e.Inherited++
	}
	switch {
	case a.Internal:
		e.Inside = append(e.Inside, a)
	case a.Own() || a.From == fromGroup || len(a.Sites) > 0:
		e.Code = append(e.Code, a)
	}
}

// Mapped reports whether NIST pairs the provision officially.
func (e *entry) Mapped() bool { return len(e.CSF11) > 0 }

// Tagged reports whether code names the provision.
func (e *entry) Tagged() bool { return len(e.Code)+len(e.Inside) > 0 }

// Tested reports whether a tagged test exists and, if a run is given, passed.
func (e *entry) Tested() bool {
	if !e.run {
		return len(e.Tests) > 0
	}
	return slices.ContainsFunc(e.Tests, func(t testState) bool { return t.Passed })
}

// Reported reports whether a running service named the provision, and says
// that it enforces what is for it.
func (e *entry) Reported() bool {
	return slices.ContainsFunc(e.Observations, func(o safeguard.Observation) bool { return len(o.Unenforced) == 0 })
}

// bySDK reports whether exported API of this library names the provision.
func (e *entry) bySDK() bool {
	return slices.ContainsFunc(e.Code, func(a API) bool { return inLibrary(a.Package) })
}

// library is this module's path, which documents leave out.
const library = "github.com/safeguard-sdk/safeguard"

func inLibrary(pkg string) bool { return pkg == library || strings.HasPrefix(pkg, library+"/") }

func (r *report) summary(rule crosswalk.Rule) Summary {
	var s Summary
	for _, e := range r.entries {
		if e.Rule != rule {
			continue
		}
		s.Provisions++
		s.Mapped += one(e.Mapped())
		s.Tagged += one(e.Tagged())
		s.Tested += one(e.Tested())
		s.Reported += one(e.Reported())
		s.Shared += one(e.Duty.Code)
		s.SDK += one(e.Duty.Code && e.bySDK())
	}
	return s
}
