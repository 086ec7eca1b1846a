package record_test

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/internal/record"
)

var (
	one = record.Key{Version: 1, Created: time.Unix(1_700_000_000, 0), Born: 7, Leased: 9, Wrapped: bytes.Repeat([]byte{7}, 65)}
	two = record.Key{Version: 9, Created: time.Unix(-1, 0), Old: true, Wrapped: []byte("12345")}
)

func encode(t testing.TB, r record.Record) []byte {
	t.Helper()
	b, err := r.Encode()
	require.NoError(t, err)
	return b
}

// format1 is a record of format 1 with one key.
func format1(t testing.TB) []byte {
	t.Helper()
	b, err := hex.DecodeString("0101" + "00000003" + "0000000000000009" + "0006" + "01000000aa05")
	require.NoError(t, err)
	return b
}

// The layout is fixed: records are kept for years.
//
// Controls: HIPAA 164.312(c)(1), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestLayout(t *testing.T) {
	got := encode(t, record.Record{Held: true, Keys: []record.Key{{
		Version: 3, Created: time.Unix(9, 0), Born: 0xaa, Leased: 0x10, Wrapped: []byte{1, 0, 0, 0, 0xbb, 5},
	}}})
	require.Equal(t, "020101"+"00000003"+"0000000000000009"+"000000aa"+"0000000000000010"+"02"+"0006"+"01000000bb05", hex.EncodeToString(got))
	r, err := record.Parse(got)
	require.NoError(t, err)
	require.Equal(t, uint32(0xbb), r.Keys[0].Wrapper())
	require.True(t, r.Held)
	require.False(t, r.Shredding)
}

// A record of format 1 says nothing of messages, so that half of them count
// as used, and it stays what it is when it is written in format 2.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestFormat1(t *testing.T) {
	r, err := record.Parse(format1(t))
	require.NoError(t, err)
	k := r.Keys[0]
	require.Equal(t, uint32(3), k.Version)
	require.Equal(t, int64(9), k.Created.Unix())
	require.Equal(t, uint32(0xaa), k.Born)
	require.Equal(t, uint64(record.UnknownLease), k.Leased)
	require.True(t, k.Old)
	again, err := record.Parse(encode(t, *r))
	require.NoError(t, err)
	require.Equal(t, r, again)
}

// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestMarks(t *testing.T) {
	for _, r := range []record.Record{{}, {Held: true}, {Shredding: true}, {Held: true, Shredding: true}, {Shredding: true, Keys: []record.Key{one}}} {
		got, err := record.Parse(encode(t, r))
		require.NoError(t, err)
		require.Equal(t, &r, got)
	}
}

// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRefused(t *testing.T) {
	for name, r := range map[string]record.Record{
		"two of a version": {Keys: []record.Key{one, one}},
		"descending":       {Keys: []record.Key{two, one}},
		"version zero":     {Keys: []record.Key{{Wrapped: make([]byte, 5)}}},
		"empty key":        {Keys: []record.Key{{Version: 1}}},
		"too long":         {Keys: []record.Key{{Version: 1, Wrapped: make([]byte, 65535)}, {Version: 2, Wrapped: make([]byte, 10)}}},
		"too many":         {Keys: make([]record.Key, 256)},
	} {
		_, err := r.Encode()
		require.ErrorIs(t, err, record.ErrMalformed, name)
	}
	good := encode(t, record.Record{Keys: []record.Key{one}})
	for name, bad := range map[string][]byte{
		"another format":   append([]byte{3}, good[1:]...),
		"unknown flag":     append([]byte{2, 4}, good[2:]...),
		"longer":           append(bytes.Clone(good), 0),
		"format 1, no key": {1, 0},
		"nothing":          nil,
	} {
		_, err := record.Parse(bad)
		require.ErrorIs(t, err, record.ErrMalformed, name)
	}
	for n := range good {
		_, err := record.Parse(good[:n])
		require.ErrorIs(t, err, record.ErrMalformed, "cut")
	}
}

// A record is read only as it was written: parsing is the inverse of
// encoding, and there is no second encoding of anything in a format.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzRecord(f *testing.F) {
	f.Add(encode(f, record.Record{Keys: []record.Key{one}}))
	f.Add(encode(f, record.Record{Held: true, Keys: []record.Key{one, two}}))
	f.Add(encode(f, record.Record{Shredding: true}))
	f.Add(format1(f))
	f.Add([]byte{1, 255})
	f.Add([]byte{2, 0, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := record.Parse(b)
		if err != nil {
			require.Equal(t, record.ErrMalformed, err)
			return
		}
		out, err := r.Encode()
		if b[0] == 1 && err != nil {
			return // what format 2 adds does not fit
		}
		require.NoError(t, err)
		if b[0] == 2 {
			require.Equal(t, b, out)
		}
		again, err := record.Parse(out)
		require.NoError(t, err)
		require.Equal(t, r, again)
	})
}
