package audit

import (
	"context"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/stretchr/testify/require"
)

// sample is an access to one patient and five fields, and what renders it.
func sample(t testing.TB) (*Recorder, func() view) {
	keys, err := NewTokenKeys(TokenKey{Epoch: "p1", Secret: []byte("0123456789abcdef0123456789abcdef")})
	require.NoError(t, err)
	r, err := New(nothing{}, keys, &Options{Source: "urn:clinic:charts:1"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close(context.Background()) })
	now := time.Now()
	e := &Entry{recorder: r, id: newID(now)}
	e.SetPrincipal(safeguard.Principal{ID: "u-1729", Kind: safeguard.Person, Tenant: "north", Method: "oidc"})
	e.SetRoute("GET /patients/{id}")
	e.SetAction("Patient", "read", safeguard.Treatment)
	e.AddPatient(safeguard.NewPatient("MRN-55512345"))
	e.NoteFields("Patient.name", "Patient.birthDate", "Patient.address", "Patient.telecom", "Patient.gender")
	e.who.method, e.who.address = "GET", "192.0.2.7"
	notes := e.notes.take()
	return r, func() view {
		return view{entry: e, who: e.who, notes: notes, decision: e.decision, now: now}
	}
}

func TestTimesAreRFC3339(t *testing.T) {
	for _, at := range []time.Time{time.Unix(0, 0), time.Unix(1_800_000_000, 120_000_000), time.Unix(1, 1), time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.FixedZone("", -3600)).Add(-time.Hour)} {
		require.Equal(t, at.UTC().Format(time.RFC3339Nano), string(appendTime(nil, at)))
	}
}

type nothing struct{}

func (nothing) Append(context.Context, ...[]byte) error { return nil }

// encode renders v and hashes it as a leaf of the tree.
func encode(r *Recorder, x *encoder, v *view) (sum [32]byte) {
	x.buf, x.starts = append(x.buf[:0], 0), x.starts[:0] // the 0 before a leaf
	v.look()
	if r.records(context.Background(), x, v) != nil {
		panic("not rendered")
	}
	return sha256.Sum256(x.buf)
}

// Rendering and hashing a record allocates nothing, and a token neither.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestEncodingAllocatesNothing(t *testing.T) {
	r, next := sample(t)
	x := new(encoder)
	v := next()
	encode(r, x, &v)
	_, err := ParseEvent(x.buf[1:])
	require.NoError(t, err)
	if RaceEnabled {
		t.Skip("the race detector empties pools")
	}
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		v = next()
		encode(r, x, &v)
	}))
}

// The attributes that are written as they stand are those of the type.
func TestControlsOfAccessRecords(t *testing.T) {
	for _, kind := range []string{TypeRead, TypeAllowed, TypeDenied, TypeDisclosed, TypeIntent} {
		hipaa, csf := serves(kind)
		require.Equal(t, string(object("x").str("hipaacontrol", hipaa).str("nistcsf", csf)[1:]), controls(kind))
	}
}

// BenchmarkEncode renders and hashes one access record; "hash" is what of it
// is SHA-256.
func BenchmarkEncode(b *testing.B) {
	r, next := sample(b)
	x := new(encoder)
	v := next()
	encode(r, x, &v)
	b.Run("record", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(x.buf)))
		for b.Loop() {
			v := next()
			encode(r, x, &v)
		}
	})
	b.Run("hash", func(b *testing.B) {
		b.SetBytes(int64(len(x.buf)))
		for b.Loop() {
			sha256.Sum256(x.buf)
		}
	})
}
