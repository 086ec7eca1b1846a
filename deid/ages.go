package deid

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

// sort is what the code of an observation says of its value.
type sort uint8

const (
	sortPlain sort = iota
	sortAge        // an age
	sortBirth      // a date or year of birth
)

// ageCodes are the codes of observations whose value is an age: of LOINC, and
// of SNOMED CT the current age, the age at onset and age as such.
const ageCodes = " 30525-0 21612-7 21611-9 30972-4 29553-5 35659-2 63900-5 43993-5 424144002 445518008 397669002 "

// birthCodes are those whose value is a date or year of birth.
const birthCodes = " 21112-8 80904-6 184099003 "

// sortOf returns what the code of an observation says of its value.
func (r *run) sortOf(concept int32) sort {
	found := sortPlain
	r.each(concept, func(concept int32) { // one, but what is there may be an array
		r.each(r.child(concept, "coding"), func(c int32) {
			code := strings.TrimSpace(r.text(r.child(c, "code")))
			switch {
			case listed(birthCodes, code):
				found = sortBirth
			case listed(ageCodes, code) && found == sortPlain:
				found = sortAge
			}
		})
	})
	return found
}

// Time units, as how many of them make a year: UCUM and what people write.
const (
	decadeWords = " decade decades "
	yearWords   = " a y yo yr yrs year years jahr jahre jahren ans annee annees année années año años ano anos anno anni jaar jaren "
	monthWords  = " mo mos mth mths month months monat monate monaten mois mes meses mese mesi maand maanden "
	weekWords   = " wk wks week weeks woche wochen semaine semaines semana semanas settimana settimane weken "
	dayWords    = " d day days tag tage tagen jour jours dia dias día días giorno giorni dag dagen "
	hourWords   = " h hr hrs hour hours stunde stunden heure heures hora horas ora ore uur uren "
	minuteWords = " min mins minute minutes "
)

var timeWords = [...]struct {
	words string
	per   float64
}{
	{decadeWords, 0.1}, {yearWords, 1}, {monthWords, 12}, {weekWords, 52.1775}, {dayWords, 365.25}, {hourWords, 8766}, {minuteWords, 525960},
}

// unitYears returns how many of a unit make a year, and false for what is no
// unit of time, or a rate. It goes word by word, and the longest unit counts.
func unitYears(unit string) (per float64, ok bool) {
	unit = strings.ReplaceAll(strings.ToLower(unit), "y/o", "yo")
	if strings.Contains(unit, "/") {
		return 0, false
	}
	words := strings.FieldsFunc(unit, func(c rune) bool { return !unicode.IsLetter(c) })
	for i, w := range words {
		if w == "per" || strings.HasPrefix(w, "pack") {
			return 0, false
		}
		if len(w) == 1 && i > 0 {
			continue // a year in "a_j", but an article in "once a day"
		}
		if p, timed := wordYears(w); timed && (!ok || p < per) {
			per, ok = p, true
		}
	}
	return per, ok
}

func wordYears(w string) (float64, bool) {
	for _, t := range timeWords {
		if listed(t.words, w) {
			return t.per, true
		}
	}
	return 0, false
}

// timeOf returns the stricter reading of the code and the unit of a quantity;
// strange is true if one of them is given and is no time.
func timeOf(code, unit string) (per float64, timed, strange bool) {
	for _, u := range [...]string{code, unit} {
		p, ok := unitYears(u)
		strange = strange || !ok && u != ""
		if ok && (!timed || p < per) {
			per, timed = p, true
		}
	}
	return per, timed, strange
}

// manyYears is from how many years a time in months, weeks or days may be the
// age of a person as well as a duration.
const manyYears = 2

// judged is what is to be done with a quantity.
type judged uint8

const (
	judgedPlain judged = iota // no age, or one that may stay
	judgedOver                // an age over 89
	judgedOut                 // an age that must go, or that cannot be read
)

// judge decides about a quantity. One in years is an age, as far as can be
// told from here, and so is one of two years or more in other units of time.
func (r *run) judge(n int32, e *element) judged {
	per, timed, strange := timeOf(r.text(r.child(n, "code")), r.text(r.child(n, "unit")))
	age := e.rule == "age" || r.sort == sortAge
	switch {
	case age && strange:
		return judgedOut
	case age && !timed:
		per = 1 // no unit at all
	case !timed:
		return judgedPlain
	}
	value := r.child(n, "value")
	v, err := strconv.ParseFloat(string(r.raw(value)), 64)
	if value == 0 || r.nodes[value].kind != jsonNumber || err != nil {
		return judgedOut
	}
	years := v / per
	switch {
	case years > maxAge:
		return judgedOver
	case (age || per <= 1 || years >= manyYears) && !r.keepsAge(years):
		return judgedOut
	}
	return judgedPlain
}

// overAge is the one category of all ages over 89, as a FHIR quantity.
const overAge = `{"value":90,"comparator":">=","unit":"years","system":"http://unitsofmeasure.org","code":"a"}`

// quantity writes a measurement.
func (r *run) quantity(n int32, e *element) bool {
	if r.sort == sortBirth {
		return r.remove(phitag.Birthdate)
	}
	switch r.judge(n, e) {
	case judgedOver:
		r.count(phitag.Age, Aggregated)
		r.out = append(r.out, overAge...)
		return true
	case judgedOut:
		return r.remove(phitag.Age)
	}
	number := string(r.raw(r.child(n, "value")))
	if isPosition(r.text(r.child(n, "code")), number) || isPosition(r.text(r.child(n, "unit")), number) {
		return r.remove(phitag.Geo)
	}
	outer := r.sort
	r.sort = sortPlain // judged above
	ok := r.object(n, e.kids) > 0
	r.sort = outer
	return ok
}

// isPosition reports whether an angle is so fine that it is a latitude or
// longitude: a hundredth of a degree is a kilometre, and no joint is measured
// to it.
func isPosition(unit, number string) bool {
	switch strings.ToLower(strings.TrimSpace(unit)) {
	case "deg", "degree", "degrees", "°", "'", "''":
		_, decimals, _ := strings.Cut(number, ".")
		return len(decimals) >= 2 || strings.ContainsAny(number, "eE")
	}
	return false
}

// number writes a measurement as it stands. Nine digits before the point are
// no measurement, and neither is a number that the record has as identifier.
func (r *run) number(n int32) bool {
	raw := string(r.raw(n))
	v, err := strconv.ParseFloat(raw, 64)
	switch {
	case r.sort == sortBirth:
		return r.birthYear(raw)
	case err != nil || v >= 1e8 || v <= -1e8 || len(raw) > 24 || r.seeds.match(raw):
		return r.remove(phitag.Other)
	case r.sort == sortAge && v > maxAge:
		r.count(phitag.Age, Aggregated)
		r.out = append(r.out, digitsOf(aggregated)...)
		return true
	case r.sort == sortAge && !r.keepsAge(v):
		return r.remove(phitag.Age)
	}
	r.out = append(r.out, raw...)
	return true
}

// birthYear writes a year of birth that may stay.
func (r *run) birthYear(raw string) bool {
	year := 0
	if len(raw) == 4 && only(raw, "0123456789") {
		year, _ = strconv.Atoi(raw)
	}
	switch {
	case year < 1000 || !r.clock.reveals(year) && !r.clock.keeps(year):
		return r.remove(phitag.Birthdate)
	case r.clock.reveals(year):
		r.count(phitag.Birthdate, OldYear)
		return false
	}
	r.count(phitag.Birthdate, Year)
	r.out = append(r.out, raw...)
	return true
}
