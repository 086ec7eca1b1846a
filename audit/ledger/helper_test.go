package ledger

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// soak reports whether the full counts are wanted.
func soak() bool { return os.Getenv("SAFEGUARD_SOAK") == "1" }

// testKey returns a key that is the same in every run.
func testKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

// quiet are options under which nothing is signed but at Open and Close.
func quiet() *Options {
	return &Options{Origin: "clinic.example/charts", CheckpointInterval: time.Hour, SegmentSize: minSegmentSize}
}

func mustOpen(t testing.TB, fsys fileSystem) *Ledger {
	t.Helper()
	l, err := open(fsys, testKey(1), quiet())
	require.NoError(t, err)
	return l
}

// record is the i-th test record; they differ in length.
func record(i int) []byte {
	return fmt.Appendf(nil, `{"n":%d,"pad":%q}`, i, strings.Repeat("x", i*37%200))
}

func appendRange(t testing.TB, l *Ledger, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		require.NoError(t, l.Append(context.Background(), record(i)))
	}
}

// closed returns the directory of a ledger with n records, closed.
func closedLedger(t testing.TB, n int) (*memFS, string) {
	t.Helper()
	m := newMemFS()
	l := mustOpen(t, m)
	appendRange(t, l, 0, n)
	require.NoError(t, l.Close(context.Background()))
	return m, l.VerifierKey()
}

// contents reads everything, the ledger's own records apart.
func contents(t testing.TB, l *Ledger) (records [][]byte, own int) {
	t.Helper()
	next := uint64(0)
	for r, err := range l.Records(context.Background(), 0) {
		require.NoError(t, err)
		require.Equal(t, next, r.Index)
		next++
		if bytes.Contains(r.Data, []byte(Recovered)) {
			own++
			continue
		}
		records = append(records, r.Data)
	}
	require.Equal(t, l.Size(), next)
	return records, own
}

func mustVerify(t testing.TB, fsys fileSystem, vkey string) Verdict {
	t.Helper()
	v, err := verify(context.Background(), fsys, vkey, nil)
	require.NoError(t, err)
	return v
}
