package crypto_test

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
)

var (
	_ sql.Scanner   = (*crypto.Sealed[string])(nil)
	_ driver.Valuer = crypto.Sealed[string]{}
)

type name string

type address struct {
	Line []string  `json:"line"`
	Zip  string    `json:"zip"`
	From time.Time `json:"from"`
}

// roundTrip seals v, stores it, reads it back and opens it.
func roundTrip[T any](t *testing.T, s *crypto.Sealer, v T) T {
	t.Helper()
	ref := refOf(patient(1))
	sealed, err := crypto.Seal(t.Context(), s, ref, v)
	require.NoError(t, err)
	require.False(t, sealed.IsNull())
	stored, err := sealed.Value()
	require.NoError(t, err)
	require.IsType(t, []byte(nil), stored)
	var back crypto.Sealed[T]
	require.NoError(t, back.Scan(stored))
	got, err := back.Open(t.Context(), s, ref)
	require.NoError(t, err)
	return got
}

// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestSealedRoundTrip(t *testing.T) {
	s := newFixture(t, nil).Sealer
	require.Equal(t, "123-45-6789", roundTrip(t, s, "123-45-6789"))
	require.Equal(t, "", roundTrip(t, s, ""))
	require.Equal(t, "\xff\xfe", roundTrip(t, s, "\xff\xfe"), "a string need not be UTF-8")
	require.Equal(t, name("Ada"), roundTrip(t, s, name("Ada")))
	require.Equal(t, []byte("raw"), roundTrip(t, s, []byte("raw")))
	require.Equal(t, []byte{}, roundTrip(t, s, []byte{}))
	require.Equal(t, json.RawMessage(`{"a":1}`), roundTrip(t, s, json.RawMessage(`{"a":1}`)))
	require.Equal(t, int64(1)<<62, roundTrip(t, s, int64(1)<<62))
	when := time.Date(1970, 1, 2, 3, 4, 5, 6, time.UTC)
	require.Equal(t, when, roundTrip(t, s, when))
	a := address{Line: []string{"1 Main St"}, Zip: "02138", From: when}
	require.Equal(t, a, roundTrip(t, s, a))
	require.Nil(t, roundTrip[*int](t, s, nil))
}

// A string is sealed as it is, so that Tink in another language reads it.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestSealedStringIsRaw(t *testing.T) {
	s := newFixture(t, nil)
	sealed, err := crypto.Seal(t.Context(), s.Sealer, refOf(patient(1)), name("Ada"))
	require.NoError(t, err)
	b, err := sealed.MarshalBinary()
	require.NoError(t, err)
	got, err := s.AppendOpen(t.Context(), nil, b, refOf(patient(1)))
	require.NoError(t, err)
	require.Equal(t, "Ada", string(got))
}

// What would not come back the same is refused, rather than lost.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestSealRefusesWhatJSONLoses(t *testing.T) {
	s, ref := newFixture(t, nil).Sealer, refOf(patient(1))
	refused := func(err error) {
		t.Helper()
		require.ErrorContains(t, err, "does not survive")
		require.NotContains(t, err.Error(), "secret")
	}
	_, err := crypto.Seal(t.Context(), s, ref, safeguard.NewPatient("secret"))
	refused(err)
	_, err = crypto.Seal(t.Context(), s, ref, struct{ P safeguard.Patient }{safeguard.NewPatient("secret")})
	refused(err)
	_, err = crypto.Seal(t.Context(), s, ref, []string{"secret\xff"})
	refused(err)
	_, err = crypto.Seal[any](t.Context(), s, ref, int64(1)<<60+1)
	refused(err)
	_, err = crypto.Seal(t.Context(), s, ref, map[string]any{"secret": func() {}})
	refused(err)
}

// NULL, the empty string and a value are three things.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestNullIsNotEmpty(t *testing.T) {
	s, ref := newFixture(t, nil).Sealer, refOf(patient(1))
	var null crypto.Sealed[string]
	require.True(t, null.IsNull())
	stored, err := null.Value()
	require.NoError(t, err)
	require.Nil(t, stored)
	_, err = null.Open(t.Context(), s, ref)
	require.Equal(t, crypto.ErrNull, err)

	empty, err := crypto.Seal(t.Context(), s, ref, "")
	require.NoError(t, err)
	require.False(t, empty.IsNull())
	filled := empty
	require.NoError(t, filled.Scan(nil))
	require.True(t, filled.IsNull())
	require.False(t, empty.IsNull())
}

// Drivers reuse the slice that they pass to Scan.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestScanCopies(t *testing.T) {
	s, ref := newFixture(t, nil).Sealer, refOf(patient(1))
	b := seal(t, s, ref, "value")
	var x crypto.Sealed[string]
	require.NoError(t, x.Scan(b))
	clear(b)
	stored, err := x.Value()
	require.NoError(t, err)
	clear(stored.([]byte))
	got, err := x.Open(t.Context(), s, ref)
	require.NoError(t, err)
	require.Equal(t, "value", got)
}

// A column that holds plaintext is found at the first row, and the error does
// not repeat it.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestScanRefuses(t *testing.T) {
	for _, src := range []any{"secret", []byte("secret value of more than thirty-seven bytes"), []byte{}, int64(7), true, 1.5, time.Time{}, []byte{1, 2, 3}} {
		var x crypto.Sealed[string]
		err := x.Scan(src)
		require.Error(t, err, src)
		require.NotContains(t, err.Error(), "secret")
		require.True(t, x.IsNull())
	}
}

type row struct {
	ID  string                `json:"id"`
	SSN crypto.Sealed[string] `json:"ssn"`
	Dob crypto.Sealed[string] `json:"dob"`
}

// JSON, XML and gob move the ciphertext, and NULL.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestEncodingsMoveCiphertext(t *testing.T) {
	s, ref := newFixture(t, nil).Sealer, refOf(patient(1))
	ssn, err := crypto.Seal(t.Context(), s, ref, "123-45-6789")
	require.NoError(t, err)
	in := row{ID: "1", SSN: ssn}
	check := func(out row) {
		t.Helper()
		require.True(t, out.Dob.IsNull())
		got, err := out.SSN.Open(t.Context(), s, ref)
		require.NoError(t, err)
		require.Equal(t, "123-45-6789", got)
	}
	var out row
	b, err := json.Marshal(in)
	require.NoError(t, err)
	require.Contains(t, string(b), `"dob":null`)
	require.NoError(t, json.Unmarshal(b, &out))
	check(out)

	out = row{}
	b, err = xml.Marshal(in)
	require.NoError(t, err)
	require.NoError(t, xml.Unmarshal(b, &out))
	check(out)

	out = row{}
	var buf bytes.Buffer
	require.NoError(t, gob.NewEncoder(&buf).Encode(in))
	require.NoError(t, gob.NewDecoder(&buf).Decode(&out))
	check(out)

	for _, bad := range []string{`""`, `"x"`, `"AAAA"`, `7`, `{}`, `[]`, `"` + strings.Repeat("A", 100) + `"`} {
		require.Error(t, json.Unmarshal([]byte(`{"ssn":`+bad+`}`), &out), bad)
	}
}

// Sealed of one type opened as another is an error without the value in it.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestOpenAsAnotherType(t *testing.T) {
	s, ref := newFixture(t, nil).Sealer, refOf(patient(1))
	var x crypto.Sealed[address]
	require.NoError(t, x.Scan(seal(t, s, ref, `{"zip":"02138","line":"secret"}`)))
	got, err := x.Open(t.Context(), s, ref)
	require.ErrorContains(t, err, "not of the type")
	require.NotContains(t, err.Error(), "secret")
	require.Zero(t, got)
}

// Bytes of any sort, scanned and opened, are an error and never a panic.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func FuzzOpen(f *testing.F) {
	s := newFixture(f, nil)
	ctx := f.Context()
	for _, subject := range subjects {
		sealed, err := s.AppendSeal(ctx, nil, []byte("value"), refOf(subject))
		require.NoError(f, err)
		f.Add(sealed)
		f.Add(sealed[:len(sealed)-1])
		f.Add(append([]byte{sealed[0] ^ 0x52}, sealed[1:]...))
	}
	f.Add([]byte{})
	f.Add([]byte{0x01})
	f.Add([]byte{0x53, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff})
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, subject := range subjects {
			if got, err := s.AppendOpen(t.Context(), nil, b, refOf(subject)); err != nil {
				require.Equal(t, crypto.ErrOpen, err)
			} else {
				require.Equal(t, "value", string(got))
			}
		}
		var x crypto.Sealed[string]
		if x.Scan(b) == nil {
			back, err := x.MarshalBinary()
			require.NoError(t, err)
			require.Equal(t, b, back)
		}
		_ = x.UnmarshalText(b)
		_ = x.UnmarshalJSON(b)
	})
}

type redacted string

func (redacted) MarshalJSON() ([]byte, error) { return []byte(`"***"`), nil }

type shortened string

func (shortened) MarshalText() ([]byte, error) { return []byte("***"), nil }

// What JSON does not give back is refused, not lost.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestSealRefusesRedactions(t *testing.T) {
	s := newFixture(t, nil).Sealer
	ctx, ref := t.Context(), refOf(patient(1))
	requireLost := func(_ any, err error) { t.Helper(); require.Error(t, err) }
	requireKept := func(_ any, err error) { t.Helper(); require.NoError(t, err) }
	sealAny := func(v any) (any, error) { return crypto.Seal(ctx, s, ref, v) }
	type note struct{ Text redacted }
	type chart struct {
		Codes map[string]shortened
		When  time.Time
	}
	requireLost(crypto.Seal(ctx, s, ref, note{"secret"}))
	requireLost(crypto.Seal(ctx, s, ref, chart{Codes: map[string]shortened{"a": "secret"}}))
	requireLost(crypto.Seal(ctx, s, ref, []any{int64(7)}))
	requireLost(sealAny([]byte("x")))
	requireLost(crypto.Seal(ctx, s, ref, struct{ F func() }{}))

	now := time.Now()
	type inner struct{ A, B int }
	type value struct {
		inner
		P    *inner
		When time.Time
		M    map[string][]string `json:",omitempty"`
		Any  any
		Skip int `json:"-"`
		Addr netip.Addr
	}
	requireKept(crypto.Seal(ctx, s, ref, value{P: &inner{1, 2}, When: now, Any: "x", Skip: 3, Addr: netip.MustParseAddr("10.0.0.1")}))
	requireKept(crypto.Seal(ctx, s, ref, []int(nil)))
	requireKept(crypto.Seal(ctx, s, ref, map[string]float64{"a1c": 7.4}))
	requireKept(crypto.Seal(ctx, s, ref, now))
}
