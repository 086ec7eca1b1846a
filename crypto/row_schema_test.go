package crypto_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// Fields may be added, moved, renamed and removed, and never get lost unsaid.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRowSchemaChanges(t *testing.T) {
	type v1 struct {
		Name string `phi:"name"`
		SSN  string `phi:"ssn"`
		Age  int32  `phi:"age"`
	}
	type reordered struct {
		Age  *int64 `phi:"age"`
		Name []byte `phi:"name"`
		SSN  string `phi:"ssn"`
		MRN  string `phi:"mrn"`
	}
	type renamed struct {
		Name   string `phi:"name"`
		Social string `phi:"ssn"`
	}
	type retyped struct {
		Name string `phi:"name"`
		SSN  string `phi:"ssn"`
		Age  string `phi:"age"`
	}
	type narrow struct {
		Name string `phi:"name"`
		SSN  string `phi:"ssn"`
		Age  int8   `phi:"age"`
	}
	s, ctx, ref := newFixture(t, nil), t.Context(), refOf(patient(1))
	row := sealRow(t, rowsOf[v1](t, s.Sealer, nil), v1{"Ada", "123", 300}, ref)
	all := crypto.UnsafeAllFields{}

	var a reordered
	report, err := rowsOf[reordered](t, s.Sealer, nil).Open(ctx, &a, ref, all, row)
	require.NoError(t, err)
	require.Equal(t, reordered{ptr(int64(300)), []byte("Ada"), "123", ""}, a)
	require.Equal(t, crypto.RowReport{Absent: []string{"MRN"}}, report)

	var b renamed
	for _, o := range []*crypto.RowOptions{nil, {Renamed: map[string]string{"SSN": "Social"}}, {Removed: []string{"SSN", "Age"}}} {
		r := rowsOf[renamed](t, s.Sealer, o)
		_, err = r.Open(ctx, &b, ref, all, row)
		if o == nil || o.Removed == nil {
			require.ErrorIs(t, err, crypto.ErrSchema)
			_, err = r.Update(ctx, row, &b, ref, all)
			require.ErrorIs(t, err, crypto.ErrSchema, "nothing is dropped unsaid")
		}
	}
	require.NoError(t, err)
	require.Equal(t, renamed{Name: "Ada"}, b)
	r := rowsOf[renamed](t, s.Sealer, &crypto.RowOptions{Renamed: map[string]string{"SSN": "Social"}, Removed: []string{"Age"}})
	_, err = r.Open(ctx, &b, ref, crypto.Fields{"Name", "Social"}, row)
	require.NoError(t, err)
	require.Equal(t, renamed{"Ada", "123"}, b)
	_, err = r.Open(ctx, &b, ref, crypto.Fields{"Name", "SSN"}, row)
	require.NoError(t, err)
	require.Equal(t, renamed{}, b, "a mask speaks of present names")

	_, err = rowsOf[retyped](t, s.Sealer, nil).Open(ctx, new(retyped), ref, all, row)
	require.ErrorIs(t, err, crypto.ErrSchema)
	var n narrow
	_, err = rowsOf[narrow](t, s.Sealer, nil).Open(ctx, &n, ref, all, row)
	require.ErrorIs(t, err, crypto.ErrSchema, "300 is no int8")
	require.NotContains(t, err.Error(), "300")
	require.Equal(t, narrow{}, n)

	row = sealRow(t, rowsOf[reordered](t, s.Sealer, nil), reordered{}, ref)
	type strict struct {
		Age  int64  `phi:"age"`
		Name []byte `phi:"name"`
		SSN  string `phi:"ssn"`
		MRN  string `phi:"mrn"`
	}
	_, err = rowsOf[strict](t, s.Sealer, nil).Open(ctx, new(strict), ref, all, row)
	require.ErrorIs(t, err, crypto.ErrSchema, "nil is not 0")
}

type unmarked struct {
	Name string `phi:"name"`
	Town string
}

type leadsTo struct {
	Name  string    `phi:"name"`
	Wards []grouped // has tags of its own
}

type hidden struct {
	Name string `phi:"name"`
	town string
}

type twice struct {
	named
	Given string `json:"given" phi:"name"`
}

type uncountable struct {
	A func() `phi:"name"`
}

type badTag struct {
	A string `phi:"nmae"`
}

// A type that leaves anything open is refused.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestNewRowsRefuses(t *testing.T) {
	s := newFixture(t, nil).Sealer
	_ = hidden{town: ""}
	for want, f := range map[string]func() error{
		"no phi tag":         func() error { _, err := crypto.NewRows[unmarked](s, nil); return err },
		"tag of its own":     func() error { _, err := crypto.NewRows[leadsTo](s, nil); return err },
		"unexported":         func() error { _, err := crypto.NewRows[hidden](s, nil); return err },
		"name of two fields": func() error { _, err := crypto.NewRows[twice](s, nil); return err },
		"cannot be sealed":   func() error { _, err := crypto.NewRows[uncountable](s, nil); return err },
		"unknown kind":       func() error { _, err := crypto.NewRows[badTag](s, nil); return err },
		"not a struct":       func() error { _, err := crypto.NewRows[*grouped](s, nil); return err },
		"no Sealer":          func() error { _, err := crypto.NewRows[grouped](nil, nil); return err },
		"0 sealed fields":    func() error { _, err := crypto.NewRows[struct{}](s, nil); return err },
		"is no field": func() error {
			_, err := crypto.NewRows[grouped](s, &crypto.RowOptions{Renamed: map[string]string{"a": "b"}})
			return err
		},
		"field and renamed": func() error {
			_, err := crypto.NewRows[grouped](s, &crypto.RowOptions{Renamed: map[string]string{"HIV": "Name"}})
			return err
		},
		"removed, and a field": func() error {
			_, err := crypto.NewRows[grouped](s, &crypto.RowOptions{Removed: []string{"HIV"}})
			return err
		},
	} {
		require.ErrorContains(t, f(), want)
	}
}

// What would not come back the same is refused rather than sealed.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRowRefusesWhatIsLost(t *testing.T) {
	type holder struct {
		P safeguard.Patient `phi:"mrn"`
	}
	type anything struct {
		V any `phi:"clinical"`
	}
	s, ctx, ref := newFixture(t, nil), t.Context(), refOf(patient(1))
	_, err := rowsOf[holder](t, s.Sealer, nil).Seal(ctx, &holder{safeguard.NewPatient("x")}, ref)
	require.ErrorContains(t, err, "does not survive")
	_, err = rowsOf[anything](t, s.Sealer, nil).Seal(ctx, &anything{7}, ref)
	require.ErrorContains(t, err, "does not survive")
	_, err = rowsOf[pair](t, s.Sealer, nil).Seal(ctx, &pair{A: string(make([]byte, crypto.MaxPlaintext))}, ref)
	require.ErrorContains(t, err, "16 MiB")
	_, err = rowsOf[pair](t, s.Sealer, nil).Seal(ctx, &pair{}, crypto.Ref{})
	require.ErrorIs(t, err, crypto.ErrRef)
}

// Numbers keep every bit.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRowNumbers(t *testing.T) {
	type numbers struct {
		I int64         `phi:"clinical"`
		U uint64        `phi:"clinical"`
		F float64       `phi:"clinical"`
		G float32       `phi:"clinical"`
		D time.Duration `phi:"clinical"`
		S []byte        `phi:"clinical"`
		T time.Time     `phi:"date"`
		P **int         `phi:"clinical"`
	}
	s, ref := newFixture(t, nil), refOf(patient(1))
	r := rowsOf[numbers](t, s.Sealer, nil)
	for _, v := range []numbers{
		{math.MinInt64, math.MaxUint64, math.Inf(-1), math.MaxFloat32, -1, nil, time.Time{}, nil},
		{math.MaxInt64, 1, math.Copysign(0, -1), math.SmallestNonzeroFloat32, 1, []byte{}, time.Unix(1<<40, 999).UTC(), ptr(ptr(3))},
	} {
		var got numbers
		_, err := r.Open(t.Context(), &got, ref, crypto.UnsafeAllFields{}, sealRow(t, r, v, ref))
		require.NoError(t, err)
		require.Equal(t, v, got)
		require.Equal(t, math.Signbit(v.F), math.Signbit(got.F))
	}
}

// A sealed row travels as ciphertext and shows nothing.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.502(b)(1); NIST CSF 2.0 PR.DS-01.
func TestRowTravels(t *testing.T) {
	s, ref := newFixture(t, nil), refOf(patient(1))
	r := rowsOf[pair](t, s.Sealer, nil)
	row := sealRow(t, r, pair{plantedValue, plantedValue}, ref)
	same := func(got crypto.SealedRow) {
		v, err := openPair(t, r, ref, got)
		require.NoError(t, err)
		require.Equal(t, pair{plantedValue, plantedValue}, v)
	}
	var a, b, c, d crypto.SealedRow
	stored, err := row.Value()
	require.NoError(t, err)
	require.NoError(t, a.Scan(stored))
	same(a)
	text, err := json.Marshal(row)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &b))
	same(b)
	var buf bytes.Buffer
	require.NoError(t, gob.NewEncoder(&buf).Encode(row))
	require.NoError(t, gob.NewDecoder(&buf).Decode(&c))
	same(c)
	plain, err := row.MarshalText()
	require.NoError(t, err)
	require.NoError(t, d.UnmarshalText(plain))
	same(d)

	var null crypto.SealedRow
	stored, err = null.Value()
	require.NoError(t, err)
	require.Nil(t, stored)
	text, err = json.Marshal(null)
	require.NoError(t, err)
	require.Equal(t, "null", string(text))
	require.NoError(t, b.UnmarshalJSON(text))
	require.NoError(t, a.Scan(nil))
	require.NoError(t, c.UnmarshalBinary(nil))
	require.True(t, a.IsNull() && b.IsNull() && c.IsNull())
	for _, bad := range []any{"text", []byte("x"), []byte{}, 7, seal(t, s.Sealer, ref, "a value")} {
		require.Error(t, a.Scan(bad))
	}
	for _, bad := range []string{`""`, `"x"`, `7`, `"AAAA"`, `{}`} {
		require.Error(t, json.Unmarshal([]byte(bad), &b))
	}
	for _, v := range []any{row, &row, r, []crypto.SealedRow{row}, struct{ x crypto.SealedRow }{row}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			out := fmt.Sprintf(verb, v)
			require.NotContains(t, out, plantedValue)
			require.NotContains(t, out, fmt.Sprintf("%x", plantedValue))
		}
	}
	require.Equal(t, "[sealed row]", row.LogValue().String())
}

// Rewrapping and rebinding move a whole row, and a part, without anybody
// seeing it.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRowMoves(t *testing.T) {
	s := newFixture(t, nil)
	r, to := rowsOf[pair](t, s.Sealer, nil), refOf(patient(2))
	for _, subject := range subjects {
		ref := refOf(subject)
		whole, err := sealRow(t, r, pair{"a", "b"}, ref).MarshalBinary()
		require.NoError(t, err)
		rotate(t, s)
		current, err := s.Current(t.Context(), tenantA)
		require.NoError(t, err)
		id, ok := crypto.KeyID(whole)
		require.True(t, ok)
		require.NotEqual(t, current, id)
		moved, err := s.AppendRewrap(t.Context(), []byte("x"), whole, ref)
		require.NoError(t, err)
		id, ok = crypto.KeyID(moved[1:])
		require.True(t, ok)
		require.Equal(t, current, id)
		var row crypto.SealedRow
		require.NoError(t, row.Scan(moved[1:]))
		got, err := openPair(t, r, ref, row)
		require.NoError(t, err)
		require.Equal(t, pair{"a", "b"}, got)

		moved, err = s.AppendRebind(t.Context(), nil, whole, ref, to)
		require.NoError(t, err)
		require.NoError(t, row.Scan(moved))
		got, err = openPair(t, r, to, row)
		require.NoError(t, err)
		require.Equal(t, pair{"a", "b"}, got)
		_, err = s.AppendRewrap(t.Context(), nil, whole, to)
		require.ErrorIs(t, err, crypto.ErrOpen)
		_, err = s.AppendRewrap(t.Context(), nil, whole[:len(whole)-1], ref)
		require.ErrorIs(t, err, crypto.ErrOpen)

		// An update after a rotation brings the closed groups along.
		require.NoError(t, row.Scan(whole))
		row, err = r.Update(t.Context(), row, &pair{A: "z"}, ref, crypto.Fields{"A"})
		require.NoError(t, err)
		got, err = openPair(t, r, ref, row)
		require.NoError(t, err)
		require.Equal(t, pair{"z", "b"}, got)
	}
}

// rotate gives tenant A a new primary.
func rotate(t testing.TB, f fixture) {
	t.Helper()
	old := f.keys[tenantA]
	key, err := crypto.NewKey(old.Primary().ID()+100, random(32, uint64(old.Primary().ID())))
	require.NoError(t, err)
	ks, err := crypto.NewKeyset(key.ID(), key, old.Primary())
	require.NoError(t, err)
	f.keys[tenantA] = ks
}
