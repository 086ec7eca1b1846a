package breach

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/safeguard-sdk/safeguard"
)

// The rule's numbers: calendar days to notify (164.404(b), 164.406(b),
// 164.408(c), 164.410(b)), of an oral delay (164.412(b)); residents that are
// not yet news for the media ("more than 500"); individuals from which on HHS
// is told at once ("500 or more").
const (
	limitDays     = 60
	oralDays      = 30
	mediaMoreThan = 500
	secretaryFrom = 500
)

// Facts are what the clocks depend on.
//
// Controls: HIPAA 164.404(a)(2), 164.406, 164.408(b).
type Facts struct {
	Role Role
	// Discovered is the day on which the breach counts as discovered.
	Discovered Date
	// Individuals is how many are affected; 0 is unknown, which counts as 500
	// or more.
	Individuals int
	// Residents are numbers by State or jurisdiction, Unplaced is how many
	// individuals live nobody knows where. They count towards every State,
	// named in Residents or not. Together they are at most Individuals, unless
	// that is unknown.
	Residents map[string]int
	Unplaced  int
	// Delays are the statements of law enforcement officials.
	Delays []Statement
}

// A Deadline is the last day for one notification.
//
// Controls: HIPAA 164.404(a)(1), 164.404(b), 164.406, 164.406(b), 164.408(b), 164.410, 164.410(b).
type Deadline struct {
	Audience Audience `json:"audience"`
	// Jurisdiction is the State whose media are to be notified; empty where it
	// is not known yet.
	Jurisdiction string `json:"jurisdiction,omitempty"`
	// Limit is the outer limit of the rule, by which the notice must have been
	// sent even without unreasonable delay before.
	Limit Date `json:"limit"`
	// Due is Limit, or the end of a law enforcement delay that outlasts it. The
	// rule does not say that a delay stops the count, so it is not added.
	Due Date `json:"due"`
	// Held is the day on which the last law enforcement delay ends; zero if
	// there is none. On that day a notice may go out again.
	Held Date `json:"held,omitzero"`
	// Controls are the provisions, and Note says in words what applies.
	Controls []safeguard.Control `json:"controls"`
	Note     string              `json:"note"`
}

// Deadlines returns who is to be notified of a breach of unsecured PHI and the
// last day for it, in the order individuals, media by State, HHS; or the
// covered entity alone if a business associate asks. The error is an [*Error]
// if a fact is missing or impossible.
//
// Controls: HIPAA 164.404(a)(1), 164.404(b), 164.406, 164.406(b), 164.408(b), 164.408(c), 164.410, 164.410(b), 164.412(a), 164.412(b).
func Deadlines(f Facts) ([]Deadline, error) {
	if err := f.validate(); err != nil {
		return nil, err
	}
	limit := f.Discovered.AddDays(limitDays)
	var list []Deadline
	if f.Role == BusinessAssociate {
		list = append(list, Deadline{Audience: ToCoveredEntity, Limit: limit, Controls: []safeguard.Control{safeguard.BreachNoticeByAssociate, safeguard.BreachAssociateTimeliness},
			Note: "without unreasonable delay and no later than 60 calendar days after discovery; the contract may say less"})
	} else {
		list = append(list, Deadline{Audience: ToIndividuals, Limit: limit, Controls: []safeguard.Control{safeguard.BreachNoticeToIndividuals, safeguard.BreachNoticeTimeliness},
			Note: "without unreasonable delay and no later than 60 calendar days after discovery"})
		list = append(list, f.media(limit)...)
		list = append(list, f.secretary(limit))
	}
	holds := holds(f.Delays)
	for i := range list {
		list[i].Due, list[i].Held = delay(list[i].Limit, holds)
	}
	return list, nil
}

func (f *Facts) validate() error {
	switch {
	case f.Role != CoveredEntity && f.Role != BusinessAssociate:
		return refuse("role", `must be "covered entity" or "business associate"`)
	case f.Discovered.IsZero():
		return refuse("discovery", "no day of discovery; without it no deadline can be computed")
	case f.Individuals < 0 || f.Unplaced < 0:
		return refuse("individuals", "negative number")
	}
	left := f.Individuals - f.Unplaced
	if f.Individuals > 0 && left < 0 {
		return refuse("individuals", "fewer than those whose residence is not known")
	}
	for _, state := range slices.Sorted(maps.Keys(f.Residents)) {
		n := f.Residents[state]
		if n < 0 {
			return refuse("residents", "negative number")
		}
		if f.Individuals > 0 && n > left {
			return refuse("residents", "more residents than individuals")
		}
		left -= n
		if !knownState(state) {
			return refuse("residents", stateText)
		}
	}
	return validDelays(f.Delays)
}

// media returns a deadline for every State with more than 500 residents, and
// for those that may have that many.
func (f *Facts) media(limit Date) []Deadline {
	notice := Deadline{Audience: ToMedia, Limit: limit, Controls: []safeguard.Control{safeguard.BreachNoticeToMedia, safeguard.BreachMediaTimeliness}}
	var list []Deadline
	for _, state := range slices.Sorted(maps.Keys(f.Residents)) {
		n := f.Residents[state]
		if n <= mediaMoreThan-f.Unplaced || state == elsewhere {
			continue
		}
		notice.Jurisdiction = state
		notice.Note = fmt.Sprintf("more than 500 residents (%d): prominent media outlets serving it", n)
		if n <= mediaMoreThan {
			notice.Note = fmt.Sprintf("%d residents, and %d individuals whose residence is not known: presumed to be more than 500 until that is settled", n, f.Unplaced)
		}
		list = append(list, notice)
	}
	notice.Jurisdiction = ""
	switch {
	case f.Unplaced > mediaMoreThan:
		notice.Note = fmt.Sprintf("%d individuals whose residence is not known: presumed to be more than 500 residents of a State, named or not, until that is settled", f.Unplaced)
		return append(list, notice)
	case f.Individuals == 0 && len(list) == 0:
		notice.Note = "it is not known who is affected or where they live: presumed to be more than 500 residents of a State until that is settled"
		return append(list, notice)
	}
	return list
}

func (f *Facts) secretary(limit Date) Deadline {
	d := Deadline{Audience: ToSecretary, Limit: limit, Controls: []safeguard.Control{safeguard.BreachNoticeToSecretary}}
	switch {
	case f.Individuals == 0:
		d.Note = "the number of individuals is not known and counts as 500 or more: contemporaneously with the notice to individuals"
	case f.Individuals >= secretaryFrom:
		d.Note = fmt.Sprintf("500 or more individuals (%d): contemporaneously with the notice to individuals", f.Individuals)
	default:
		d.Limit = Date{f.Discovered.year, 12, 31}.AddDays(limitDays)
		d.Controls = []safeguard.Control{safeguard.BreachAnnualReport}
		d.Note = fmt.Sprintf("fewer than 500 individuals (%d): kept in the log, and reported no later than 60 days after the end of %d, the year of discovery", f.Individuals, f.Discovered.year)
	}
	return d
}

// hold is a law enforcement delay: no notice from the day on which it was
// asked for until the day on which it ends.
type hold struct{ from, until Date }

// holds turns statements into delays. Only the first oral statement counts,
// because a further one would stretch its 30 days; a written one that is
// submitted during those takes its place.
func holds(statements []Statement) []hold {
	var list []hold
	var oral hold
	for _, s := range statements {
		switch {
		case s.Form == Written:
			list = append(list, hold{s.Given, s.Until})
		case oral.from.IsZero() || s.Given.Before(oral.from):
			oral = hold{s.Given, s.Given.AddDays(oralDays)}
		}
	}
	if !oral.from.IsZero() {
		for _, w := range list {
			if !w.from.Before(oral.from) && w.from.Before(oral.until) {
				oral.until = w.from
			}
		}
		list = append(list, oral)
	}
	slices.SortStableFunc(list, func(a, b hold) int {
		return cmp.Or(a.from.Compare(b.from), a.until.Compare(b.until))
	})
	return list
}

// delay returns when a notice is due, and until when it is held. A statement
// that comes after the last day does not reopen it.
func delay(limit Date, holds []hold) (due, held Date) {
	due = limit
	for _, h := range holds {
		held = latest(held, h.until)
		if !h.from.After(due) {
			due = latest(due, h.until)
		}
	}
	return due, held
}

// during returns the hold that covers a day, and false if there is none. The
// day on which a hold ends is free.
func during(holds []hold, d Date) (hold, bool) {
	for _, h := range holds {
		if !d.Before(h.from) && d.Before(h.until) {
			return h, true
		}
	}
	return hold{}, false
}

const (
	elsewhere = "ZZ"
	stateText = `not the two letters of a State, DC or a territory, nor "ZZ" for elsewhere`
	states    = " AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR VI ZZ "
)

func knownState(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z' && containsWord(states, s)
}
