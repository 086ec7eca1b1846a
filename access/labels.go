package access

import "strings"

// labelSet are Labels under one policy.
type labelSet struct {
	level uint8  // confidentiality
	codes uint64 // sensitivity, by the bits of Policy.labels
}

// Levels of confidentiality, in the order of HL7 v3-Confidentiality.
const (
	levelU uint8 = iota
	levelL
	levelM
	levelN
	levelR
	levelV
	levelUnknown // above every ceiling
)

const levels = "ULMNRV"

// confidentiality returns the level of a code; one that is unknown is above
// every ceiling.
func confidentiality(code string) uint8 {
	if code == "" {
		return levelN
	}
	if i := strings.IndexByte(levels, code[0]); len(code) == 1 && i >= 0 {
		return uint8(i)
	}
	return levelUnknown
}

// labelSet returns l as a set. What the policy does not know is above every
// ceiling.
func (p *Policy) labelSet(l *Labels) labelSet {
	s := labelSet{level: confidentiality(l.Confidentiality)}
	for _, code := range l.Sensitivity {
		bit, known := p.labels[code]
		if !known {
			s.level = levelUnknown
			continue
		}
		s.codes |= 1 << bit
	}
	return s
}

// join returns the labels of data that has both.
func (s labelSet) join(t labelSet) labelSet {
	return labelSet{max(s.level, t.level), s.codes | t.codes}
}

// under reports whether a ceiling takes in all of s.
func (s labelSet) under(ceiling labelSet) bool {
	return s.level <= ceiling.level && s.codes&^ceiling.codes == 0
}
