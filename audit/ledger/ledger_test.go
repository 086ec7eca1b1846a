package ledger

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var (
	_ audit.Log          = (*Ledger)(nil)
	_ safeguard.Reporter = (*Ledger)(nil)
)

// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestAppendCloseReopen(t *testing.T) {
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "deep", "ledger")
	l, err := Open(dir, testKey(1), nil)
	require.NoError(t, err)
	require.NoError(t, l.Append(ctx, record(0), record(1)))
	require.EqualValues(t, 2, l.Size())
	require.NoError(t, l.Close(ctx))
	require.NoError(t, l.Close(ctx), "a second Close waits for the first")
	require.ErrorIs(t, l.Append(ctx, record(2)), ErrClosed)
	require.ErrorIs(t, l.Append(ctx), ErrClosed)

	l, err = Open(dir, testKey(1), nil)
	require.NoError(t, err)
	require.EqualValues(t, 2, l.Checkpoint().Size)
	require.NoError(t, l.Append(ctx, record(2)))
	records, own := contents(t, l)
	require.Equal(t, [][]byte{record(0), record(1), record(2)}, records)
	require.Empty(t, own, "an orderly end needs no recovery")
	require.NoError(t, l.Close(ctx))

	v, err := Verify(ctx, dir, l.VerifierKey(), nil)
	require.NoError(t, err)
	require.True(t, v.OK, v.String())
	require.EqualValues(t, 3, v.Checkpoint.Size)
	require.Zero(t, v.Unsigned)
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Dir(dir): 0o700, filepath.Join(dir, segmentName(0)): 0o600} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, want, info.Mode().Perm(), path)
	}
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestConcurrentAppendsStayTogether(t *testing.T) {
	m := newMemFS()
	l := mustOpen(t, m)
	const writers, calls = 16, 20
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for c := range calls {
				a := []byte{byte(w), byte(c), 0}
				b := []byte{byte(w), byte(c), 1}
				if err := l.Append(context.Background(), a, b); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	records, _ := contents(t, l)
	require.Len(t, records, 2*writers*calls)
	var next [writers]byte
	for i := 0; i < len(records); i += 2 {
		w, c := records[i][0], records[i][1]
		require.Equal(t, []byte{w, c, 0}, records[i])
		require.Equal(t, []byte{w, c, 1}, records[i+1], "the records of one call stand together")
		require.Equal(t, next[w], c, "the calls of one writer stand in order")
		next[w]++
	}
	require.NoError(t, l.Close(context.Background()))
	require.True(t, mustVerify(t, m, l.VerifierKey()).OK)
}

// The tree and the note are those of golang.org/x/mod/sumdb.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestInteropWithTlogAndNote(t *testing.T) {
	m := newMemFS()
	l := mustOpen(t, m)
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range indexes {
			out = append(out, stored[i])
		}
		return out, nil
	})
	for i := range 130 {
		require.NoError(t, l.Append(t.Context(), record(i)))
		hashes, err := tlog.StoredHashes(int64(i), record(i), reader)
		require.NoError(t, err)
		stored = append(stored, hashes...)
		require.NoError(t, l.sync(t.Context()))
		want, err := tlog.TreeHash(int64(i+1), reader)
		require.NoError(t, err)
		require.Equal(t, hash(want), l.Checkpoint().Root, "size %d", i+1)
	}
	c := l.Checkpoint()
	verifier, err := note.NewVerifier(l.VerifierKey())
	require.NoError(t, err)
	n, err := note.Open(c.Note, note.VerifierList(verifier))
	require.NoError(t, err)
	require.Equal(t, c.text(), n.Text)
	require.NoError(t, l.Close(t.Context()))
	require.Greater(t, mustVerify(t, m, l.VerifierKey()).Segments, 1, "the test must rotate")
}

// sync signs all durable records.
func (l *Ledger) sync(context.Context) error { return l.sign(true) }

// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestCheckpointsAreSignedOnATimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := open(newMemFS(), testKey(1), nil)
		require.NoError(t, err)
		require.NoError(t, l.Append(t.Context(), record(0)))
		time.Sleep(999 * time.Millisecond)
		synctest.Wait()
		require.Zero(t, l.Checkpoint().Size)
		time.Sleep(time.Millisecond)
		synctest.Wait()
		require.EqualValues(t, 1, l.Checkpoint().Size)
		count := l.counters.checkpoints.Load()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, count, l.counters.checkpoints.Load(), "nothing new, nothing signed")
		require.NoError(t, l.Close(t.Context()))
	})
}

// A signer can fail, sign wrongly, or come back.
type flakySigner struct {
	crypto.Signer
	mu   sync.Mutex
	fail error
	lie  bool
}

func (s *flakySigner) set(fail error, lie bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail, s.lie = fail, lie
}

func (s *flakySigner) Sign(r io.Reader, msg []byte, o crypto.SignerOpts) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return nil, s.fail
	}
	sig, err := s.Signer.Sign(r, msg, o)
	if s.lie {
		sig[0] ^= 1
	}
	return sig, err
}

// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestSignerThatFails(t *testing.T) {
	down := errors.New("key service down")
	s := &flakySigner{Signer: testKey(1)}
	m := newMemFS()
	l, err := open(m, s, quiet())
	require.NoError(t, err)

	s.set(down, false)
	require.NoError(t, l.Append(t.Context(), record(0)), "acknowledgements do not rest on the signer")
	require.ErrorIs(t, l.sync(t.Context()), down)
	s.set(nil, true)
	require.ErrorContains(t, l.sign(true), "does not verify")
	require.Zero(t, l.Checkpoint().Size)
	s.set(nil, false)
	require.NoError(t, l.sign(false))
	require.EqualValues(t, 1, l.Checkpoint().Size)

	s.set(down, false)
	require.NoError(t, l.Append(t.Context(), record(1)))
	require.ErrorIs(t, l.Close(t.Context()), down)
	require.True(t, mustVerify(t, m, l.VerifierKey()).OK)
}

// A service that starts while the key service is down keeps its account, as one
// that ran before does, and says that nothing is signed. A new ledger needs the
// key, and so does one whose signer signs wrongly.
//
// Controls: HIPAA 164.312(b), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestOpenWithoutTheSigner(t *testing.T) {
	down := errors.New("key service down")
	m, _ := closedLedger(t, 3)
	s := &flakySigner{Signer: testKey(1)}
	s.set(down, false)
	_, err := open(newMemFS(), s, quiet())
	require.ErrorIs(t, err, down)

	l, err := open(m, s, quiet())
	require.NoError(t, err)
	appendRange(t, l, 3, 5)
	require.EqualValues(t, 3, l.Checkpoint().Size)
	observations, err := l.Report(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, observations[1].Counters["checkpoints.failed"])
	require.EqualValues(t, 2, observations[1].Counters["unsigned"])
	s.set(nil, false)
	require.NoError(t, l.Close(t.Context()))
	require.EqualValues(t, 5, l.Checkpoint().Size)
	require.True(t, mustVerify(t, m, l.VerifierKey()).OK)

	s.set(nil, true)
	_, err = open(m, s, quiet())
	require.ErrorContains(t, err, "does not verify")
	s.set(nil, false)
	l, err = open(m, s, quiet())
	require.NoError(t, err, "the refused opening let the directory go")
	require.NoError(t, l.Close(t.Context()))
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestAppendBounds(t *testing.T) {
	l := mustOpen(t, newMemFS())
	defer l.Close(context.Background())
	ctx := t.Context()
	require.NoError(t, l.Append(ctx))
	require.ErrorIs(t, l.Append(ctx, []byte("a"), nil), ErrSize)
	require.ErrorIs(t, l.Append(ctx, make([]byte, defaultRecordSize+1)), ErrSize)
	require.NoError(t, l.Append(ctx, make([]byte, defaultRecordSize)), "larger than a segment, and still kept")
	many := make([][]byte, 70)
	for i := range many {
		many[i] = make([]byte, defaultRecordSize)
	}
	require.ErrorIs(t, l.Append(ctx, many...), ErrSize)
	require.EqualValues(t, 1, l.Size())
	ended, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, l.Append(ended, record(0)), context.Canceled)
	require.EqualValues(t, 1, l.Size())
}

// A disk that hangs costs the caller its deadline, and the record nothing.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestHungDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemFS()
		l := mustOpen(t, m)
		gate := make(chan struct{})
		l.active.file.file = hungFile{l.active.file.file, gate}

		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, l.Append(ctx, record(0)), context.DeadlineExceeded)
		require.Equal(t, 2*time.Second, time.Since(start))

		// The next group fills up; then even joining it has to wait.
		big := make([]byte, defaultRecordSize)
		for range 70 {
			go l.Append(context.Background(), big)
		}
		synctest.Wait()
		require.LessOrEqual(t, len(l.pending.buf), maxBody+batchHeaderSize)
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, l.Append(ctx, big), context.DeadlineExceeded)

		require.ErrorIs(t, l.Close(ctx), context.DeadlineExceeded)
		close(gate)
		require.NoError(t, l.Close(t.Context()))
		v := mustVerify(t, m, l.VerifierKey())
		require.True(t, v.OK, v.String())
		require.EqualValues(t, 1+63, v.Size, "those who had joined before the end are kept")
	})
}

// A hungFile does not sync before its gate opens.
type hungFile struct {
	file
	gate chan struct{}
}

func (h hungFile) Sync() error {
	<-h.gate
	return h.file.Sync()
}

// Controls: HIPAA 164.312(b), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestOpenRefuses(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	for _, c := range []struct {
		name string
		key  crypto.Signer
		opts *Options
		text string
	}{
		{"no key", nil, nil, "signer: nil"},
		{"another kind of key", ec, nil, "not an ed25519 key"},
		{"an empty key", ed25519.PrivateKey(nil), nil, "not an ed25519 key"},
		{"a short key", testKey(1)[:32], nil, "not an ed25519 key"},
		{"no key behind a pointer", (*ed25519.PrivateKey)(nil), nil, "not an ed25519 key"},
		{"a short interval", testKey(1), &Options{CheckpointInterval: 1}, "CheckpointInterval"},
		{"a long interval", testKey(1), &Options{CheckpointInterval: 2 * time.Hour}, "CheckpointInterval"},
		{"a negative interval", testKey(1), &Options{CheckpointInterval: -1}, "CheckpointInterval"},
		{"a small segment", testKey(1), &Options{SegmentSize: 1}, "SegmentSize"},
		{"a large segment", testKey(1), &Options{SegmentSize: 1 << 40}, "SegmentSize"},
		{"small records", testKey(1), &Options{MaxRecordSize: 1}, "MaxRecordSize"},
		{"large records", testKey(1), &Options{MaxRecordSize: 1 << 30}, "MaxRecordSize"},
		{"an origin with a space", testKey(1), &Options{Origin: "a b"}, "Origin"},
		{"an origin with a line feed", testKey(1), &Options{Origin: "a\nb"}, "Origin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := open(newMemFS(), c.key, c.opts)
			require.ErrorContains(t, err, "ledger: open: ")
			require.ErrorContains(t, err, c.text)
		})
	}
}

// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestOneWriterOneKeyOneOrigin(t *testing.T) {
	dir := newDir(t)
	l, err := Open(dir, testKey(1), quiet())
	require.NoError(t, err)
	_, err = Open(dir, testKey(1), quiet())
	require.ErrorIs(t, err, ErrLocked)
	require.NoError(t, l.Append(t.Context(), record(0)))
	require.NoError(t, l.Close(t.Context()))

	_, err = Open(dir, testKey(2), quiet())
	require.ErrorIs(t, err, ErrWrongKey)
	_, err = Open(dir, testKey(1), &Options{Origin: "clinic.example/other"})
	require.ErrorContains(t, err, "Origin is not the one of the directory")
	l, err = Open(dir, testKey(1), nil)
	require.NoError(t, err)
	require.Equal(t, "clinic.example/charts", l.Checkpoint().Origin)
	require.NoError(t, l.Close(t.Context()))
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestDirectoryThatCannotBe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err := Open(filepath.Join(path, "ledger"), testKey(1), nil)
	require.ErrorContains(t, err, "ledger: open: ")
	_, err = Open(path, testKey(1), nil)
	require.ErrorContains(t, err, "ledger: open: ")
	_, err = Verify(t.Context(), filepath.Join(path, "ledger"), vkeyOf(t, 1), nil)
	require.ErrorContains(t, err, "ledger: verify: ")
	_, err = Verify(t.Context(), t.TempDir(), "not a key", nil)
	require.ErrorContains(t, err, "ledger: verify: key: ")
}

func vkeyOf(t testing.TB, seed byte) string {
	t.Helper()
	s, err := newCheckpointSigner(quiet().Origin, testKey(seed))
	require.NoError(t, err)
	return s.vk
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestRecordsFromTheMiddle(t *testing.T) {
	l := mustOpen(t, newMemFS())
	defer l.Close(context.Background())
	appendRange(t, l, 0, 90)
	for _, from := range []uint64{0, 1, 37, 89, 90, 1000} {
		next := from
		for r, err := range l.Records(t.Context(), from) {
			require.NoError(t, err)
			require.Equal(t, next, r.Index)
			require.Equal(t, record(int(next)), r.Data)
			next++
		}
		require.Equal(t, max(from, 90), next)
	}
	n := 0
	for range l.Records(t.Context(), 0) {
		if n++; n == 3 {
			break
		}
	}
	require.Equal(t, 3, n)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range l.Records(ended, 0) {
		require.ErrorIs(t, err, context.Canceled)
	}
}

// Controls: HIPAA 164.312(b), 164.308(a)(8); NIST CSF 2.0 PR.PS-04.
func TestReport(t *testing.T) {
	l := mustOpen(t, newMemFS())
	appendRange(t, l, 0, 3)
	require.NoError(t, l.sync(t.Context()))
	appendRange(t, l, 3, 5)
	observations, err := l.Report(t.Context())
	require.NoError(t, err)
	require.Len(t, observations, 2)
	require.Equal(t, "false", observations[0].Settings["poisoned"])
	require.EqualValues(t, 5, observations[0].Counters["size"])
	require.EqualValues(t, 5, observations[0].Counters["syncs"])
	require.EqualValues(t, 3, observations[1].Counters["checkpoint.size"])
	require.EqualValues(t, 2, observations[1].Counters["unsigned"])
	require.NoError(t, l.Close(t.Context()))
	_, err = l.Report(t.Context())
	require.NoError(t, err, "a closed ledger reports")
}
