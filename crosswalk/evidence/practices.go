package evidence

import (
	"fmt"
	"slices"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// PracticesNotice is what the view of recognised security practices says of
// itself.
//
// Controls: HIPAA 164.308(a)(8).
const PracticesNotice = "Public Law 116-321 has HHS consider, when it determines penalties, audits and remedies, whether an entity has adequately demonstrated that it had recognised security practices in place for not less than the previous 12 months. They are no safe harbor and no duty, and do not replace the Security Rule. This view shows on how many days the service's log holds a report about a provision that is paired with a category of the NIST Cybersecurity Framework. A day with a report shows that the service reported, not that the practice was followed by people, nor in other systems."

// Practices is what logs show of the twelve months that end with the period,
// by categories of CSF 2.0 over derived pairs.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
type Practices struct {
	// Period is the twelve months.
	Period Period `json:"period"`
	// Days is how many days it has.
	Days int `json:"days"`
	// Verified is true if every log was verified; false too without a log.
	Verified bool `json:"verified"`
	// Rows are the categories in the order of the framework.
	Rows []Practice `json:"rows"`
}

// A Practice is what logs show of one category.
//
// Controls: HIPAA 164.308(a)(8).
type Practice struct {
	// Category is for instance "PR.DS", Title and Function are NIST's words.
	Category string `json:"category"`
	Title    string `json:"title"`
	Function string `json:"function"`
	// Controls are the provisions paired with it that were reported.
	Controls []safeguard.Control `json:"controls,omitempty"`
	// Days is on how many days at least one of them was reported.
	Days int `json:"days"`
	// Gap is the longest run of days without a report.
	Gap int `json:"gap"`
}

func (in *Input) practices() (Practices, error) {
	_, until, err := in.Period.bounds()
	if err != nil {
		return Practices{}, err
	}
	from := until.AddDate(-1, 0, 0)
	out := Practices{
		Period: Period{DateOf(from), in.Period.To}, Days: int(until.Sub(from).Hours() / 24),
		Verified: len(in.Logs) > 0 && !slices.ContainsFunc(in.Logs, func(l *Log) bool { return !l.Verified() }),
	}
	var days []Date
	for t := from; t.Before(until); t = t.AddDate(0, 0, 1) {
		days = append(days, DateOf(t))
	}
	for c := range crosswalk.Subcategories(crosswalk.CSF20) {
		if n := len(out.Rows); n > 0 && out.Rows[n-1].Category == c.Category {
			continue
		}
		row := Practice{Category: c.Category, Title: c.CategoryTitle, Function: c.FunctionTitle}
		row.count(in.Logs, days)
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

// count fills in what the logs show.
func (p *Practice) count(logs []*Log, days []Date) {
	seen := map[Date]bool{}
	for r := range crosswalk.In(crosswalk.SecurityRule) {
		if !p.paired(r.ID) {
			continue
		}
		reported := false
		for _, l := range logs {
			for day := range l.tally.days[r.ID] {
				seen[day], reported = true, true
			}
		}
		if reported {
			p.Controls = append(p.Controls, r.ID)
		}
	}
	run := 0
	for _, day := range days {
		run++
		if seen[day] {
			p.Days++
			run = 0
		}
		p.Gap = max(p.Gap, run)
	}
}

// paired leaves out GV.OC-03, legal requirements, which is paired with every
// provision and so would count everything.
func (p *Practice) paired(id safeguard.Control) bool {
	for pair := range crosswalk.ByControl(crosswalk.CSF20, id) {
		c, ok := crosswalk.GetSubcategory(crosswalk.CSF20, pair.Ref)
		if ok && c.Category == p.Category && c.ID != "GV.OC-03" {
			return true
		}
	}
	return false
}

func (p *Practice) cells() []string {
	controls := ""
	for i, id := range p.Controls {
		if i > 0 {
			controls += ", "
		}
		controls += string(id)
	}
	return []string{p.Category, p.Title, p.Function, controls, fmt.Sprint(p.Days), fmt.Sprint(p.Gap)}
}
