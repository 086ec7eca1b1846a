package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/cmd/safeguard/internal/apiuse"
)

// A command that is interrupted writes nothing, and says that it did not do
// its work.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	for _, args := range [][]string{
		{"catalog", "-o", filepath.Join(dir, "rule.md")},
		{"controls", "-o", filepath.Join(dir, "coverage.md")},
		{"oscal", "write", "--to", dir, "--date", "2026-03-01"},
		{"gap", "new", "--organisation", "x", "-o", filepath.Join(dir, "gap.json")},
	} {
		var out, errs bytes.Buffer
		require.Equal(t, exitFailed, run(&env{ctx: ctx, out: &out, errs: &errs}, args), args)
		require.Empty(t, out.String())
		require.Contains(t, errs.String(), "canceled")
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// Standard input that never ends does not outlast an interruption.
//
// Controls: none, it is about the command itself.
func TestInterruptedWhileReading(t *testing.T) {
	in, feed := io.Pipe()
	defer feed.Close()
	ctx, cancel := context.WithCancel(t.Context())
	code := make(chan int, 1)
	var out, errs bytes.Buffer
	go func() { code <- run(&env{ctx: ctx, in: in, out: &out, errs: &errs}, []string{"gap", "report", "-"}) }()
	_, err := feed.Write([]byte("{"))
	require.NoError(t, err, "it reads")
	cancel()
	select {
	case c := <-code:
		require.Equal(t, exitFailed, c)
		require.Empty(t, out.String())
		require.Contains(t, errs.String(), "canceled")
	case <-time.After(10 * time.Second):
		require.Fail(t, "it still reads")
	}
}

// record is a line of a ledger.
func record(source, occasion, component, statement, at string) []byte {
	return fmt.Appendf(nil, `{"specversion":"1.0","id":"x","source":%q,"type":%q,"time":%q,"data":{"occasion":%q,"component":%q,"statement":%q,"failed":%t}}`,
		source, audit.TypeObservation, at, occasion, component, statement, component == "unknown")
}

// Of each component of each source the last report counts, whole: several
// statements of one report stay together, and nothing of an older one is
// carried over.
//
// Controls: HIPAA 164.312(b), 164.308(a)(8); NIST CSF 2.0 PR.PS-04.
func TestLatest(t *testing.T) {
	var l latest
	for i, r := range [][]byte{
		record("urn:a", "start", "session", "old", "2026-01-01T10:00:00Z"),
		record("urn:a", "start", "ledger", "intact", "2026-01-01T10:00:00Z"),
		[]byte(`{"type":"io.github.safeguard-sdk.audit.access.allowed.v1"}`),
		record("urn:b", "start", "session", "other instance", "2026-01-01T10:00:30Z"),
		record("urn:a", "hourly", "session", "one", "2026-01-01T11:00:00Z"),
		record("urn:a", "hourly", "session", "two", "2026-01-01T11:00:01Z"),
		record("urn:a", "hourly", "session", "three", "2026-01-01T12:00:00Z"),
		record("urn:a", "hourly", "session", "four", "2026-01-01T12:00:00Z"),
		record("urn:a", "hourly", "unknown", "A component could not report.", "2026-01-01T12:00:00Z"),
	} {
		require.NoError(t, l.add(uint64(i), r))
	}
	var got []string
	for _, o := range l.observations() {
		got = append(got, o.Component+": "+o.Statement)
	}
	require.Equal(t, []string{
		"session of urn:a at 2026-01-01T12:00:00Z: three",
		"session of urn:a at 2026-01-01T12:00:00Z: four",
		"ledger of urn:a at 2026-01-01T10:00:00Z: intact",
		"session of urn:b at 2026-01-01T10:00:30Z: other instance",
	}, got)
	require.Equal(t, 1, l.failures)
	require.Error(t, l.add(99, []byte(`{"type":"`+audit.TypeObservation+`","data":[]}`)), "no event at all")
	whole := string(record("urn:a", "start", "session", "x", "2026-01-01T13:00:00Z"))
	at := strings.Index(whole, `"data":`)
	require.Error(t, l.add(99, []byte(whole[:at]+`"data":[]}`)), "an event with other data")
}

// Every kind of failure has its exit code.
func TestExitCodes(t *testing.T) {
	for code, err := range map[int]error{
		exitFindings: fmt.Errorf("more: %w", findings("x")),
		exitRefused:  fmt.Errorf("more: %w", refused(errors.New("x"))),
		exitFailed:   errors.New("x"),
	} {
		var b bytes.Buffer
		require.Equal(t, code, fail(&b, err))
	}
	require.NoError(t, refused(nil))
	require.Equal(t, exitFailed, fail(&bytes.Buffer{}, refused(context.Canceled)))
}

// A vendored library has no source tree of its own; the tags that the command
// was built with are taken, and the command says so.
func TestVendored(t *testing.T) {
	var errs bytes.Buffer
	index, err := libraryIndex(&env{errs: &errs}, apiuse.Library{Path: library, Version: "v1.2.3"})
	require.NoError(t, err)
	require.Equal(t, library, index.Module)
	require.Contains(t, errs.String(), library+" v1.2.3 is vendored")
}
