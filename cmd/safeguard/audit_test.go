package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/fleet"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// grow appends n records to a ledger, which it makes if there is none, with the
// key in a file, and writes the public key beside that:
//
//	grow dir keyfile n
func grow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: grow dir keyfile n")
	}
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	l := openGrown(ts, args[0], args[1])
	tokens, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "e1", Secret: bytes.Repeat([]byte("k"), 32)})
	ts.Check(err)
	r, err := audit.New(l, tokens, &audit.Options{Source: "urn:test:" + args[0]})
	ts.Check(err)
	for i := range n {
		_, err := r.Record(ctx, audit.Notice{
			Type:      audit.TypeSessionStarted,
			Principal: safeguard.Principal{ID: "clinician-" + strconv.Itoa(i), Kind: safeguard.Person, Method: "test", At: time.Now()},
		})
		ts.Check(err)
	}
	ts.Check(r.Close(ctx))
	ts.Check(l.Close(ctx))
}

// openGrown opens a ledger of small segments, named after its directory.
func openGrown(ts *testscript.TestScript, dir, keyfile string) *ledger.Ledger {
	path := ts.MkAbs(keyfile)
	key, err := ledger.LoadKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		key, err = ledger.CreateKey(path)
	}
	ts.Check(err)
	l, err := ledger.Open(ts.MkAbs(dir), key, &ledger.Options{Origin: "test.example/" + dir, SegmentSize: 4 << 10})
	ts.Check(err)
	ts.Check(os.WriteFile(path+".pub", []byte(l.VerifierKey()+"\n"), 0o600))
	return l
}

// collect takes the checkpoints of a fleet into its log:
//
//	collect dir keyfile fleet.json
func collect(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: collect dir keyfile fleet.json")
	}
	f, err := parseFleet([]byte(ts.ReadFile(args[2])))
	ts.Check(err)
	members, err := f.members(ts.MkAbs("."))
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	l := openGrown(ts, args[0], args[1])
	all, err := fleet.New(ctx, l, members, nil)
	ts.Check(err)
	round, err := all.Collect(ctx)
	ts.Check(err)
	if !round.OK() {
		ts.Fatalf("the round is not in order")
	}
	ts.Check(l.Close(ctx))
}

// flip changes one byte of a file:
//
//	flip file offset
//
// A negative offset counts from the last byte that is not zero.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip file offset")
	}
	path := ts.MkAbs(args[0])
	b, err := os.ReadFile(path)
	ts.Check(err)
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	if at < 0 {
		at += len(bytes.TrimRight(b, "\x00"))
	}
	b[at] ^= 1
	ts.Check(os.WriteFile(path, b, 0o600))
}

// endpoint serves checkpoints to whoever has the token, and puts its address
// into a variable:
//
//	endpoint NAME
func endpoint(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: endpoint NAME")
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret-token" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	ts.Defer(s.Close)
	ts.Setenv(args[0], s.URL)
}

// TestRecordIsLive names the ledger of a running service as the one to record
// in: that is refused, and nothing is handed out.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestRecordIsLive(t *testing.T) {
	dir := t.TempDir()
	key, err := ledger.CreateKey(filepath.Join(dir, "key"))
	require.NoError(t, err)
	l, err := ledger.Open(filepath.Join(dir, "live"), key, nil)
	require.NoError(t, err)
	defer l.Close(context.Background())
	require.NoError(t, l.Append(context.Background(), []byte("{}")))
	var out, errs bytes.Buffer
	e := &env{ctx: context.Background(), in: new(bytes.Buffer), out: &out, errs: &errs, account: func() (account, error) { return account{"anna", byLogin}, nil }}
	code := run(e, []string{
		"audit", "export", filepath.Join(dir, "live"), "--key", l.VerifierKey(), "--to", filepath.Join(dir, "to"),
		"--record", filepath.Join(dir, "live"), "--record-signer", filepath.Join(dir, "key"),
	})
	require.Equal(t, exitRefused, code, errs.String())
	require.Contains(t, errs.String(), "a service has it open")
	require.NoDirExists(t, filepath.Join(dir, "to"))
	require.Equal(t, uint64(1), l.Size())
}

// FuzzFleet gives the description of a fleet any bytes.
func FuzzFleet(f *testing.F) {
	f.Add([]byte(`{"members":[{"name":"a","key":"k","dir":"d"}],"late":"2h"}`))
	f.Add([]byte(`{"members":[{"name":"a","key":"k","url":"http://x"}]}`))
	f.Add([]byte(`{"members":[{"name":"a","name":"b","key":"k","tiles":"t"}],"late":"-2h"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := parseFleet(b)
		if err != nil {
			return
		}
		require.NotEmpty(t, file.Members)
		_, _ = file.late()
		for _, m := range file.Members {
			require.NotEmpty(t, m.Key)
		}
	})
}

// FuzzLastNote gives the end of an anchor's file any bytes: what is taken is
// signed.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func FuzzLastNote(f *testing.F) {
	key, err := ledger.CreateKey(f.TempDir() + "/key")
	require.NoError(f, err)
	l, err := ledger.Open(f.TempDir()+"/l", key, nil)
	require.NoError(f, err)
	require.NoError(f, l.Append(context.Background(), []byte("a record")))
	require.NoError(f, l.Close(context.Background()))
	good, err := json.Marshal(map[string]string{"note": string(l.Checkpoint().Note)})
	require.NoError(f, err)
	f.Add(append(good, '\n'))
	f.Add(append(good, "\n{\"note\":\"cut"...))
	f.Add([]byte("\n\n{}\n"))
	f.Fuzz(func(t *testing.T, tail []byte) {
		note, err := lastNote(tail, l.VerifierKey())
		if err != nil {
			return
		}
		_, err = ledger.ParseCheckpoint(note, l.VerifierKey())
		require.NoError(t, err)
	})
}
