package crypto

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
)

// A record is read only as it was written: parsing is the inverse of
// encoding, and there is no second encoding of anything.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzRecord(f *testing.F) {
	one := wrappedKey{version: 1, created: 1_700_000_000, wrapped: bytes.Repeat([]byte{7}, 65)}
	two := wrappedKey{version: 9, created: -1, wrapped: []byte{1}}
	f.Add(encodeRecord([]wrappedKey{one}))
	f.Add(encodeRecord([]wrappedKey{one, two}))
	f.Add(encodeRecord([]wrappedKey{two, one}))
	f.Add(encodeRecord(nil))
	f.Add(append(encodeRecord([]wrappedKey{one}), 0))
	f.Add([]byte{recordVersion, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := parseRecord(b)
		if err != nil {
			require.Equal(t, errRecord, err)
			return
		}
		require.NotEmpty(t, keys)
		require.Equal(t, b, encodeRecord(keys))
	})
}

// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRecordBounds(t *testing.T) {
	one := wrappedKey{version: 1, wrapped: []byte{1}}
	good := encodeRecord([]wrappedKey{one})
	_, err := parseRecord(good)
	require.NoError(t, err)
	for name, bad := range map[string][]byte{
		"two of a version": encodeRecord([]wrappedKey{one, one}),
		"version zero":     encodeRecord([]wrappedKey{{version: 0, wrapped: []byte{1}}}),
		"empty key":        encodeRecord([]wrappedKey{{version: 1}}),
		"no keys":          encodeRecord(nil),
		"another layout":   append([]byte{2}, good[1:]...),
		"too long":         encodeRecord([]wrappedKey{{version: 1, wrapped: make([]byte, 65535)}, {version: 2, wrapped: make([]byte, 10)}}),
	} {
		_, err := parseRecord(bad)
		require.Error(t, err, name)
	}
}

// Two places have the same associated data only if they are the same place,
// however their parts are cut.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func FuzzAssociatedDataIsInjective(f *testing.F) {
	f.Add("a", "bc", "d", "e", "p", "ab", "c", "d", "e", "p")
	f.Add("a", "b", "c", "d", "", "a", "b", "c", "d", "p")
	f.Add("a", "b", "c", "d", "p", "a", "b", "c", "d", "p")
	f.Add("a", "b", "c", "d\x01\x00\x01p", "", "a", "b", "c", "d", "p")
	f.Add("\x00", "\x00\x00", "\x00", "\x00", "\x00", "\x00", "\x00", "\x00\x00", "\x00", "\x00")
	f.Fuzz(func(t *testing.T, a1, a2, a3, a4, a5, b1, b2, b3, b4, b5 string) {
		a, b := fuzzRef(a1, a2, a3, a4, a5), fuzzRef(b1, b2, b3, b4, b5)
		if a.validate() != nil || b.validate() != nil {
			return
		}
		prefix := []byte{formatSubject, 0, 0, 0, 1, 0, 0, 0, 1}
		same := bytes.Equal(appendField(nil, &a, prefix), appendField(nil, &b, prefix))
		require.Equal(t, a == b, same)
	})
}

func fuzzRef(tenant, table, column, row, subject string) Ref {
	r := Ref{Tenant: tenant, Table: table, Column: column, Row: row, Subject: NoSubject()}
	if subject != "" {
		r.Subject = SubjectOf(safeguard.NewPatient(subject))
	}
	return r
}

// The associated data of different purposes can never be taken for each
// other's, and the documented encoding is fixed.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestAssociatedDataIsFixed(t *testing.T) {
	r := fuzzRef("t", "ta", "c", "r", "")
	got, err := r.AppendAssociatedData([]byte("dst"))
	require.NoError(t, err)
	require.Equal(t, "dst\x01\x01\x00\x01t\x00\x02ta\x00\x01c\x00\x01r\x00", string(got))
	_, err = fuzzRef("t", "ta", "c", "r", "p").AppendAssociatedData(nil)
	require.ErrorIs(t, err, ErrRef)
	require.ErrorContains(t, err, "Subject is a patient")
	_, err = Ref{}.AppendAssociatedData(nil)
	require.ErrorIs(t, err, ErrRef)

	r = fuzzRef("t", "ta", "c", "r", "p")
	require.Equal(t, "\x01\x01\x00\x01t\x00\x02ta\x00\x01c\x00\x01r\x01\x00\x01pPREFIX", string(appendField(nil, &r, []byte("PREFIX"))))
	require.Equal(t, "\x01\x02\x00\x01t\x00\x01n\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x09", string(wrapAAD(purposeSubjectKey, "t", "n", 7, 9)))
	purposes := map[byte]bool{purposeField: true, purposeSubjectKey: true, purposeSubjectIndex: true, purposeSubjectName: true}
	require.Len(t, purposes, 4)
	require.NotContains(t, purposes, byte(4), "package keyset's")
}
