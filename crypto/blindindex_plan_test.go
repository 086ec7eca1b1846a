package crypto_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// The planner's widths on tables of health care, worked out by hand:
// Coincidences is rows / 2^(sum of min(L, K)).
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestPlanIndexes(t *testing.T) {
	for _, c := range []struct {
		name     string
		rows     uint64
		distinct []uint64
		bits     []int
		hide     float64
		err      string
	}{
		{"unique numbers", 1 << 20, []uint64{1 << 20}, []int{19}, 2, ""},
		{"unique, no power of two", 1_000_000, []uint64{1_000_000}, []int{18}, 3.81, ""},
		{"last four", 1_000_000, []uint64{10_000}, []int{18}, 100, ""},
		{"two share", 1 << 20, []uint64{1 << 20, 10_000}, []int{10, 9}, 2, ""},
		{"few values leave more", 1 << 20, []uint64{1 << 20, 64}, []int{13, 9}, 2, ""},
		{"three share", 1 << 20, []uint64{1 << 20, 1 << 18, 1 << 16}, []int{7, 6, 6}, 2, ""},
		{"years of birth in a practice", 10_000, []uint64{110}, []int{12}, 90.9, ""},
		{"years of birth in a city", 100_000, []uint64{110}, nil, 0, "too narrow: 909 rows coincide, more than the square root of 100000"},
		{"sex", 1000, []uint64{3}, nil, 0, "fewer than 64 different values"},
		{"state", 1000, []uint64{56}, nil, 0, "fewer than 64 different values"},
		{"hardly any rows", 15, []uint64{1000}, nil, 0, "fewer than 16 rows"},
		{"as few as may be", 16, []uint64{64}, []int{3}, 2, ""},
		{"as many as may be", 16, []uint64{64, 64, 64}, []int{1, 1, 1}, 2, ""},
		{"too many indexes", 16, []uint64{64, 64, 64, 64}, nil, 0, "16 rows have no bit left for one more index"},
	} {
		t.Run(c.name, func(t *testing.T) {
			plans, err := crypto.PlanIndexes(c.rows, c.distinct...)
			if c.err != "" {
				require.ErrorIs(t, err, crypto.ErrIndexWidth)
				require.EqualError(t, err, "crypto: index: not safe to build: "+c.err)
				return
			}
			require.NoError(t, err)
			for i, p := range plans {
				require.Equal(t, c.bits[i], p.Bits, "index %d", i)
				require.InDelta(t, c.hide, p.Coincidences, 0.01*c.hide)
				require.InDelta(t, float64(c.rows)/math.Exp2(float64(p.Bits)), p.FalsePositives, float64(c.rows)/float64(c.distinct[i]))
			}
		})
	}
}

// Whatever is planned holds the rule, and NewSearch takes it; one bit more than
// the rule has room for, it refuses.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestPlansHoldTheRule(t *testing.T) {
	f, rng, taken := newFixture(t, nil), rand.New(rand.NewPCG(4, 1)), 0
	for range soak(3_000, 300_000) {
		rows := uint64(math.Exp2(4 + rng.Float64()*36))
		distinct := make([]uint64, 1+rng.IntN(3))
		for i := range distinct {
			distinct[i] = uint64(math.Exp2(rng.Float64() * 40))
		}
		plans, err := crypto.PlanIndexes(rows, distinct...)
		table := crypto.IndexedTable{Table: "t", Rows: rows}
		for i, d := range distinct {
			x := crypto.IndexSpec{Name: fmt.Sprint("x", i), Distinct: d, Parts: []crypto.IndexPart{{Column: "c"}}}
			if err == nil {
				x.Bits = plans[i].Bits
			}
			table.Indexes = append(table.Indexes, x)
		}
		_, searchErr := crypto.NewSearch(f.Sealer, table)
		if err != nil {
			require.ErrorIs(t, err, crypto.ErrIndexWidth)
			require.ErrorIs(t, searchErr, crypto.ErrIndexWidth)
			continue
		}
		require.NoError(t, searchErr)
		taken++
		told := 0.0
		for i, p := range plans {
			require.Positive(t, p.Bits)
			told += math.Min(float64(p.Bits), math.Log2(float64(distinct[i])))
		}
		hidden := float64(rows) / math.Exp2(told)
		require.GreaterOrEqual(t, hidden, 2.0)
		require.LessOrEqual(t, hidden, math.Sqrt(float64(rows)))
		require.InDelta(t, hidden, plans[0].Coincidences, 1e-6*hidden)
		if over := &table.Indexes[0]; hidden < 4 && math.Log2(float64(over.Distinct)) >= float64(over.Bits+1) {
			over.Bits++
			_, err = crypto.NewSearch(f.Sealer, table)
			require.ErrorContains(t, err, "too wide")
		}
	}
	require.Greater(t, taken, 100)
}

// What a table may not declare: unsafe widths over all indexes of a column, too
// few values, columns that tell too much, and what is no declaration.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestNewSearchRefuses(t *testing.T) {
	f := newFixture(t, nil)
	for _, c := range []struct {
		name, err string
		change    func(*crypto.IndexedTable)
	}{
		{"wide", "too wide: 1 rows coincide, less than 2 (column ssn)", func(t *crypto.IndexedTable) { t.Indexes[0].Bits, t.Indexes[1].Bits = 10, 10 }},
		{"wide alone", "too wide", func(t *crypto.IndexedTable) { t.Indexes[2].Bits = 20; t.Indexes[2].Distinct = 1 << 30 }},
		{"narrow", "too narrow", func(t *crypto.IndexedTable) { t.Indexes[2].Bits = 9 }},
		{"compound adds up", "column name", func(t *crypto.IndexedTable) { t.Indexes[1].Parts[0].Column = "name" }},
		{"no width", "Bits is not set; 9 fit (index ssn)", func(t *crypto.IndexedTable) { t.Indexes[1].Bits = 0 }},
		{"no width alone", "Bits is not set; 19 fit (index name_born)", func(t *crypto.IndexedTable) { t.Indexes[2].Bits = 0 }},
		{"no width left", "no bit left for one more index (index ssn)", func(t *crypto.IndexedTable) {
			t.Indexes[0].Bits, t.Indexes[1].Bits, t.Indexes[0].Distinct = 19, 0, 1<<20
		}},
		{"negative", "Bits must be 1 to 128", func(t *crypto.IndexedTable) { t.Indexes[0].Bits = -1 }},
		{"huge", "Bits must be 1 to 128", func(t *crypto.IndexedTable) { t.Indexes[0].Bits = 129 }},
		{"few values", "fewer than 64 different values (index ssn)", func(t *crypto.IndexedTable) { t.Indexes[1].Distinct = 50 }},
		{"few values at full width", "fewer than 64 different values (index mrn)", func(t *crypto.IndexedTable) { t.Indexes[3].Distinct = 2 }},
		{"values not said", "fewer than 64", func(t *crypto.IndexedTable) { t.Indexes[0].Distinct = 0 }},
		{"rows not said", "fewer than 16 rows", func(t *crypto.IndexedTable) { t.Rows = 0 }},
		{"free text", "kind text takes no index", func(t *crypto.IndexedTable) { t.Indexes[0].Parts[0].Kind = "text" }},
		{"photo", "kind photo takes no index", func(t *crypto.IndexedTable) { t.Indexes[0].Parts[0].Kind = "photo" }},
		{"state", "kind state takes no index", func(t *crypto.IndexedTable) { t.Indexes[0].Parts[0].Kind = "state" }},
		{"age", "kind age takes no index", func(t *crypto.IndexedTable) { t.Indexes[0].Parts[0].Kind = "age" }},
		{"no kind", `unknown kind "shoe size"; Rows lists them`, func(t *crypto.IndexedTable) { t.Indexes[0].Parts[0].Kind = "shoe size" }},
		{"twice", "mrn: declared twice", func(t *crypto.IndexedTable) { t.Indexes[0].Name = "mrn" }},
		{"name", "Name must be", func(t *crypto.IndexedTable) { t.Indexes[0].Name = "SSN" }},
		{"no name", "Name must be", func(t *crypto.IndexedTable) { t.Indexes[0].Name = "" }},
		{"table", "Table must be", func(t *crypto.IndexedTable) { t.Table = "" }},
		{"no parts", "Parts must be", func(t *crypto.IndexedTable) { t.Indexes[0].Parts = nil }},
		{"column", "Column must be", func(t *crypto.IndexedTable) { t.Indexes[0].Parts[0].Column = "" }},
		{"transform", "unknown transform", func(t *crypto.IndexedTable) { t.Indexes[0].Parts[0].Transforms = []crypto.Transform{0} }},
		{"many transforms", "at most 8 Transforms", func(t *crypto.IndexedTable) { t.Indexes[0].Parts[0].Transforms = make([]crypto.Transform, 9) }},
		{"both widths", "Bits must be 0", func(t *crypto.IndexedTable) { t.Indexes[3].Bits = 10 }},
		{"none", "no indexes", func(t *crypto.IndexedTable) { t.Indexes = nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := searched()
			c.change(&table)
			_, err := crypto.NewSearch(f.Sealer, table)
			require.ErrorContains(t, err, c.err)
		})
	}
	_, err := crypto.NewSearch(nil, searched())
	require.Error(t, err)
	_, err = crypto.NewSearch(new(crypto.Sealer), searched())
	require.Error(t, err)
	storeless, err := crypto.New(f.keys, nil, nil)
	require.NoError(t, err)
	_, err = crypto.NewSearch(storeless, searched())
	require.Error(t, err)
}
