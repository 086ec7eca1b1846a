package crypto_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

// Of the candidates of a search, the hits are noted as opened and the others
// are not.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(b); NIST CSF 2.0 PR.DS-01, PR.PS-04.
func TestMatches(t *testing.T) {
	f := newFixture(t, nil)
	ctx, entry, log := auditEntry(t)
	lastFour := []crypto.Transform{crypto.Digits, crypto.LastFour}
	ssn := seal(t, f.Sealer, refOf(patient(1)), "123-45-6789")
	require.NoError(t, entry.Commit(ctx))
	for name, c := range map[string]struct {
		value      string
		transforms []crypto.Transform
		want       bool
	}{
		"another end":    {"1234", lastFour, false},
		"whole":          {"6789", nil, false},
		"longer":         {"123-45-67890", nil, false},
		"shorter":        {"123-45-678", nil, false},
		"refused within": {"1", []crypto.Transform{crypto.Initial}, false},
	} {
		hit, err := f.Matches(ctx, ssn, []byte(c.value), refOf(patient(1)), c.transforms...)
		require.Equal(t, name == "refused within", errors.Is(err, crypto.ErrIndexValue), name)
		require.False(t, hit, name)
		require.False(t, entry.Dirty(), "a miss is no opening: %s", name)
	}
	// The transform takes the guess, but not what is stored.
	hit, err := f.Matches(ctx, ssn, []byte("smith"), refOf(patient(1)), crypto.Initial)
	require.NoError(t, err)
	require.False(t, hit)

	for _, c := range []struct {
		value      string
		transforms []crypto.Transform
	}{{"123-45-6789", nil}, {"6789", lastFour}, {" 67 89", lastFour}} {
		hit, err := f.Matches(ctx, ssn, []byte(c.value), refOf(patient(1)), c.transforms...)
		require.NoError(t, err)
		require.True(t, hit)
	}
	require.True(t, entry.Dirty())
	require.NoError(t, entry.Commit(ctx))
	require.Equal(t, 1, strings.Count(string(log.records), "patients.ssn"))
	require.NotContains(t, string(log.records), "6789")
	report, err := f.Report(t.Context())
	require.NoError(t, err)
	require.Equal(t, []uint64{3, 5}, []uint64{report[0].Counters["opened"], report[0].Counters["compared"]})
}

// A guess is answered under the conditions of an opening, and only by a value
// that stands where it was sealed.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.DS-01, PR.PS-04.
func TestMatchesRefuses(t *testing.T) {
	f := newFixture(t, nil)
	ref := refOf(patient(1))
	sealed := seal(t, f.Sealer, ref, "123-45-6789")
	may := errors.New("may not")
	for want, o := range map[error]*crypto.Options{
		crypto.ErrUnaudited: {},
		may:                 {UnsafeUnaudited: true, Check: func(context.Context, crypto.Ref) error { return may }},
	} {
		s, err := crypto.New(f.keys, f.store, o)
		require.NoError(t, err)
		hit, err := s.Matches(t.Context(), sealed, []byte("123-45-6789"), ref)
		require.ErrorIs(t, err, want)
		require.False(t, hit)
	}
	elsewhere := ref
	elsewhere.Row = "row-2"
	_, err := f.Matches(t.Context(), sealed, []byte("123-45-6789"), elsewhere)
	require.ErrorIs(t, err, crypto.ErrOpen)
	for _, value := range []string{"", strings.Repeat("1", crypto.MaxIndexValue+1), "\xff"} {
		_, err = f.Matches(t.Context(), sealed, []byte(value), ref)
		require.ErrorIs(t, err, crypto.ErrIndexValue)
	}
	for _, transforms := range [][]crypto.Transform{{0}, {99}, make([]crypto.Transform, 9)} {
		_, err = f.Matches(t.Context(), sealed, []byte("1"), ref, transforms...)
		require.ErrorContains(t, err, "transform")
	}
	_, err = new(crypto.Sealer).Matches(t.Context(), sealed, []byte("1"), ref)
	require.Error(t, err)
	long := seal(t, f.Sealer, ref, strings.Repeat("a", crypto.MaxIndexValue+1))
	hit, err := f.Matches(t.Context(), long, []byte("a"), ref)
	require.NoError(t, err)
	require.False(t, hit, "what no index takes matches nothing")
}

// The documentation of Rows, to which an unknown kind refers, lists all kinds.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestKindsAreListed(t *testing.T) {
	source, err := os.ReadFile("row.go")
	require.NoError(t, err)
	_, list, found := strings.Cut(string(source), "The kinds are those of")
	require.True(t, found)
	list, _, found = strings.Cut(list, "identifies nobody by itself")
	require.True(t, found)
	words := strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(" ,;\n/", r) })
	for _, kind := range phitag.Kinds() {
		if kind != phitag.NotPHI {
			require.Contains(t, words, kind.String())
		}
	}
}
