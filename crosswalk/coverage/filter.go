package coverage

import "strings"

// filter is what the HTML form can filter a provision by, in the words of the
// attributes that its script reads.
type filter struct {
	Section     string // "164.312"
	Levels      string // "mapped tagged", separated by spaces
	Duty        string // "sdk", "service" or "organisation"
	Designation string // "required", "addressable" or ""
}

func (e *entry) filter() filter {
	f := filter{Section: e.Section(), Duty: e.dutyKey(), Designation: strings.ToLower(e.Designation.String())}
	var levels []string
	for _, l := range []struct {
		name string
		ok   bool
	}{{"mapped", e.Mapped()}, {"tagged", e.Tagged()}, {"tested", e.Tested()}, {"reported", e.Reported()}} {
		if l.ok {
			levels = append(levels, l.name)
		}
	}
	f.Levels = strings.Join(levels, " ")
	return f
}

// dutyKey is the first of those whose work the provision is.
func (e *entry) dutyKey() string {
	switch {
	case !e.Duty.Code:
		return "organisation"
	case e.bySDK():
		return "sdk"
	}
	return "service"
}

// Sections returns the sections that the items stand in, in order.
func (v *view) Sections() []fact {
	var list []fact
	for _, p := range v.Parts {
		for _, it := range p.Items {
			if len(list) == 0 || list[len(list)-1].Value != it.Filter.Section {
				list = append(list, fact{Name: it.Filter.Section, Value: it.Filter.Section})
			}
		}
	}
	return list
}
