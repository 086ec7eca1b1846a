package fhir_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/fhir"
)

func some(t testing.TB, n int, end error) iter.Seq2[fhir.AuditEvent, error] {
	t.Helper()
	events, err := (&fhir.Projector{}).Project(t.Context(), event(t, "r", audit.TypeRead, access("read", "a", "b", "c")), nil)
	require.NoError(t, err)
	return func(yield func(fhir.AuditEvent, error) bool) {
		for _, e := range events[:n] {
			if !yield(e, nil) {
				return
			}
		}
		if end != nil {
			yield(fhir.AuditEvent{}, end)
		}
	}
}

// A Bundle is whole or no JSON at all.
//
// Controls: HIPAA 164.312(b), 164.528(b)(2); NIST CSF 2.0 PR.PS-04.
func TestWriteBundle(t *testing.T) {
	for _, n := range []int{0, 1, 3} {
		var out bytes.Buffer
		require.NoError(t, fhir.WriteBundle(&out, fhir.Transaction, some(t, n, nil)))
		var b struct {
			ResourceType, Type string
			Entry              []struct {
				FullURL  string
				Resource json.RawMessage
				Request  struct{ Method, URL string }
			}
		}
		require.NoError(t, json.Unmarshal(out.Bytes(), &b))
		require.Equal(t, "Bundle", b.ResourceType)
		require.Equal(t, "transaction", b.Type)
		require.Len(t, b.Entry, n)
		require.Equal(t, n > 0, bytes.Contains(out.Bytes(), []byte(`"entry"`)), "no empty arrays")
		for _, e := range b.Entry {
			_, err := validate(e.Resource, rules())
			require.NoError(t, err)
			require.Equal(t, "PUT", e.Request.Method)
			require.Equal(t, "urn:uuid:"+e.Request.URL[len("AuditEvent/"):], e.FullURL)
		}
	}
	var out bytes.Buffer
	require.NoError(t, fhir.WriteBundle(&out, fhir.Collection, some(t, 2, nil)))
	require.NotContains(t, out.String(), "request\"")
	out.Reset()
	broken := errors.New("disk")
	require.ErrorIs(t, fhir.WriteBundle(&out, fhir.Collection, some(t, 2, broken)), broken)
	require.False(t, json.Valid(out.Bytes()))
	require.Error(t, fhir.WriteBundle(&out, 7, some(t, 0, nil)))
}

// Every line is one AuditEvent, and an error of the source or the writer ends
// it.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestWriteNDJSON(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, fhir.WriteNDJSON(&out, some(t, 3, nil)))
	lines := bytes.Split(bytes.TrimSuffix(out.Bytes(), []byte("\n")), []byte("\n"))
	require.Len(t, lines, 3)
	for _, l := range lines {
		_, err := validate(l, rules())
		require.NoError(t, err)
	}
	broken := errors.New("disk")
	require.ErrorIs(t, fhir.WriteNDJSON(&out, some(t, 1, broken)), broken)
	require.ErrorIs(t, fhir.WriteNDJSON(full{broken}, some(t, 1, nil)), broken)
	require.ErrorIs(t, fhir.WriteBundle(full{broken}, fhir.Collection, some(t, 0, nil)), broken)
}

type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }
