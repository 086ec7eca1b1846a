package anchor

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

const testOrigin = "clinic.example/charts"

func testKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

// A testLog is a log made with golang.org/x/mod alone: a Source of checkpoints
// and proofs, and a tile directory.
type testLog struct {
	mu     sync.Mutex
	hashes []tlog.Hash
	size   int64
	key    ed25519.PrivateKey
	down   error
}

func newTestLog(t testing.TB, records int) *testLog {
	l := &testLog{key: testKey(1)}
	l.grow(t, records, "")
	return l
}

// fork returns a log with another history behind its first size records.
func (l *testLog) fork(t testing.TB, size int) *testLog {
	f := &testLog{key: l.key}
	f.grow(t, size, "")
	f.grow(t, int(l.size)-size+5, "forged")
	return f
}

func (l *testLog) grow(t testing.TB, records int, salt string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for range records {
		h, err := tlog.StoredHashes(l.size, fmt.Appendf(nil, "record %d%s", l.size, salt), l)
		require.NoError(t, err)
		l.hashes = append(l.hashes, h...)
		l.size++
	}
}

func (l *testLog) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		list[i] = l.hashes[x]
	}
	return list, nil
}

func (l *testLog) vkey(t testing.TB) string {
	t.Helper()
	k, err := note.NewEd25519VerifierKey(testOrigin, l.key.Public().(ed25519.PublicKey))
	require.NoError(t, err)
	return k
}

// An edSigner signs notes with an ed25519 key.
type edSigner struct {
	note.Verifier
	key ed25519.PrivateKey
}

func (s edSigner) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

// at returns the signed checkpoint of the first size records.
func (l *testLog) at(size int64) ([]byte, error) {
	root, err := tlog.TreeHash(size, l)
	if err != nil {
		return nil, err
	}
	vkey, err := note.NewEd25519VerifierKey(testOrigin, l.key.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, err
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", testOrigin, size, base64.StdEncoding.EncodeToString(root[:]))
	return note.Sign(&note.Note{Text: text}, edSigner{v, l.key})
}

func (l *testLog) Checkpoint(context.Context) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down != nil {
		return nil, l.down
	}
	return l.at(l.size)
}

func (l *testLog) Consistency(_ context.Context, c ledger.Checkpoint, old uint64) ([][32]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if old == 0 || old == c.Size {
		return nil, nil
	}
	p, err := tlog.ProveTree(int64(c.Size), int64(old), l)
	list := make([][32]byte, len(p))
	for i := range p {
		list[i] = p[i]
	}
	return list, err
}

// opened is the checkpoint of size records, opened.
func (l *testLog) opened(t testing.TB, size int64) ledger.Checkpoint {
	t.Helper()
	signed, err := l.at(size)
	require.NoError(t, err)
	c, err := ledger.ParseCheckpoint(signed, l.vkey(t))
	require.NoError(t, err)
	return c
}

// submission asks for the checkpoint of all records.
func (l *testLog) submission(t testing.TB, last uint64) Submission {
	t.Helper()
	c := l.opened(t, l.size)
	return Submission{c, last, func(ctx context.Context, old uint64) ([][32]byte, error) {
		return l.Consistency(ctx, c, old)
	}}
}

// tiles writes the log in the layout of tlog-tiles.
func (l *testLog) tiles(t testing.TB, dir string) {
	t.Helper()
	for _, tile := range tlog.NewTiles(tileHeight, 0, l.size) {
		data, err := tlog.ReadTileData(tile, l)
		require.NoError(t, err)
		path := filepath.Join(dir, filepath.FromSlash(tilePath(tile)))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, data, 0o600))
	}
	signed, err := l.at(l.size)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "checkpoint"), signed, 0o600))
}

// cosignerKey is the verifier key of a witness.
func cosignerKey(name string, key ed25519.PrivateKey) string {
	typed := append([]byte{4}, key.Public().(ed25519.PublicKey)...)
	return fmt.Sprintf("%s+%08x+%s", name, cosignerHash(name, typed), base64.StdEncoding.EncodeToString(typed))
}

func cosignerHash(name string, typed []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), typed...))
	return binary.BigEndian.Uint32(sum[:])
}

// cosign makes a signature line from the words of the specification.
func cosign(name string, key ed25519.PrivateKey, stamp int64, text string) string {
	msg := "cosignature/v1\ntime " + strconv.FormatInt(stamp, 10) + "\n" + text
	typed := append([]byte{4}, key.Public().(ed25519.PublicKey)...)
	raw := binary.BigEndian.AppendUint32(nil, cosignerHash(name, typed))
	raw = binary.BigEndian.AppendUint64(raw, uint64(stamp))
	raw = append(raw, ed25519.Sign(key, []byte(msg))...)
	return "— " + name + " " + base64.StdEncoding.EncodeToString(raw) + "\n"
}

// A fakeAnchor keeps in memory and fails on demand.
type fakeAnchor struct {
	name string

	mu   sync.Mutex
	kept []ledger.Checkpoint
	err  error
	lie  []byte
}

func (a *fakeAnchor) Name() string { return a.name }

func (a *fakeAnchor) Submit(_ context.Context, s Submission) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err != nil {
		return nil, a.err
	}
	a.kept = append(a.kept, s.Checkpoint)
	if a.lie != nil {
		return a.lie, nil
	}
	return s.Checkpoint.Note, nil
}

func (a *fakeAnchor) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = err
}

func (a *fakeAnchor) sizes() []uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []uint64
	for _, c := range a.kept {
		list = append(list, c.Size)
	}
	return list
}

var errDown = errors.New("down")

// notExist reports whether the file is missing.
func notExist(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}
