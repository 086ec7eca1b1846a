package deid

import (
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
		return r.ownID()
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
