package syslogsink_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/syslogsink"
)

// Whatever a record holds, a strict reader of the frame finds one message in
// it, with the record and its id and source, or the record was refused.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzFrame(f *testing.F) {
	for _, seed := range []string{
		`{"id":"1","source":"urn:a"}`, `{"id":"a\"]\\","source":"]","type":"t","time":"2026-11-21T10:00:00Z"}`,
		"{\n\"id\":\"1\",\r\n\"source\":\"s\",\"data\":{\"a\":[1,2]}}", `{"id":"\u0000","source":"s"}`, `{"id":"1","source":"s","data":"\ud800"}`,
		`{"id":"1","id":"1","source":"s"}`, `[]`, `{"id":"\ufeff","source":"é 😀"}`, `{"time":"0000-01-01T00:00:00Z","id":"1","source":"s"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		framed, err := syslogsink.Frame(record)
		if err != nil {
			return
		}
		in := bufio.NewReader(bytes.NewReader(framed))
		raw, err := frame(in)
		require.NoError(t, err)
		_, err = in.ReadByte()
		require.ErrorIs(t, err, io.EOF, "one message")
		m, err := parse(raw)
		require.NoError(t, err)
		require.JSONEq(t, string(record), m.record)
		var e struct{ ID, Source string }
		members := make(map[string]json.RawMessage)
		require.NoError(t, json.Unmarshal(record, &members))
		require.NoError(t, json.Unmarshal(members["id"], &e.ID))
		require.NoError(t, json.Unmarshal(members["source"], &e.Source))
		require.Equal(t, e.ID, m.params["id"])
		require.Equal(t, e.Source, m.params["source"])
	})
}
