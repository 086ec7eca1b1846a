package ledger

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
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

// ownType returns the type of a record that the ledger wrote by itself.
func ownType(record []byte) string {
	var e struct{ Type string }
	if json.Unmarshal(record, &e) != nil || e.Type != Recovered && e.Type != Unsigned {
		return ""
	}
	return e.Type
}

// contents reads everything, and of the ledger's own records the type.
func contents(t testing.TB, l *Ledger) (records [][]byte, own []string) {
	t.Helper()
	next := uint64(0)
	for r, err := range l.Records(context.Background(), 0) {
		require.NoError(t, err)
		require.Equal(t, next, r.Index)
		next++
		if is := ownType(r.Data); is != "" {
			own = append(own, is)
			continue
		}
		records = append(records, r.Data)
	}
	require.Equal(t, l.Size(), next)
	return records, own
}

// lastOf returns the data of the last record of a type, which must be a valid
// CloudEvent of the ledger.
func lastOf[T any](t testing.TB, l *Ledger, kind string) (data T) {
	t.Helper()
	var e event.Event
	for r, err := range l.Records(context.Background(), 0) {
		require.NoError(t, err)
		if ownType(r.Data) == kind {
			require.NoError(t, json.Unmarshal(r.Data, &e))
		}
	}
	require.NoError(t, e.Validate())
	require.Equal(t, kind, e.Type())
	require.Equal(t, quiet().Origin, e.Source())
	require.NoError(t, e.DataAs(&data))
	return data
}

func mustVerify(t testing.TB, fsys fileSystem, vkey string) Verdict {
	t.Helper()
	v, err := verify(context.Background(), fsys, vkey, nil)
	require.NoError(t, err)
	return v
}
