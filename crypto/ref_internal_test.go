package crypto

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto/internal/record"
)

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
	require.Equal(t, "\x01\x02\x00\x01t\x00\x01n\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x09", string(wrapAAD("t", "n", &record.Key{Old: true, Version: 7, Created: time.Unix(9, 0), Born: 8})))
	require.Equal(t, "\x01\x03\x00\x01t\x00\x05index\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x09", string(wrapAAD("t", "index", &record.Key{Old: true, Version: 7, Created: time.Unix(9, 0)})))
	require.Equal(t, "\x01\x06\x00\x01t\x00\x01n\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x09\x00\x00\x00\x08", string(wrapAAD("t", "n", &record.Key{Version: 7, Created: time.Unix(9, 0), Born: 8})))
	purposes := map[byte]bool{
		purposeField: true, purposeSubjectKey: true, purposeSubjectIndex: true, purposeSubjectName: true, purposeWrapped: true,
		purposeBudget: true, purposeRow: true, purposeBlob: true, purposeSearch: true,
	}
	require.Len(t, purposes, 9)
	require.NotContains(t, purposes, byte(4), "package keyset's")
}
