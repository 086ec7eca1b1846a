package risk

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// ErrPenalty reports violations that cannot be counted.
//
// Controls: none, an error about the input.
var ErrPenalty = errors.New("risk: penalty: not valid")

// PenaltyVersion says which amounts the tables show.
//
// Controls: none, the rule as data.
const PenaltyVersion = "45 CFR 160.404 with the amounts of 45 CFR 102.3 as adjusted for inflation, effective 2026-01-28 (multiplier 1.02598 on the amounts of 2024-08-08), for penalties assessed on or after that date on violations since 2015-11-02; amounts read from secondary publications and recomputed, not from the Federal Register"

// DiscretionNotice is what every document that shows the lower caps has to
// say.
//
// Controls: none, the rule as data.
const DiscretionNotice = "The regulation has one cap for all four tiers. The lower caps of tiers 1 to 3 are HHS's enforcement discretion (84 FR 18151, 2019-04-30): not in the regulation, of indefinite effect, and HHS may withdraw them. Their amounts are those of 2019 adjusted by the same multipliers, rounded to the dollar, and are computed here."

// ExposureNotice says what an exposure is not.
//
// Controls: none, the rule as data.
const ExposureNotice = "Exposure is arithmetic on counts that somebody entered: the least and the most that the tier allows. It predicts nothing. HHS weighs the factors of 45 CFR 160.408, how violations are counted is 160.406 (a continuing violation counts each day), and 160.410 limits when a penalty may be imposed at all. It is no legal advice."

// A Tier is a level of culpability of 45 CFR 160.404(b)(2). The zero value is
// none.
//
// Controls: none, the rule as data.
type Tier uint8

// The four tiers. The 30 days run from the day on which the entity knew of
// the violation, or would have known by reasonable diligence.
//
// Controls: none, the rule as data.
const (
	DidNotKnow Tier = iota + 1
	ReasonableCause
	WillfulNeglectCorrected
	WillfulNeglectNotCorrected
)

var tiers = [...]struct{ text, citation string }{
	{},
	{"did not know", "160.404(b)(2)(i)"},
	{"reasonable cause", "160.404(b)(2)(ii)"},
	{"willful neglect, corrected in 30 days", "160.404(b)(2)(iii)"},
	{"willful neglect, not corrected in 30 days", "160.404(b)(2)(iv)"},
}

func (t Tier) valid() bool { return t >= DidNotKnow && t <= WillfulNeglectNotCorrected }

// String returns the culpability in words, or "unknown".
func (t Tier) String() string {
	if !t.valid() {
		return "unknown"
	}
	return tiers[t].text
}

// MarshalText returns the culpability in words.
func (t Tier) MarshalText() ([]byte, error) {
	if !t.valid() {
		return nil, fmt.Errorf("%w: unknown tier", ErrPenalty)
	}
	return []byte(tiers[t].text), nil
}

// UnmarshalText reads what MarshalText writes.
func (t *Tier) UnmarshalText(text []byte) error {
	for i := DidNotKnow; i.valid(); i++ {
		if tiers[i].text == string(text) {
			*t = i
			return nil
		}
	}
	return fmt.Errorf("%w: unknown tier: use %q, %q, %q or %q", ErrPenalty, tiers[1].text, tiers[2].text, tiers[3].text, tiers[4].text)
}

// A Penalty is what one tier allows, in whole US dollars.
//
// Controls: none, the rule as data.
type Penalty struct {
	Tier Tier
	// Citation is the paragraph of 45 CFR.
	Citation string
	// Min and Max are for one violation.
	Min, Max int64
	// Cap is the regulation's limit for all violations of an identical
	// requirement or prohibition in a calendar year.
	Cap int64
	// DiscretionCap is the limit that HHS applies by enforcement discretion;
	// see [DiscretionNotice]. In the first tier it is below Max.
	DiscretionCap int64
}

// Penalties returns the four tiers in order. The slice belongs to the caller.
//
// Controls: none, the rule as data.
func Penalties() []Penalty {
	const limit = 2_190_294
	return []Penalty{
		{DidNotKnow, tiers[DidNotKnow].citation, 145, 73_011, limit, 36_505},
		{ReasonableCause, tiers[ReasonableCause].citation, 1_461, 73_011, limit, 146_053},
		{WillfulNeglectCorrected, tiers[WillfulNeglectCorrected].citation, 14_602, 73_011, limit, 365_052},
		{WillfulNeglectNotCorrected, tiers[WillfulNeglectNotCorrected].citation, 73_011, limit, limit, limit},
	}
}

// Violations counts violations of one identical provision in one calendar
// year, as somebody assumes them for a risk.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A).
type Violations struct {
	// Control is the provision, Year the calendar year, from 2016 on.
	Control safeguard.Control `json:"control"`
	Year    int               `json:"year"`
	// Tier is the culpability assumed.
	Tier Tier `json:"tier"`
	// Count is how many, at least 1 (45 CFR 160.406).
	Count int64 `json:"count"`
}

// An Amount is a range in whole US dollars.
//
// Controls: none, the rule as data.
type Amount struct {
	Low  int64 `json:"low"`
	High int64 `json:"high"`
}

// An Exposure is what violations may cost by the regulation and, apart from
// it, by HHS's enforcement discretion.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A).
type Exposure struct {
	Regulation Amount `json:"regulation"`
	Discretion Amount `json:"discretion"`
}

// Expose adds up the exposure. Each provision, year and tier is capped by
// itself, and none may stand twice, because the cap is for all violations of
// an identical provision in a year. The error wraps ErrPenalty.
//
// Read [ExposureNotice] before showing the result to anybody.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A).
func Expose(violations []Violations) (Exposure, error) {
	var sum Exposure
	type key struct {
		id   safeguard.Control
		year int
		tier Tier
	}
	seen := map[key]bool{}
	for _, v := range violations {
		if text := v.fault(); text != "" {
			return Exposure{}, fmt.Errorf("%w: %s", ErrPenalty, text)
		}
		k := key{v.Control, v.Year, v.Tier}
		if seen[k] {
			return Exposure{}, fmt.Errorf("%w: %s stands twice for %d in one tier", ErrPenalty, v.Control, v.Year)
		}
		seen[k] = true
		p := Penalties()[v.Tier-1]
		sum.Regulation.add(p, v.Count, p.Cap)
		sum.Discretion.add(p, v.Count, p.DiscretionCap)
	}
	return sum, nil
}

func (a *Amount) add(p Penalty, count, limit int64) {
	a.Low = saturate(a.Low, times(p.Min, count, limit))
	a.High = saturate(a.High, times(p.Max, count, limit))
}

// times returns amount times count, at most limit, without overflow.
func times(amount, count, limit int64) int64 {
	if count > limit/amount {
		return limit
	}
	return amount * count
}

func saturate(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// fault says what is wrong with the count, or nothing.
func (v Violations) fault() string {
	_, err := crosswalk.ParseID(string(v.Control))
	switch {
	case err != nil:
		return err.Error()
	case v.Year < 2016 || v.Year > 9999:
		return "year must be 2016 or later: the amounts held here are for violations since 2015-11-02"
	case !v.Tier.valid():
		return "unknown tier"
	case v.Count < 1:
		return "count must be 1 or more"
	}
	return ""
}

// String returns for instance "$145 to $73,011".
func (a Amount) String() string { return dollars(a.Low) + " to " + dollars(a.High) }

// dollars groups an amount, which is not negative, by thousands.
func dollars(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return "$" + s
}
