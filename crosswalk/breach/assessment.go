package breach

import (
	"strings"
	"unicode"
)

// An Exclusion claims one of the three cases that are no breach. It counts if
// rationale, author, day and evidence are given. A rationale has at least 12
// letters or digits, so that "n/a" and a dash do not pass for one.
//
// Controls: HIPAA 164.402(1), 164.414(b).
type Exclusion struct {
	Kind      ExclusionKind `json:"kind"`
	Rationale string        `json:"rationale"`
	By        string        `json:"by"`
	On        Date          `json:"on,omitzero"`
	Evidence  []Evidence    `json:"evidence,omitempty"`
}

// An ExclusionKind is a case of 164.402(1).
//
// Controls: HIPAA 164.402(1).
type ExclusionKind string

// The cases of 164.402(1)(i) to (iii): unintentional access in good faith and
// within the scope of authority, by the workforce or under its authority,
// without further impermissible use or disclosure; inadvertent disclosure
// between two persons who are authorized to access PHI at the same entity or
// organized health care arrangement, without the like; and a disclosure to
// somebody who, as is believed in good faith, could not have retained it.
//
// Controls: HIPAA 164.402(1).
const (
	GoodFaithAccess       ExclusionKind = "good-faith access"
	InadvertentDisclosure ExclusionKind = "inadvertent disclosure"
	NotRetained           ExclusionKind = "not retained"
)

// An Assessment is the risk assessment of 164.402(2): at least these four
// factors, and what follows from them.
//
// Controls: HIPAA 164.402(2), 164.414(b).
type Assessment struct {
	// Nature is (i), the nature and extent of the PHI, with the types of
	// identifiers and the likelihood of re-identification.
	Nature Factor `json:"nature,omitzero"`
	// Recipient is (ii), the unauthorized person who used the PHI or to whom it
	// was disclosed.
	Recipient Factor `json:"recipient,omitzero"`
	// Acquired is (iii), whether the PHI was actually acquired or viewed.
	Acquired Factor `json:"acquired,omitzero"`
	// Mitigation is (iv), the extent to which the risk has been mitigated.
	Mitigation Factor `json:"mitigation,omitzero"`
	// Other are further factors.
	Other []Factor `json:"other,omitempty"`
	// LowProbability is the conclusion: yes claims that there is a low
	// probability that the PHI has been compromised. It counts if every factor
	// is assessed and has evidence, at least one lowers the probability, and
	// rationale, author and day are given; a finding and the rationale have at
	// least 12 letters or digits each. Whether it is right is for others to
	// judge.
	LowProbability Answer `json:"lowProbability,omitempty"`
	Rationale      string `json:"rationale,omitempty"`
	By             string `json:"by,omitempty"`
	On             Date   `json:"on,omitzero"`
}

// A Factor is what was found of one factor, and which way it points.
//
// Controls: HIPAA 164.402(2).
type Factor struct {
	Finding  string     `json:"finding,omitempty"`
	Points   Direction  `json:"points,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"`
}

// A Direction says what a factor does to the probability of compromise. The
// zero value is not assessed.
//
// Controls: HIPAA 164.402(2).
type Direction string

// The directions.
//
// Controls: HIPAA 164.402(2).
const (
	Lowers  Direction = "lowers"
	Neutral Direction = "neutral"
	Raises  Direction = "raises"
)

// A Verdict is what follows for the duty to notify. The zero value is none.
//
// Controls: HIPAA 164.402(1), 164.402(2), 164.414(b).
type Verdict string

// The verdicts, in the order in which they are examined. A breach is what is
// left if none of the others is shown.
//
// Controls: HIPAA 164.402(1), 164.402(2), 164.414(b).
const (
	PermittedUse   Verdict = "permitted use or disclosure"
	SecuredPHI     Verdict = "no unsecured PHI"
	Excluded       Verdict = "excluded from the definition of breach"
	LowProbability Verdict = "low probability of compromise"
	Breach         Verdict = "breach of unsecured PHI"
)

// Notify reports whether the verdict calls for notification, which is every
// one that does not rule it out.
func (v Verdict) Notify() bool {
	switch v {
	case PermittedUse, SecuredPHI, Excluded, LowProbability:
		return false
	}
	return true
}

// verdict examines the four ways out, in order. Reasons say what it rests on,
// or why each of the ways is closed.
func (f *File) verdict(protections []Protection) (Verdict, []string) {
	if f.Permitted.complete() {
		return PermittedUse, []string{"decided by " + f.Permitted.By + " on " + f.Permitted.On.String() + ": " + f.Permitted.Rationale}
	}
	closed := []string{"it is not decided, with reasons and evidence, that Subpart E permitted the use or disclosure"}
	if secured, reasons := securedAll(protections); secured {
		return SecuredPHI, reasons
	}
	closed = append(closed, "the PHI was unsecured, or cannot be shown to have been secured")
	if x := f.Exclusion; x != nil && reasoned(x.Rationale, x.By, x.On) && len(x.Evidence) > 0 {
		return Excluded, []string{string(x.Kind) + ", decided by " + x.By + " on " + x.On.String() + ": " + x.Rationale}
	}
	closed = append(closed, "no exclusion of 164.402(1) is decided with reasons and evidence")
	missing := f.Assessment.missing()
	if len(missing) == 0 {
		a := f.Assessment
		return LowProbability, []string{"assessed by " + a.By + " on " + a.On.String() + ": " + a.Rationale}
	}
	return Breach, append(closed, missing...)
}

func securedAll(protections []Protection) (bool, []string) {
	var reasons []string
	for _, p := range protections {
		if !p.Secured {
			return false, nil
		}
		for _, r := range p.Reasons {
			reasons = append(reasons, p.Holding+": "+r)
		}
	}
	return len(protections) > 0, reasons
}

// missing says what keeps an assessment from demonstrating a low probability.
func (a *Assessment) missing() []string {
	if a == nil {
		return []string{"the four factors of 164.402(2) are not assessed"}
	}
	var list []string
	lowers := 0
	for _, n := range a.factors() {
		switch {
		case !says(n.Finding) || n.Points == "":
			list = append(list, "factor not assessed: "+n.name)
		case len(n.Evidence) == 0:
			list = append(list, "factor without evidence: "+n.name)
		case n.Points == Lowers:
			lowers++
		}
	}
	switch {
	case a.LowProbability == No:
		return append(list, "the assessment does not find a low probability of compromise")
	case a.LowProbability != Yes:
		return append(list, "the assessment has no conclusion")
	}
	if lowers == 0 {
		list = append(list, "no factor lowers the probability, so the conclusion rests on nothing")
	}
	if !reasoned(a.Rationale, a.By, a.On) {
		list = append(list, "the conclusion lacks its rationale, its author or its date")
	}
	return list
}

// reasoned reports whether somebody decided something on a day, and says why.
func reasoned(rationale, by string, on Date) bool {
	return says(rationale) && strings.ContainsFunc(by, isWord) && !on.IsZero()
}

// says reports whether a text can be a reason: at least 12 letters or digits,
// so that "n/a" and a dash are none.
func says(s string) bool {
	n := 0
	for _, c := range s {
		if isWord(c) {
			n++
		}
	}
	return n >= 12
}

func isWord(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }

type namedFactor struct {
	name string
	Factor
}

func (a *Assessment) factors() []namedFactor {
	list := []namedFactor{
		{"(i) nature and extent of the PHI", a.Nature},
		{"(ii) unauthorized person", a.Recipient},
		{"(iii) actually acquired or viewed", a.Acquired},
		{"(iv) extent of mitigation", a.Mitigation},
	}
	for _, o := range a.Other {
		list = append(list, namedFactor{"further factor", o})
	}
	return list
}
