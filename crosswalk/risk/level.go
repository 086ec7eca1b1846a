package risk

import (
	"errors"
	"fmt"
)

// ErrLevel reports a text or a number that is no level of the scale.
//
// Controls: none, an error about the input.
var ErrLevel = errors.New("risk: level: not on the scale of SP 800-30")

// A Level is a qualitative value of NIST SP 800-30 Revision 1, for likelihood,
// impact and risk alike. The zero value is [Unrated], which is not low: lists
// show it first, as if it were the highest.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.RA-05.
type Level uint8

// The five levels. Their text is NIST's: "Very Low" to "Very High".
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.RA-05.
const (
	Unrated Level = iota
	VeryLow
	Low
	Moderate
	High
	VeryHigh
)

var levels = [...]string{"", "Very Low", "Low", "Moderate", "High", "Very High"}

// ParseLevel reads the text of a level, in that spelling only.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.RA-05.
func ParseLevel(s string) (Level, error) {
	for i, name := range levels[1:] {
		if name == s {
			return Level(i + 1), nil
		}
	}
	return Unrated, fmt.Errorf("%w: use Very Low, Low, Moderate, High or Very High", ErrLevel)
}

// LevelOf returns the level of a semi-quantitative value from 0 to 100: 0-4,
// 5-20, 21-79, 80-95 and 96-100 (SP 800-30, tables G-2 to G-4, H-3 and I-3).
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.RA-05.
func LevelOf(value int) (Level, error) {
	switch {
	case value < 0 || value > 100:
		return Unrated, fmt.Errorf("%w: %d is not within 0 and 100", ErrLevel, value)
	case value <= 4:
		return VeryLow, nil
	case value <= 20:
		return Low, nil
	case value <= 79:
		return Moderate, nil
	case value <= 95:
		return High, nil
	}
	return VeryHigh, nil
}

// Bin returns SP 800-30's second semi-quantitative value of the level: 0, 2,
// 5, 8 or 10. It is -1 for Unrated. Bins name levels; multiplying them does
// not give NIST's risk.
func (l Level) Bin() int {
	bins := [...]int{-1, 0, 2, 5, 8, 10}
	if !l.valid() {
		return -1
	}
	return bins[l]
}

// String returns NIST's word for the level, and "not rated" for Unrated.
func (l Level) String() string {
	if l == Unrated || !l.valid() {
		return "not rated"
	}
	return levels[l]
}

// Worse compares levels with Unrated as the highest: what nobody has rated is
// not known to be low. It returns a negative number if l is lower than o.
func (l Level) Worse(o Level) int { return l.rank() - o.rank() }

func (l Level) rank() int {
	if l == Unrated {
		return int(VeryHigh) + 1
	}
	return int(l)
}

func (l Level) valid() bool { return l <= VeryHigh }

// IsZero reports whether l is Unrated.
func (l Level) IsZero() bool { return l == Unrated }

// MarshalText returns NIST's word for the level, and nothing for Unrated.
func (l Level) MarshalText() ([]byte, error) {
	if !l.valid() {
		return nil, ErrLevel
	}
	return []byte(levels[l]), nil
}

// UnmarshalText reads what ParseLevel reads.
func (l *Level) UnmarshalText(text []byte) error {
	p, err := ParseLevel(string(text))
	if err != nil {
		return err
	}
	*l = p
	return nil
}

// Likelihood returns the overall likelihood of table G-5: rows are the
// likelihood that a threat event is initiated or occurs, columns the
// likelihood that it then has an adverse impact. It is Unrated if either is.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.RA-05.
func Likelihood(initiation, adverse Level) Level { return look(&tableG5, initiation, adverse) }

// Of returns the level of risk of table I-2: rows are the overall likelihood,
// columns the impact. The table is no product: a Very High likelihood of a
// Very Low impact is a Very Low risk. It is Unrated if either is.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.RA-05.
func Of(likelihood, impact Level) Level { return look(&tableI2, likelihood, impact) }

func look(table *[5][5]Level, row, column Level) Level {
	if row == Unrated || column == Unrated || !row.valid() || !column.valid() {
		return Unrated
	}
	return table[row-1][column-1]
}

// Rows and columns run from Very Low to Very High.
var (
	tableG5 = [5][5]Level{
		{VeryLow, VeryLow, Low, Low, Low},
		{VeryLow, Low, Low, Moderate, Moderate},
		{Low, Low, Moderate, Moderate, High},
		{Low, Moderate, Moderate, High, VeryHigh},
		{Low, Moderate, High, VeryHigh, VeryHigh},
	}
	tableI2 = [5][5]Level{
		{VeryLow, VeryLow, VeryLow, Low, Low},
		{VeryLow, Low, Low, Low, Moderate},
		{VeryLow, Low, Moderate, Moderate, High},
		{VeryLow, Low, Moderate, High, VeryHigh},
		{VeryLow, Low, Moderate, High, VeryHigh},
	}
)
