package deid

import (
	"strconv"
	"strings"

	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

// primitive writes a string, number or truth value by its rule. A value of
// another sort than the rule wants is removed.
func (r *run) primitive(n int32, e *element) bool {
	kind := r.nodes[n].kind
	switch {
	case e.rule == "remove":
		return r.remove(e.kind)
	case e.rule == "bool" && kind == jsonBool:
		r.out = append(r.out, r.raw(n)...)
		return true
	case e.rule == "num" && kind == jsonNumber:
		return r.number(n)
	case e.rule == "ordinal" && kind == jsonNumber:
		return r.ordinal(n)
	case kind == jsonString:
		return r.word(n, e)
	}
	return r.unmapped()
}

// word writes a string by its rule.
func (r *run) word(n int32, e *element) bool {
	s := r.text(n)
	switch e.rule {
	case "date", "birth", "date.death":
		return r.date(s, e.kind)
	case "id":
		return r.coded(r.self, "")
	case "literal":
		return r.reference(s)
	case "fullurl":
		return r.fullURL(n)
	case "requrl":
		return r.requestURL(s)
	case "zip":
		return r.zip(s)
	case "state":
		return r.geo(n, !r.foreign && isState(s), phitag.State)
	case "country":
		return r.geo(n, isCountry(s), phitag.Geo)
	case "profile":
		return r.profile(n)
	case "provider", "proname":
		return r.providerName(n)
	case "identifier", "telecom":
		return r.remove(phitag.Other)
	case "address":
		return r.remove(phitag.Geo)
	}
	if !r.passes(s, e.rule) {
		return r.unmapped()
	}
	r.copyString(n)
	return true
}

// passes reports whether s is on the closed list, or of the closed form, that
// the rule stands for.
func (r *run) passes(s, rule string) bool {
	switch rule {
	case "code":
		return codeSet()[s]
	case "restype":
		return r.e.atlas.known[s]
	case "lang":
		return isLanguage(s)
	case "mime":
		return listed(mimeTypes, s)
	case "currency":
		return isCurrency(s)
	case "unit":
		return isUnit(s) && !r.seeds.states(s)
	case "ucum":
		return s == "http://unitsofmeasure.org" || s == "http://snomed.info/sct"
	case "exturl":
		return true // checked by extension
	case "exttext":
		return containsFold(r.extTexts, s)
	case "sex":
		return listed(" M F OTH UNK ASKU X ", s)
	}
	return false
}

const mimeTypes = " text/plain text/html text/rtf text/xml application/pdf application/xml application/json" +
	" application/rtf application/dicom image/jpeg image/png image/tiff text/plain;charset=utf-8 "

func containsFold(list []string, s string) bool {
	for _, l := range list {
		if strings.EqualFold(l, s) {
			return true
		}
	}
	return false
}

// copyString writes a string as it stands in the source.
func (r *run) copyString(n int32) {
	r.out = append(r.out, '"')
	r.out = append(r.out, r.raw(n)...)
	r.out = append(r.out, '"')
}

// writeString writes a string of our own, which needs no escapes.
func (r *run) writeString(parts ...string) {
	r.out = append(r.out, '"')
	for _, p := range parts {
		r.out = append(r.out, p...)
	}
	r.out = append(r.out, '"')
}

// date writes the year of a date.
func (r *run) date(s string, kind phitag.Kind) bool {
	year := yearOf(s)
	switch {
	case year == 0:
		return r.remove(kind)
	case r.clock.reveals(year):
		r.count(kind, OldYear)
		return false
	case !r.clock.keeps(year):
		return r.remove(kind)
	}
	r.count(kind, Year)
	r.writeString(digitsOf(year))
	return true
}

func (r *run) zip(s string) bool {
	z := ""
	if !r.foreign {
		z = zip3(s)
	}
	switch z {
	case "":
		return r.remove(phitag.Zip)
	case "000":
		r.count(phitag.Zip, Zip000)
	default:
		r.count(phitag.Zip, Zip3)
	}
	r.writeString(z)
	return true
}

// geo writes a place that may stay.
func (r *run) geo(n int32, ok bool, kind phitag.Kind) bool {
	if !ok {
		return r.remove(kind)
	}
	if kind == phitag.State {
		r.count(kind, Kept)
	}
	r.copyString(n)
	return true
}

// address writes what may stay of an address. Codes of other countries are
// not ZIP codes, and what they call a state may be small.
func (r *run) address(n int32, s *schema) bool {
	outer := r.foreign
	country := r.text(r.child(n, "country"))
	r.foreign = country != "" && !isUS(country)
	ok := r.object(n, s) > 0
	r.foreign = outer
	return ok
}

// providerName writes the name of a provider if policy keeps it and it shares
// nothing with the names and numbers of the record.
func (r *run) providerName(n int32) bool {
	if !r.provider || !r.harmless(n) {
		return r.remove(phitag.Name)
	}
	r.count(phitag.Name, Kept)
	r.copyString(n)
	return true
}

// number writes a measurement as it stands. Nine digits before the point are
// no measurement, and neither is a number that the record has as identifier.
func (r *run) number(n int32) bool {
	raw := string(r.raw(n))
	v, err := strconv.ParseFloat(raw, 64)
	if err != nil || v >= 1e8 || v <= -1e8 || len(raw) > 24 || r.seeds.match(raw) {
		return r.remove(phitag.Other)
	}
	if r.ageValue && v > maxAge {
		r.count(phitag.Age, Aggregated)
		r.out = append(r.out, digitsOf(aggregated)...)
		return true
	}
	if r.ageValue && r.aged {
		return r.remove(phitag.Age)
	}
	r.out = append(r.out, raw...)
	return true
}

// ordinal writes a number that counts or orders: at most four digits, so that
// it cannot hold more than a place in a list.
func (r *run) ordinal(n int32) bool {
	raw := string(r.raw(n))
	if len(raw) > 4 || !only(raw, "0123456789") {
		return r.remove(phitag.Other)
	}
	r.out = append(r.out, raw...)
	return true
}

// overAge is the one category of all ages over 89, as a FHIR quantity.
const overAge = `{"value":90,"comparator":">=","unit":"years","system":"http://unitsofmeasure.org","code":"a"}`

// quantity writes a measurement. One in years is an age, as far as can be
// told from here: over 89 it is aggregated. The lower ages of somebody who is
// over 89 now go, because with the year beside them they tell the year of
// birth.
func (r *run) quantity(n int32, e *element) bool {
	unit := r.text(r.child(n, "code"))
	if _, known := unitYears(unit); !known {
		unit = r.text(r.child(n, "unit"))
	}
	per, timed := unitYears(unit)
	age := e.rule == "age" || r.ageValue
	if age && unit == "" {
		per, timed = 1, true
	}
	if age && !timed {
		return r.remove(phitag.Age)
	}
	if age || timed && per == 1 {
		value := r.child(n, "value")
		v, err := strconv.ParseFloat(string(r.raw(value)), 64)
		if value == 0 || r.nodes[value].kind != jsonNumber || err != nil {
			return r.remove(phitag.Age)
		}
		if v/per > maxAge {
			r.count(phitag.Age, Aggregated)
			r.out = append(r.out, overAge...)
			return true
		}
		if r.aged {
			return r.remove(phitag.Age)
		}
	}
	number := string(r.raw(r.child(n, "value")))
	if isPosition(r.text(r.child(n, "code")), number) || isPosition(r.text(r.child(n, "unit")), number) {
		return r.remove(phitag.Geo)
	}
	outer := r.ageValue
	r.ageValue = false // judged above
	ok := r.object(n, e.kids) > 0
	r.ageValue = outer
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

// isAge reports whether a concept has a LOINC code of an age.
func (r *run) isAge(concept int32) bool {
	found := false
	r.each(r.child(concept, "coding"), func(c int32) {
		code := r.text(r.child(c, "code"))
		found = found || code != "" && strings.Contains(ageCodes, " "+code+" ")
	})
	return found
}
