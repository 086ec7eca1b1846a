package access

import (
	"bytes"

	"github.com/safeguard-sdk/safeguard"
)

// The code systems of security labels, by the names of FHIR R4 and later, of
// STU3 and before, and of HL7 v3.
const (
	systemConfidentiality  = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
	systemObservationValue = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
)

// meta projects the meta of the resource itself.
func (p *projection) meta(o *object, key []byte, here place, members int, void *bool) bool {
	first := p.src[p.pos]
	if first == 'n' {
		p.skip() // as if there were none
		return false
	}
	shown := p.field(o, key, wordMeta, here, members, void)
	switch {
	case !shown:
		p.found.security = 0
	case first != '{':
		p.found.odd = true
	case wordMeta.exact(key):
		p.found.meta = len(p.dst) - 1
	default:
		p.found.security = 0
	}
	return shown
}

// labels reads the labels of the meta at pos, without moving. They count
// whether the meta may be seen or not. What cannot be read is above every
// ceiling.
func (p *projection) labels() {
	switch p.src[p.pos] {
	case '{':
	case '[':
		p.label(levelUnknown, 0)
		return
	default:
		return
	}
	pos, depth := p.pos, p.depth
	p.found.purposes = 0
	o := object{base: len(p.keys)}
	for more := p.enter('}'); more; more = p.more('}') {
		key := p.member(&o)
		if p.err != nil {
			return
		}
		if bytes.EqualFold(key, []byte("security")) {
			p.security()
		} else {
			p.skip()
		}
	}
	if named := p.found.purposes; named != 0 && named&p.decision.verdict.question.purpose == 0 {
		p.label(levelUnknown, 0)
	}
	if p.err == nil {
		p.pos, p.depth, p.keys = pos, depth, p.keys[:o.base]
	}
}

// security reads a meta.security.
func (p *projection) security() {
	switch p.peek() {
	case '[':
	case 'n':
		p.skip() // as if there were none
		return
	default:
		p.label(levelUnknown, 0)
		p.skip()
		return
	}
	for more := p.enter(']'); more; more = p.more(']') {
		if p.peek() == '{' {
			p.code()
			continue
		}
		p.label(levelUnknown, 0)
		p.skip()
	}
}

// code reads one label, a Coding.
func (p *projection) code() {
	var systems, codes [maxKey]byte
	var system, code []byte
	o := object{base: len(p.keys)}
	for more := p.enter('}'); more; more = p.more('}') {
		key := p.member(&o)
		switch {
		case p.err != nil:
			return
		case bytes.EqualFold(key, []byte("system")):
			system = p.text(systems[:])
		case bytes.EqualFold(key, []byte("code")):
			code = p.text(codes[:])
		default:
			p.skip()
		}
	}
	if p.err == nil {
		p.keys = p.keys[:o.base]
		p.coded(system, code)
	}
}

// coded takes in a label.
func (p *projection) coded(system, code []byte) {
	p.found.tagged = p.found.tagged || string(system) == systemObservationValue && string(code) == "REDACTED"
	var policy *Policy // of none no label counts
	if p.decision.guard != nil {
		policy = p.decision.engine.policy
	}
	l, purposes := policy.coded(system, code)
	p.label(l.level, l.codes)
	p.found.purposes |= purposes
}

// coded returns what a label means: how confidential and sensitive the data is,
// or for which purposes it may be used. What the policy knows counts as a code
// of sensitivity, of whatever system; what nobody knows is above every ceiling,
// obligations and refrain policies too, for nothing here would keep them.
func (p *Policy) coded(system, code []byte) (l labelSet, purposes uint32) {
	unknown := labelSet{level: levelUnknown}
	if len(system) == 0 || len(code) == 0 {
		return unknown, 0
	}
	switch string(system) {
	case systemConfidentiality, "http://hl7.org/fhir/v3/Confidentiality", "urn:oid:2.16.840.1.113883.5.25":
		return labelSet{level: confidentialityOf(code)}, 0
	case systemObservationValue, "http://hl7.org/fhir/v3/ObservationValue", "urn:oid:2.16.840.1.113883.5.1063":
		return labelSet{}, 0 // of integrity and alteration, not of access
	}
	if p == nil {
		return labelSet{}, 0
	}
	if bit, known := p.labels[string(code)]; known {
		return labelSet{codes: 1 << bit}, 0
	}
	switch string(system) {
	case "http://terminology.hl7.org/CodeSystem/v3-ActReason", "http://hl7.org/fhir/v3/ActReason", "urn:oid:2.16.840.1.113883.5.8":
		if string(code) == "HTEST" {
			return labelSet{}, 0 // test data
		}
		if purposes = admitted(safeguard.Purpose(code)); purposes != 0 {
			return labelSet{}, purposes
		}
	}
	return unknown, 0
}

// admitted returns the purposes that data labelled with one may be used for: it
// and those that v3-ActReason has below it.
func admitted(p safeguard.Purpose) uint32 {
	set := purposeBit(p)
	switch p {
	case safeguard.Treatment:
		set |= admitted(safeguard.EmergencyTreatment)
	case safeguard.EmergencyTreatment:
		set |= purposeBit(safeguard.EmergencyRoomTreatment) | purposeBit(safeguard.BreakGlass)
	}
	return set
}

// label adds to the labels of the resource.
func (p *projection) label(level uint8, codes uint64) {
	joined := p.found.labels.join(labelSet{level, codes})
	if joined != p.found.labels {
		p.found.labels, p.found.changed = joined, true
	}
}

// text reads a value and returns it without escapes, in buf if it has any. It
// is nil if the value is no string or too long.
func (p *projection) text(buf []byte) []byte {
	if p.peek() != '"' {
		p.skip()
		return nil
	}
	start := p.pos
	escaped, ok := p.str()
	if !ok {
		return nil
	}
	raw := p.src[start+1 : p.pos-1]
	if !escaped {
		return raw
	}
	n, ok := unescape(buf, raw)
	if !ok {
		return nil
	}
	return buf[:n]
}

// confidentialityOf returns the level of a code.
func confidentialityOf(code []byte) uint8 {
	if len(code) != 1 {
		return levelUnknown
	}
	if i := bytes.IndexByte([]byte(levels), code[0]); i >= 0 {
		return uint8(i)
	}
	return levelUnknown
}

// mask returns what may be seen of a resource with the labels that were found
// so far, nil if it must be left out. name is nil for the type decided on.
func (p *projection) mask(name []byte) *node {
	d := &p.decision
	p.found.changed = false
	if name == nil {
		asked := d.verdict.question.labels()
		if d.guard == nil || asked.join(p.found.labels) == asked {
			return d.verdict.mask
		}
		name = []byte(d.Resource)
	}
	return d.maskFor(name, p.names(p.found.labels))
}

// names returns a set of labels by their names, valid until the next call.
func (p *projection) names(s labelSet) Labels {
	if s == (labelSet{}) {
		return Labels{}
	}
	l := Labels{Confidentiality: "?"} // above every ceiling
	if int(s.level) < len(levels) {
		l.Confidentiality = levels[s.level : s.level+1]
	}
	if s.codes == 0 {
		return l
	}
	p.sensitive = p.sensitive[:0]
	for name, bit := range p.decision.engine.policy.labels {
		if s.codes>>bit&1 != 0 {
			p.sensitive = append(p.sensitive, name)
		}
	}
	l.Sensitivity = p.sensitive
	return l
}
