package anchor

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

func newTestFile(t testing.TB, log *testLog) (*File, string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "anchors")
	f, err := NewFile(path, dir, log.vkey(t), &FileOptions{UnsafeSameDevice: true})
	require.NoError(t, err)
	return f, path
}

// The file keeps what extends it, once, and gives back the newest, also after
// a crash in the middle of a line.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestFile(t *testing.T) {
	log := newTestLog(t, 0)
	f, path := newTestFile(t, log)
	kept, err := f.Kept(t.Context())
	require.NoError(t, err)
	require.Nil(t, kept)
	for range 5 {
		for range 2 {
			_, err := f.Submit(t.Context(), log.submission(t, 0))
			require.NoError(t, err)
		}
		log.grow(t, 7, "")
	}
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, 5, strings.Count(string(data), "\n"), "the same checkpoint is kept once")

	for cut := 1; cut < 30; cut += 7 {
		require.NoError(t, os.WriteFile(path, data[:len(data)-cut], 0o600))
		kept, err = f.Kept(t.Context())
		require.NoError(t, err)
		c, err := ledger.ParseCheckpoint(kept, log.vkey(t))
		require.NoError(t, err)
		require.EqualValues(t, 21, c.Size, "the last whole line")
		_, err = f.Submit(t.Context(), log.submission(t, 0))
		require.NoError(t, err)
		again, err := NewFile(path, t.TempDir(), log.vkey(t), &FileOptions{UnsafeSameDevice: true})
		require.NoError(t, err)
		kept, err = again.Kept(t.Context())
		require.NoError(t, err)
		c, err = ledger.ParseCheckpoint(kept, log.vkey(t))
		require.NoError(t, err)
		require.EqualValues(t, 35, c.Size)
	}
}

// What was written before a sync that failed is written again: a later sync
// that succeeds says nothing about it.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestFileAfterFailedSync(t *testing.T) {
	log := newTestLog(t, 3)
	f, path := newTestFile(t, log)
	_, err := f.Submit(t.Context(), log.submission(t, 0))
	require.NoError(t, err)
	f.failed = true
	for want := range 2 { // written once more, and no more
		kept, err := f.Submit(t.Context(), log.submission(t, 0))
		require.NoError(t, err)
		require.Equal(t, log.submission(t, 0).Checkpoint.Note, kept)
		p, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, 2, strings.Count(string(p), "\n"), want)
	}
}

// A fork, a rollback, a file of another ledger and a file that others can
// write are refused.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestFileAttacks(t *testing.T) {
	log := newTestLog(t, 20)
	f, path := newTestFile(t, log)
	_, err := f.Submit(t.Context(), log.submission(t, 0))
	require.NoError(t, err)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = f.Submit(t.Context(), log.fork(t, 10).submission(t, 0))
	require.ErrorIs(t, err, ErrFork)
	fork, ok := errors.AsType[*ForkError](err)
	require.True(t, ok)
	for _, evidence := range [][]byte{fork.Old, fork.New} {
		_, err := ledger.ParseCheckpoint(evidence, log.vkey(t))
		require.NoError(t, err, "the evidence is two signed notes")
	}
	_, err = f.Submit(t.Context(), newTestLog(t, 19).submission(t, 0))
	require.ErrorIs(t, err, ErrRollback)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)

	other := &testLog{key: testKey(5)}
	_, err = NewFile(path, t.TempDir(), other.vkey(t), &FileOptions{UnsafeSameDevice: true})
	require.ErrorContains(t, err, "no checkpoint of this ledger")
	require.NoError(t, os.WriteFile(path, []byte("{}\n"), 0o600))
	_, err = f.Submit(t.Context(), log.submission(t, 0))
	require.Error(t, err, "a file that was emptied of its checkpoints")
	require.NoError(t, os.Chmod(path, 0o666))
	_, err = f.Kept(t.Context())
	require.ErrorContains(t, err, "others")
}

// A file on the ledger's own device is no anchor.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestFileDevice(t *testing.T) {
	log := newTestLog(t, 3)
	dir := t.TempDir()
	_, err := NewFile(filepath.Join(dir, "a"), dir, log.vkey(t), nil)
	require.ErrorContains(t, err, "own device")
	require.True(t, notExist(filepath.Join(dir, "a")))
	_, err = NewFile(filepath.Join(dir, "a"), filepath.Join(dir, "missing"), log.vkey(t), nil)
	require.Error(t, err, "what cannot be told is refused")
	shm, err := os.MkdirTemp("/dev/shm", "anchor")
	if err != nil || refuseSameDevice(shm, dir) != nil {
		t.Skip("no second device here")
	}
	defer os.RemoveAll(shm)
	f, err := NewFile(filepath.Join(shm, "a"), dir, log.vkey(t), nil)
	require.NoError(t, err)
	_, err = f.Submit(t.Context(), log.submission(t, 0))
	require.NoError(t, err)

	// A link to the ledger's device, and a volume that is gone since.
	require.NoError(t, os.Symlink(filepath.Join(dir, "target"), filepath.Join(shm, "link")))
	_, err = NewFile(filepath.Join(shm, "link"), dir, log.vkey(t), nil)
	require.ErrorContains(t, err, "own device")
	mount := filepath.Join(t.TempDir(), "mount")
	require.NoError(t, os.Symlink(shm, mount))
	f, err = NewFile(filepath.Join(mount, "b"), dir, log.vkey(t), nil)
	require.NoError(t, err)
	require.NoError(t, os.Remove(mount))
	require.NoError(t, os.Mkdir(mount, 0o700))
	kept, err := f.Submit(t.Context(), log.submission(t, 0))
	require.ErrorContains(t, err, "own device")
	require.Nil(t, kept)
	require.True(t, notExist(filepath.Join(mount, "b")))
}

// An endpoint gets one CloudEvent with the note; only a status of 200 to 299
// counts, and nothing is followed.
//
// Controls: HIPAA 164.312(c)(1), 164.312(e)(1); NIST CSF 2.0 PR.DS-01, PR.DS-02.
func TestHTTP(t *testing.T) {
	log := newTestLog(t, 8)
	var status, calls int
	var got []byte
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		got, _ = io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != "Bearer x" || r.Header.Get("Content-Type") != "application/cloudevents+json; charset=utf-8" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		io.WriteString(w, strings.Repeat("x", calls*maxAnswer/2))
	}))
	defer server.Close()
	a, err := NewHTTP(server.URL+"/events?source=1", &HTTPOptions{Client: server.Client(), Authorize: func(r *http.Request) error {
		r.Header.Set("Authorization", "Bearer x")
		return nil
	}})
	require.NoError(t, err)
	status = http.StatusAccepted
	kept, err := a.Submit(t.Context(), log.submission(t, 0))
	require.NoError(t, err)
	require.Equal(t, log.opened(t, 8).Note, kept)
	var e struct {
		Specversion, ID, Source, Type string
		Data                          checkpointData
	}
	require.NoError(t, json.Unmarshal(got, &e))
	require.Equal(t, []string{"1.0", audit.TypeLogCheckpoint, testOrigin}, []string{e.Specversion, e.Type, e.Source})
	require.Equal(t, string(kept), e.Data.Note)
	for _, status = range []int{http.StatusTemporaryRedirect, http.StatusInternalServerError, http.StatusOK} {
		_, err = a.Submit(t.Context(), log.submission(t, 0))
		require.Error(t, err, "a redirect, a failure, an answer that is too long")
	}
	require.Equal(t, 4, calls)
	bad, err := NewHTTP(server.URL, &HTTPOptions{Client: server.Client()})
	require.NoError(t, err)
	_, err = bad.Submit(t.Context(), log.submission(t, 0))
	require.ErrorContains(t, err, "status 401")
	_, err = NewHTTP("http://siem.example", nil)
	require.Error(t, err)
	first, err := Event(log.opened(t, 8), time.Now())
	require.NoError(t, err)
	require.Contains(t, string(first), e.ID, "the same checkpoint has the same id")
}

// Proofs are read from tiles, in a directory and behind a server, and a tile
// that was changed is found.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestTiles(t *testing.T) {
	log := newTestLog(t, 70_000)
	dir := t.TempDir()
	log.tiles(t, dir)
	server := httptest.NewTLSServer(http.FileServerFS(os.DirFS(dir)))
	defer server.Close()
	remote, err := URL(server.URL, &URLOptions{Client: server.Client()})
	require.NoError(t, err)
	for _, source := range []Source{TilesOf(os.DirFS(dir)), remote} {
		signed, err := source.Checkpoint(t.Context())
		require.NoError(t, err)
		c, err := ledger.ParseCheckpoint(signed, log.vkey(t))
		require.NoError(t, err)
		for _, old := range []int64{0, 1, 255, 256, 257, 65_536, 69_999, 70_000} {
			prove := func(ctx context.Context, size uint64) ([][32]byte, error) { return source.Consistency(ctx, c, size) }
			require.NoError(t, Extends(t.Context(), "x", log.opened(t, old), c, prove), old)
		}
		_, err = source.Consistency(t.Context(), c, 70_001)
		require.Error(t, err)
	}
	path := filepath.Join(dir, "tile", "0", "000")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[40] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o600))
	_, err = remote.Consistency(t.Context(), log.opened(t, 70_000), 1)
	require.Error(t, err)
	require.NoError(t, os.WriteFile(path, make([]byte, 20<<10), 0o600))
	_, err = remote.Consistency(t.Context(), log.opened(t, 70_000), 1)
	require.Error(t, err, "a tile that is too long")
}

// FuzzLine: no file content panics, and none passes for a checkpoint that the
// ledger did not sign.
func FuzzLine(f *testing.F) {
	log := newTestLog(f, 3)
	line, err := json.Marshal(fileLine{time.Now(), string(log.opened(f, 3).Note)})
	require.NoError(f, err)
	f.Add(append(line, '\n'))
	f.Add([]byte("\n\n{\n"))
	key := log.vkey(f)
	f.Fuzz(func(t *testing.T, tail []byte) {
		if c, ok := newestLine(tail, key); ok {
			if _, err := ledger.ParseCheckpoint(c.Note, key); err != nil {
				t.Fatal("not signed")
			}
		}
	})
}
