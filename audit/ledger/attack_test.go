package ledger

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// brisk are options under which a checkpoint is written all the time.
func brisk() *Options {
	return &Options{Origin: quiet().Origin, CheckpointInterval: minInterval, SegmentSize: minSegmentSize}
}

// newDir is the path of a directory that is not there yet.
func newDir(t testing.TB) string { return filepath.Join(t.TempDir(), "ledger") }

// eventually waits for what another goroutine of a real ledger does.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	require.Eventually(t, done, 10*time.Second, time.Millisecond, what)
}

// requireIntact demands that a directory holds exactly these records, signed.
func requireIntact(t *testing.T, dir string, records ...string) {
	t.Helper()
	v, err := Verify(t.Context(), dir, vkeyOf(t, 1), nil)
	require.NoError(t, err)
	require.True(t, v.OK, v.String())
	require.EqualValues(t, len(records), v.Checkpoint.Size)
	l, err := Open(dir, testKey(1), nil)
	require.NoError(t, err)
	defer l.Close(context.Background())
	got, own := contents(t, l)
	require.Empty(t, own)
	require.Len(t, got, len(records))
	for i, want := range records {
		require.Equal(t, want, string(got[i]))
	}
}

// The directory of an open ledger is moved away and another ledger is made in
// its place: each writes into its own files, and neither into the other's.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestMovedDirectory(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open directory cannot be moved")
	}
	dir := newDir(t)
	a, err := Open(dir, testKey(1), brisk())
	require.NoError(t, err)
	require.NoError(t, a.Append(t.Context(), []byte("a0")))
	require.NoError(t, os.Rename(dir, dir+".away"))
	b, err := Open(dir, testKey(1), brisk())
	require.NoError(t, err)
	require.NoError(t, b.Append(t.Context(), []byte("b0")))
	require.NoError(t, a.Append(t.Context(), []byte("a1"), make([]byte, minSegmentSize)), "the next segment too")
	require.NoError(t, a.Append(t.Context(), []byte("a2")))
	eventually(t, "both sign", func() bool { return a.Checkpoint().Size == 4 && b.Checkpoint().Size == 1 })
	_, err = Open(dir+".away", testKey(1), nil)
	require.ErrorIs(t, err, ErrLocked, "the lock went with the directory")
	for _, l := range []*Ledger{a, b} {
		for _, err := range l.Records(t.Context(), 0) {
			require.NoError(t, err)
		}
	}
	require.NoError(t, a.Close(t.Context()))
	require.NoError(t, b.Close(t.Context()))
	requireIntact(t, dir, "b0")
	requireIntact(t, dir+".away", "a0", "a1", string(make([]byte, minSegmentSize)), "a2")
}

// A ledger that was opened by a relative path stays where it is when the
// process changes its working directory to one that has such a path too.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestChangedWorkingDirectory(t *testing.T) {
	here, there := t.TempDir(), t.TempDir()
	t.Chdir(there)
	b, err := Open("ledger", testKey(1), brisk())
	require.NoError(t, err)
	require.NoError(t, b.Append(t.Context(), []byte("b0")))
	require.NoError(t, b.Close(t.Context()))
	t.Chdir(here)
	a, err := Open("ledger", testKey(1), brisk())
	require.NoError(t, err)
	t.Chdir(there)
	require.NoError(t, a.Append(t.Context(), []byte("a0"), make([]byte, minSegmentSize)))
	require.NoError(t, a.Append(t.Context(), []byte("a1")))
	require.NoError(t, a.Close(t.Context()))
	requireIntact(t, filepath.Join(there, "ledger"), "b0")
	requireIntact(t, filepath.Join(here, "ledger"), "a0", string(make([]byte, minSegmentSize)), "a1")
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestRecordsOfAClosedLedger(t *testing.T) {
	l, err := Open(newDir(t), testKey(1), brisk())
	require.NoError(t, err)
	require.NoError(t, l.Append(t.Context(), record(0)))
	require.NoError(t, l.Close(t.Context()))
	n := 0
	for _, err := range l.Records(t.Context(), 0) {
		require.ErrorIs(t, err, ErrClosed)
		n++
	}
	require.Equal(t, 1, n)
}

// What is not the ledger's own in its directory stays, whatever it is called.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestFilesOfOthersStay(t *testing.T) {
	dir := newDir(t)
	l, err := Open(dir, testKey(1), brisk())
	require.NoError(t, err)
	require.NoError(t, l.Close(t.Context()))
	foreign := []string{"thesis.tmp", ".tmp", "x.seg.tmp", "7.seg.tmp", "checkpoint.old.tmp", "recovery", "recovery.tmp", "lock.tmp"}
	own := []string{checkpointName + tempSuffix, leavesName + tempSuffix, segmentName(7) + tempSuffix}
	for _, name := range append(foreign, own...) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600))
	}
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "backup.tmp", "full"), 0o700))
	l, err = Open(dir, testKey(1), brisk())
	require.NoError(t, err)
	require.NoError(t, l.Append(t.Context(), record(0)))
	require.NoError(t, l.Close(t.Context()))
	for _, name := range append(foreign, filepath.Join("backup.tmp", "full")) {
		_, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
	}
	for _, name := range own {
		require.NoFileExists(t, filepath.Join(dir, name))
	}
}

// Whoever can write to the directory can exchange the files in it.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestDirectoryOfOthers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes")
	}
	dir := newDir(t)
	l, err := Open(dir, testKey(1), brisk())
	require.NoError(t, err)
	require.NoError(t, l.Close(t.Context()))
	for _, mode := range []os.FileMode{0o777, 0o770, 0o702, 0o777 | os.ModeSticky} {
		require.NoError(t, os.Chmod(dir, mode))
		_, err = Open(dir, testKey(1), nil)
		require.ErrorContains(t, err, "ledger: open: others than its owner can write")
		v, err := Verify(t.Context(), dir, l.VerifierKey(), nil)
		require.NoError(t, err)
		require.True(t, v.OK, "a copy may lie anywhere")
	}
	for _, mode := range []os.FileMode{0o755, 0o750, 0o700} {
		require.NoError(t, os.Chmod(dir, mode))
		l, err = Open(dir, testKey(1), nil)
		require.NoError(t, err)
		require.NoError(t, l.Close(t.Context()))
	}
}

// beneath are what can be done to a file that a ledger has open.
var beneath = map[string]func(t *testing.T, path string){
	"removed": func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
	"renamed": func(t *testing.T, path string) { require.NoError(t, os.Rename(path, path+".away")) },
	"replaced by a copy": func(t *testing.T, path string) {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path+".copy", data, 0o600))
		require.NoError(t, os.Rename(path+".copy", path))
	},
	"emptied": func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 0)) },
	"cut": func(t *testing.T, path string) {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.NoError(t, os.Truncate(path, info.Size()-1))
	},
}

// The file that is written to is taken away or cut beneath an open ledger: from
// then on nothing is acknowledged and nothing is signed.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func TestSegmentTakenAway(t *testing.T) {
	for what, attack := range beneath {
		t.Run(what, func(t *testing.T) {
			dir := newDir(t)
			l, err := Open(dir, testKey(1), quiet())
			require.NoError(t, err)
			appendRange(t, l, 0, 3)
			attack(t, filepath.Join(dir, segmentName(0)))
			l.look.Store(true) // as the watch does, and five milliseconds do
			for range 2 {
				err = l.Append(t.Context(), record(3))
				require.ErrorIs(t, err, ErrPoisoned)
				require.ErrorIs(t, err, ErrDamaged)
				require.ErrorContains(t, err, segmentName(0))
			}
			require.ErrorIs(t, l.Close(t.Context()), ErrPoisoned)
			require.Zero(t, l.Checkpoint().Size)
		})
	}
}

// Bytes that somebody else put behind the records would end in the middle of
// the ledger.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func TestSegmentExtended(t *testing.T) {
	dir := newDir(t)
	l, err := Open(dir, testKey(1), quiet())
	require.NoError(t, err)
	appendRange(t, l, 0, 3)
	f, err := os.OpenFile(filepath.Join(dir, segmentName(0)), os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	_, err = f.WriteString("more")
	require.NoError(t, err)
	require.NoError(t, f.Close())
	l.look.Store(true)
	require.ErrorIs(t, l.Append(t.Context(), record(3)), ErrDamaged)
	require.ErrorIs(t, l.Close(t.Context()), ErrPoisoned)
	l, err = Open(dir, testKey(1), quiet())
	require.NoError(t, err)
	records, _ := contents(t, l)
	require.Len(t, records, 3, "nothing acknowledged is lost")
	require.NoError(t, l.Close(t.Context()))
}

// Nobody appends: it is noticed within the interval of the checkpoints.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func TestTakenAwayFromAnIdleLedger(t *testing.T) {
	for _, name := range []string{segmentName(0), leavesName} {
		for what, attack := range beneath {
			t.Run(name+" "+what, func(t *testing.T) {
				dir := newDir(t)
				l, err := Open(dir, testKey(1), brisk())
				require.NoError(t, err)
				appendRange(t, l, 0, 3)
				eventually(t, "it signs", func() bool { return l.Checkpoint().Size == 3 })
				attack(t, filepath.Join(dir, name))
				eventually(t, "it notices", func() bool { return l.failed() != nil })
				require.ErrorIs(t, l.Append(t.Context(), record(3)), ErrDamaged)
				err = l.Close(t.Context())
				require.ErrorIs(t, err, ErrPoisoned)
				require.ErrorContains(t, err, name)
				require.EqualValues(t, 3, l.Checkpoint().Size)
			})
		}
	}
}

// Somebody leaves what an earlier build kept beside the ledger for Open to
// record: Open records only what it finds itself.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestNoRecordIsTakenFromAFile(t *testing.T) {
	for _, forged := range []string{
		`1`,
		`{"type":"forged"}`,
		`{"specversion":"1.0","id":"a","source":"clinic.example/charts","type":"` + Recovered + `","time":"2026-01-01T00:00:00Z","data":{"reason":"forged"}}`,
	} {
		m, _ := closedLedger(t, 3)
		m.put("recovery", []byte(forged+"\n"))
		l := mustOpen(t, m)
		require.EqualValues(t, 3, l.Size())
		require.EqualValues(t, 3, l.Checkpoint().Size)
		require.NoError(t, l.Close(t.Context()))
	}
}

// Somebody who cannot sign puts a batch with right checksums behind a ledger
// that was closed in order. It cannot be told from what a crash leaves, so it
// stays; but the next signature does not make it look like the others.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func TestRecordsNobodySigned(t *testing.T) {
	m, vkey := closedLedger(t, 3)
	data := m.names[segmentName(0)].data
	body := appendFrame(appendFrame(nil, []byte("forged")), []byte("too"))
	batch := append(make([]byte, batchHeaderSize), body...)
	batchHeader{3, 2, uint32(len(body)), checksum(body)}.put(batch, marker(data[24:32]))
	m.put(segmentName(0), append(data, batch...))
	require.EqualValues(t, 2, mustVerify(t, m, vkey).Unsigned)

	l := mustOpen(t, m)
	require.EqualValues(t, 6, l.Checkpoint().Size)
	require.Equal(t, unsigned{Entry: 3, Records: 2}, lastOf[unsigned](t, l, Unsigned))
	require.NoError(t, l.Close(t.Context()))
	l = mustOpen(t, m)
	_, own := contents(t, l)
	require.Equal(t, []string{Unsigned}, own, "said once")
	require.NoError(t, l.Close(t.Context()))
}
