package crypto

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// The bounds of a blind index.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
const (
	// MinIndexRows is the fewest rows over which tokens can hide anything.
	MinIndexRows = 16
	// MinIndexDistinct is the fewest different values that an index takes.
	// Fewer (a sex, a state) are told from their frequencies alone.
	MinIndexDistinct = 64
	// fullWidth is the width of a token of UnsafeFullWidth, in bits.
	fullWidth = 128
)

// ErrIndexWidth reports an index that would show too much or find too much.
// What is returned unwraps to it and names the index, the column and the
// numbers.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
var ErrIndexWidth = errors.New("crypto: index: not safe to build")

// An IndexPlan says how wide the tokens of one index may be, and what follows
// from that. Write its Bits into the program as a literal: the width is part
// of the index and must not follow the number of rows by itself.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type IndexPlan struct {
	// Bits is the width of a token.
	Bits int
	// Reveals is how many bits of a value its token tells at most: the width,
	// or the logarithm of the number of values where that is less.
	Reveals float64
	// Coincidences is how many rows have the same tokens in all indexes of the
	// column, on average: among so many a row hides.
	Coincidences float64
	// FalsePositives is how many rows of other values a search finds, on
	// average. The program must compare what was found, by [Sealer.Matches]:
	// so many patients too many has the audit log for a search that opens all.
	FalsePositives float64
}

// PlanIndexes plans all indexes of one column together, since what they tell
// adds up. Rows is the fewest rows that have a value while they are searched;
// distinct is, for each index, how many different values those rows have after
// its transforms. It shares out the most bits that are safe.
//
// The rule is that of CipherSweet: with R rows and indexes of L bits over 2^K
// values, C = R / 2^(sum of min(L, K)) rows coincide; 2 <= C <= sqrt(R), and
// R >= 16. Below 2 a token names its row, so that equal tokens mean equal
// values; above sqrt(R) a search finds too much. It takes values as equally
// frequent. Where they are not, as with names, who reads the tokens sees which
// one is frequent and can guess its value; no width prevents that.
//
// It returns [ErrIndexWidth] where no widths are safe.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func PlanIndexes(rows uint64, distinct ...uint64) ([]IndexPlan, error) {
	specs := make([]IndexSpec, len(distinct))
	for i, d := range distinct {
		specs[i].Distinct = d
	}
	if err := possible(rows, specs); err != nil {
		return nil, err
	}
	shareBits(rows, specs)
	if err := safeWidths(rows, specs); err != nil {
		return nil, err
	}
	plans := make([]IndexPlan, len(specs))
	for i, x := range specs {
		plans[i] = IndexPlan{
			Bits:           x.Bits,
			Reveals:        x.reveals(),
			Coincidences:   coincidences(rows, specs),
			FalsePositives: float64(rows) * (1 - 1/float64(x.Distinct)) / math.Exp2(float64(x.Bits)),
		}
	}
	return plans, nil
}

// possible reports what no width could mend.
func possible(rows uint64, specs []IndexSpec) error {
	if rows < MinIndexRows {
		return fmt.Errorf("%w: fewer than %d rows", ErrIndexWidth, MinIndexRows)
	}
	for _, x := range specs {
		if x.Distinct < MinIndexDistinct {
			return fmt.Errorf("%w: fewer than %d different values", ErrIndexWidth, MinIndexDistinct)
		}
	}
	return nil
}

// shareBits sets the widths of the indexes of one column that have none: equal
// shares of what they may tell at most, where an index of few values leaves
// something to the others.
func shareBits(rows uint64, specs []IndexSpec) {
	left := math.Log2(float64(rows)) - 1
	var open []*IndexSpec
	for i := range specs {
		if specs[i].Bits == 0 {
			open = append(open, &specs[i])
		}
		left -= specs[i].reveals()
	}
	slices.SortStableFunc(open, func(a, b *IndexSpec) int { return cmp.Compare(a.Distinct, b.Distinct) })
	for i, x := range open {
		x.Bits = max(0, int(left/float64(len(open)-i)))
		left -= x.reveals()
	}
}

// safeWidths checks the widths of the indexes of one column.
func safeWidths(rows uint64, specs []IndexSpec) error {
	c := coincidences(rows, specs)
	switch {
	case slices.ContainsFunc(specs, func(x IndexSpec) bool { return x.Bits < 1 }):
		return fmt.Errorf("%w: %d rows have no bit left for one more index", ErrIndexWidth, rows)
	case c < 2:
		return fmt.Errorf("%w: too wide: %.3g rows coincide, less than 2", ErrIndexWidth, c)
	case c > math.Sqrt(float64(rows)):
		return fmt.Errorf("%w: too narrow: %.3g rows coincide, more than the square root of %d", ErrIndexWidth, c, rows)
	}
	return nil
}

func coincidences(rows uint64, specs []IndexSpec) float64 {
	told := 0.0
	for i := range specs {
		told += specs[i].reveals()
	}
	return float64(rows) / math.Exp2(told)
}

// reveals returns min(L, K).
func (x *IndexSpec) reveals() float64 {
	return math.Min(float64(x.Bits), math.Log2(float64(x.Distinct)))
}
