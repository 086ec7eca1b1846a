package risk_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// SP 800-30 Revision 1, tables G-5 and I-2 as published: the row's level, then
// the cells under Very Low, Low, Moderate, High and Very High.
const (
	publishedG5 = `
Very High | Low      | Moderate | High     | Very High | Very High
High      | Low      | Moderate | Moderate | High      | Very High
Moderate  | Low      | Low      | Moderate | Moderate  | High
Low       | Very Low | Low      | Low      | Moderate  | Moderate
Very Low  | Very Low | Very Low | Low      | Low       | Low`
	publishedI2 = `
Very High | Very Low | Low      | Moderate | High     | Very High
High      | Very Low | Low      | Moderate | High     | Very High
Moderate  | Very Low | Low      | Moderate | Moderate | High
Low       | Very Low | Low      | Low      | Low      | Moderate
Very Low  | Very Low | Very Low | Very Low | Low      | Low`
)

func level(t *testing.T, s string) risk.Level {
	t.Helper()
	l, err := risk.ParseLevel(strings.TrimSpace(s))
	require.NoError(t, err)
	return l
}

// All 50 cells.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.RA-05.
func TestTables(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		f    func(row, column risk.Level) risk.Level
	}{"G-5": {publishedG5, risk.Likelihood}, "I-2": {publishedI2, risk.Of}} {
		cells := 0
		for _, line := range strings.Split(strings.TrimSpace(c.text), "\n") {
			row := strings.Split(line, "|")
			require.Len(t, row, 6)
			for i, want := range row[1:] {
				require.Equal(t, level(t, want), c.f(level(t, row[0]), risk.Level(i+1)), "%s %s %d", name, row[0], i)
				cells++
			}
		}
		require.Equal(t, 25, cells)
	}
}

// The tables are no products, which most tools multiply: equal products, other
// risks; and I-2 is not symmetric.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A).
func TestTablesAreNoProducts(t *testing.T) {
	require.Equal(t, risk.VeryLow, risk.Of(risk.VeryHigh, risk.VeryLow))
	require.Equal(t, risk.Low, risk.Of(risk.VeryLow, risk.VeryHigh))
	require.Equal(t, risk.Low, risk.Of(risk.Low, risk.High))
	require.Equal(t, risk.Low, risk.Of(risk.High, risk.Low))
	require.Equal(t, risk.Low, risk.Likelihood(risk.VeryHigh, risk.VeryLow))
}

// A higher likelihood or impact never gives a lower risk.
func TestTablesAreMonotone(t *testing.T) {
	for a := risk.VeryLow; a <= risk.VeryHigh; a++ {
		for b := risk.VeryLow; b < risk.VeryHigh; b++ {
			for name, f := range map[string]func(x, y risk.Level) risk.Level{"G-5": risk.Likelihood, "I-2": risk.Of} {
				require.LessOrEqual(t, f(a, b), f(a, b+1), name)
				require.LessOrEqual(t, f(b, a), f(b+1, a), name)
			}
		}
	}
}

// What is not rated is not low.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A).
func TestUnrated(t *testing.T) {
	for l := risk.Unrated; l <= risk.VeryHigh; l++ {
		require.Equal(t, risk.Unrated, risk.Of(l, risk.Unrated))
		require.Equal(t, risk.Unrated, risk.Of(risk.Unrated, l))
		require.Equal(t, risk.Unrated, risk.Likelihood(l, risk.Unrated))
		if l != risk.Unrated {
			require.Positive(t, risk.Unrated.Worse(l))
			require.Negative(t, l.Worse(risk.Unrated))
		}
	}
	require.Zero(t, risk.Unrated.Worse(risk.Unrated))
	require.Equal(t, risk.Unrated, risk.Of(6, risk.High))
	require.Equal(t, risk.Unrated, risk.Likelihood(risk.High, 255))
	require.Equal(t, risk.Unrated, risk.Rating{Initiation: risk.High, Impact: risk.High}.Risk())
}

func TestLevelOf(t *testing.T) {
	for value := -1; value <= 101; value++ {
		l, err := risk.LevelOf(value)
		switch {
		case value < 0 || value > 100:
			require.ErrorIs(t, err, risk.ErrLevel)
		case value <= 4:
			require.Equal(t, risk.VeryLow, l, value)
		case value <= 20:
			require.Equal(t, risk.Low, l, value)
		case value <= 79:
			require.Equal(t, risk.Moderate, l, value)
		case value <= 95:
			require.Equal(t, risk.High, l, value)
		default:
			require.Equal(t, risk.VeryHigh, l, value)
		}
	}
	var bins []int
	for l := risk.Unrated; l <= risk.VeryHigh+1; l++ {
		bins = append(bins, l.Bin())
	}
	require.Equal(t, []int{-1, 0, 2, 5, 8, 10, -1}, bins)
}

func TestLevelText(t *testing.T) {
	for l := risk.VeryLow; l <= risk.VeryHigh; l++ {
		b, err := json.Marshal(l)
		require.NoError(t, err)
		var back risk.Level
		require.NoError(t, json.Unmarshal(b, &back))
		require.Equal(t, l, back)
	}
	for _, s := range []string{"", "high", "HIGH", " High", "not rated", "5", "Very  High"} {
		_, err := risk.ParseLevel(s)
		require.ErrorIs(t, err, risk.ErrLevel, s)
	}
	require.Equal(t, "not rated", risk.Unrated.String())
	require.Equal(t, "not rated", risk.Level(9).String())
	_, err := risk.Level(9).MarshalText()
	require.ErrorIs(t, err, risk.ErrLevel)
}
