package main

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
)

// FuzzRecord gives anything to the reader of observations. It never panics,
// and takes nothing that is not an observation.
//
// Controls: HIPAA 164.312(b).
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"specversion":"1.0","id":"1","source":"urn:x","type":"` + audit.TypeObservation + `","time":"2026-01-01T00:00:00Z","data":{"component":"session","statement":"x"}}`))
	f.Add([]byte(`{"type":"` + audit.TypeObservation + `","data":[]}`))
	f.Add([]byte(`{"type":"other","data":"` + audit.TypeObservation + `"}`))
	f.Add([]byte(audit.TypeObservation))
	f.Fuzz(func(t *testing.T, record []byte) {
		var l latest
		err := l.add(0, record)
		var kind struct {
			Type string `json:"type"`
		}
		if json.Unmarshal(record, &kind) != nil || kind.Type != audit.TypeObservation {
			require.NoError(t, err, "it is of no concern")
			require.Empty(t, l.observations())
		} else if _, e := audit.ParseEvent(record); e != nil {
			require.Error(t, err, "it says that it is an observation, and is no event")
		}
	})
}

// FuzzPublicKey gives anything to the reader of keys. What it takes is an
// Ed25519 key.
//
// Controls: HIPAA 164.312(c)(2).
func FuzzPublicKey(f *testing.F) {
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(make([]byte, ed25519.PublicKeySize)))
	require.NoError(f, err)
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der[:10]}))
	f.Add([]byte("-----BEGIN PUBLIC KEY-----"))
	f.Fuzz(func(t *testing.T, data []byte) {
		key, err := publicKey(data)
		require.Equal(t, err == nil, len(key) == ed25519.PublicKeySize)
	})
}

// FuzzPosition gives anything to the function that puts the file before an
// error. The file always comes first and no text is lost.
func FuzzPosition(f *testing.F) {
	f.Add("risk: register: 3:5: risks[0]: unknown field")
	f.Add("coverage: run: line 2: not an event")
	f.Add("1:2:3: 4")
	f.Add("a: b")
	f.Fuzz(func(t *testing.T, text string) {
		cause := errors.New(text)
		err := inFile("file.json", cause)
		require.True(t, strings.HasPrefix(err.Error(), "file.json:"))
		require.ErrorIs(t, err, cause)
		if m := position.FindStringIndex(text); m != nil {
			require.True(t, strings.HasSuffix(err.Error(), text[m[1]:]))
		}
	})
}
