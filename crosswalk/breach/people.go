package breach

import (
	"fmt"
	"maps"
	"slices"
)

// Discovered returns the day on which the breach counts as discovered: the
// earliest of the days in [Discovery]. What a business associate knew counts
// for the covered entity unless it is known to be no agent; what it told
// always does.
func (f *File) Discovered() Date {
	d := &f.Discovery
	first := earliest(d.Known, d.Diligence)
	if a := d.Associate; a != nil {
		first = earliest(first, a.Notified)
		if a.Agent != No {
			first = earliest(first, a.Discovered)
		}
	}
	return first
}

// period is when it happened; without an end it went on until discovered.
func (f *File) period() Period {
	p := f.Occurred
	if !p.First.IsZero() && p.Last.IsZero() {
		p.Last = f.Discovered()
	}
	return p
}

// String returns "2026-01-02" or "2026-01-02 to 2026-01-05", and "not known"
// for the zero Period.
func (p Period) String() string {
	switch {
	case p.First.IsZero():
		return "not known"
	case p.end() == p.First:
		return p.First.String()
	}
	return p.First.String() + " to " + p.Last.String()
}

// facts counts who is affected. Of what is named and what is estimated the
// larger number counts, for the whole and for each State.
func (f *File) facts() Facts {
	facts := Facts{Role: f.Role, Discovered: f.Discovered(), Residents: map[string]int{}, Delays: f.Delays}
	for _, p := range f.Individuals {
		if p.State != "" {
			facts.Residents[p.State]++
		}
	}
	facts.Individuals = len(f.Individuals)
	if e := f.Estimate; e != nil {
		for state, n := range e.Residents {
			facts.Residents[state] = max(facts.Residents[state], n)
		}
		facts.Individuals = max(facts.Individuals, e.Individuals)
	}
	placed := 0
	for _, n := range facts.Residents {
		placed += n
	}
	facts.Individuals = max(facts.Individuals, placed)
	facts.Unplaced = facts.Individuals - placed
	return facts
}

func residences(residents map[string]int) []Residence {
	var list []Residence
	for _, state := range slices.Sorted(maps.Keys(residents)) {
		list = append(list, Residence{state, residents[state]})
	}
	return list
}

// dated is a day with where it stands in the file.
type dated struct {
	path string
	Date
}

// past returns the days on record that tell of what has happened.
func (f *File) past() []dated {
	list := []dated{{"created", f.Created}, {"occurred.first", f.Occurred.First}, {"occurred.last", f.Occurred.Last},
		{"discovery.known", f.Discovery.Known}, {"discovery.diligence", f.Discovery.Diligence}}
	if a := f.Discovery.Associate; a != nil {
		list = append(list, dated{"discovery.associate.discovered", a.Discovered}, dated{"discovery.associate.notified", a.Notified})
	}
	if f.Permitted != nil {
		list = append(list, dated{"permitted.on", f.Permitted.On})
	}
	if f.Exclusion != nil {
		list = append(list, dated{"exclusion.on", f.Exclusion.On})
	}
	if f.Assessment != nil {
		list = append(list, dated{"assessment.on", f.Assessment.On})
	}
	for i := range f.Delays {
		list = append(list, dated{fmt.Sprintf("delays[%d].given", i), f.Delays[i].Given})
	}
	for i := range f.Notices {
		list = append(list, dated{fmt.Sprintf("notices[%d].sent", i), f.Notices[i].Sent})
	}
	for _, p := range f.places() {
		for i := range p.list {
			list = append(list, dated{fmt.Sprintf("%s.evidence[%d].collected", p.path, i), p.list[i].Collected})
		}
	}
	return list
}

// notAfter refuses a file that tells of things that are yet to come.
func (f *File) notAfter(asOf Date) error {
	if asOf.IsZero() {
		return refuse("", "the report needs its day")
	}
	for _, d := range f.past() {
		if d.After(asOf) {
			return refuse(d.path, "is after the day of the report, "+asOf.String())
		}
	}
	return nil
}

// lastDay is the latest day on record.
func (f *File) lastDay() Date {
	var last Date
	for _, d := range f.past() {
		last = latest(last, d.Date)
	}
	return last
}
