package tlogtools

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/stretchr/testify/require"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	origin = "clinic.example/charts"
	// size has three levels of tiles, and partial ones at each.
	size = 100_000
)

// A published ledger, and the key that verifies it.
type published struct {
	dir, tiles, vkey string
	checkpoint       ledger.Checkpoint
}

// publish makes a ledger of records of some 700 bytes.
func publish(t *testing.T, n int) published {
	t.Helper()
	tmp := t.TempDir()
	key, err := ledger.CreateKey(filepath.Join(tmp, "key.pem"))
	require.NoError(t, err)
	p := published{dir: filepath.Join(tmp, "ledger"), tiles: filepath.Join(tmp, "tiles")}
	l, err := ledger.Open(p.dir, key, &ledger.Options{Origin: origin})
	require.NoError(t, err)
	pad := strings.Repeat("x", 680)
	for from := 0; from < n; from += 1000 {
		var batch [][]byte
		for i := from; i < min(from+1000, n); i++ {
			batch = append(batch, record(i, pad))
		}
		require.NoError(t, l.Append(t.Context(), batch...))
	}
	require.NoError(t, l.Close(t.Context()))
	p.vkey = l.VerifierKey()
	start := time.Now()
	p.checkpoint, err = ledger.Publish(t.Context(), p.dir, p.tiles, p.vkey)
	require.NoError(t, err)
	require.EqualValues(t, n, p.checkpoint.Size)
	t.Logf("published %d records in %v", n, time.Since(start).Round(time.Millisecond))
	return p
}

func record(i int, pad string) []byte { return fmt.Appendf(nil, `{"n":%d,"pad":%q}`, i, pad) }

// An fsckSource is a directory or a server to fsck.
type fsckSource interface {
	ReadCheckpoint(ctx context.Context) ([]byte, error)
	ReadTile(ctx context.Context, l, i uint64, p uint8) ([]byte, error)
	ReadEntryBundle(ctx context.Context, i uint64, p uint8) ([]byte, error)
}

// runFsck returns nil if tessera's fsck accepts the source in time.
func runFsck(t *testing.T, source fsckSource, vkey string, limit time.Duration) error {
	t.Helper()
	v, err := note.NewVerifier(vkey)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- fsck.New(origin, v, source, leafHashes, fsck.Opts{N: 16}).Check(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leafHashes hashes the records of an entry bundle.
func leafHashes(bundle []byte) ([][]byte, error) {
	var b api.EntryBundle
	if err := b.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	var hashes [][]byte
	for _, e := range b.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(e))
	}
	return hashes, nil
}

// serve serves a file system over HTTP.
func serve(t *testing.T, fsys fs.FS) fsckSource {
	t.Helper()
	server := httptest.NewServer(http.FileServerFS(fsys))
	t.Cleanup(server.Close)
	root, err := url.Parse(server.URL + "/")
	require.NoError(t, err)
	f, err := client.NewHTTPFetcher(root, server.Client())
	require.NoError(t, err)
	return f
}

// tessera's fsck reads all of a ledger: the published directory, the same over
// HTTP, and the ledger itself through TileFS.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestFsckAccepts(t *testing.T) {
	p := publish(t, size)
	view, err := ledger.TileFS(p.dir)
	require.NoError(t, err)
	defer view.Close()
	for _, c := range []struct {
		name   string
		source fsckSource
	}{
		{"directory", client.FileFetcher{Root: p.tiles}},
		{"directory over HTTP", serve(t, os.DirFS(p.tiles))},
		{"TileFS over HTTP", serve(t, view)},
	} {
		start := time.Now()
		require.NoError(t, runFsck(t, c.source, p.vkey, 5*time.Minute), c.name)
		t.Logf("%s: %d records in %v", c.name, size, time.Since(start).Round(time.Millisecond))
	}
}

// Whatever one file of a published directory becomes, fsck does not accept it.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestFsckRefuses(t *testing.T) {
	p := publish(t, 3000)
	require.NoError(t, runFsck(t, client.FileFetcher{Root: p.tiles}, p.vkey, time.Minute))
	var files []string
	require.NoError(t, filepath.WalkDir(p.tiles, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	}))
	rng := rand.New(rand.NewPCG(1, 2))
	refused, hung := 0, 0
	for i, path := range files {
		good, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, mutilate(path, good, i%3, rng))
		err = runFsck(t, client.FileFetcher{Root: p.tiles}, p.vkey, 10*time.Second)
		require.Error(t, err, path)
		refused++
		if err == context.DeadlineExceeded {
			hung++
		}
		require.NoError(t, os.WriteFile(path, good, 0o600))
	}
	t.Logf("%d tampered directories refused, %d of them by running out of time", refused, hung)
	require.NoError(t, runFsck(t, client.FileFetcher{Root: p.tiles}, p.vkey, time.Minute))
}

// mutilate flips a bit of a file, cuts it, or removes it.
func mutilate(path string, good []byte, how int, rng *rand.Rand) error {
	switch how {
	case 0:
		return os.Remove(path)
	case 1:
		return os.WriteFile(path, good[:rng.IntN(len(good))], 0o600)
	}
	changed := append([]byte(nil), good...)
	changed[rng.IntN(len(good))] ^= 1 << rng.IntN(8)
	return os.WriteFile(path, changed, 0o600)
}

// tiles reads tiles for golang.org/x/mod/sumdb/tlog, which names them another way.
type tiles struct{ fsys fs.FS }

func (tiles) Height() int                     { return 8 }
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (r tiles) ReadTiles(want []tlog.Tile) (data [][]byte, err error) {
	for _, x := range want {
		// "tile/8/0/x001/067.p/4" there is "tile/0/x001/067.p/4" here.
		p, err := fs.ReadFile(r.fsys, "tile/"+strings.TrimPrefix(x.Path(), "tile/8/"))
		if err != nil {
			return nil, err
		}
		data = append(data, p)
	}
	return data, nil
}

// golang.org/x/mod reads the checkpoint, every tile that it asks for, and
// proves records and older trees with them.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestTlogAccepts(t *testing.T) {
	p := publish(t, 70_000)
	view, err := ledger.TileFS(p.dir)
	require.NoError(t, err)
	defer view.Close()
	for _, fsys := range []fs.FS{os.DirFS(p.tiles), view} {
		tree := openTree(t, fsys, p.vkey)
		require.EqualValues(t, p.checkpoint.Size, tree.N)
		hashes := tlog.TileHashReader(tree, tiles{fsys})
		pad := strings.Repeat("x", 680)
		for i := int64(0); i < tree.N; i += 997 {
			proof, err := tlog.ProveRecord(tree.N, i, hashes)
			require.NoError(t, err)
			require.NoError(t, tlog.CheckRecord(proof, tree.N, tree.Hash, i, tlog.RecordHash(record(int(i), pad))))
			if i == 0 {
				continue
			}
			older, err := tlog.TreeHash(i, hashes)
			require.NoError(t, err)
			between, err := tlog.ProveTree(tree.N, i, hashes)
			require.NoError(t, err)
			require.NoError(t, tlog.CheckTree(between, tree.N, tree.Hash, i, older))
		}
	}
}

// openTree opens the checkpoint with golang.org/x/mod alone.
func openTree(t *testing.T, fsys fs.FS, vkey string) tlog.Tree {
	t.Helper()
	v, err := note.NewVerifier(vkey)
	require.NoError(t, err)
	signed, err := fs.ReadFile(fsys, "checkpoint")
	require.NoError(t, err)
	n, err := note.Open(signed, note.VerifierList(v))
	require.NoError(t, err)
	lines := strings.Split(n.Text, "\n")
	require.Equal(t, origin, lines[0])
	tree := tlog.Tree{}
	_, err = fmt.Sscan(lines[1], &tree.N)
	require.NoError(t, err)
	tree.Hash, err = tlog.ParseHash(lines[2])
	require.NoError(t, err)
	return tree
}

// A proof that the ledger makes is checked by golang.org/x/mod.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestProofsOfTheLedger(t *testing.T) {
	p := publish(t, 1000)
	r, err := ledger.OpenReader(p.dir)
	require.NoError(t, err)
	defer r.Close()
	tree := openTree(t, os.DirFS(p.dir), p.vkey)
	for _, i := range []uint64{0, 1, 511, 512, 999} {
		proof, err := r.Prove(t.Context(), p.vkey, i)
		require.NoError(t, err)
		hashes := make(tlog.RecordProof, len(proof.Hashes))
		for j, h := range proof.Hashes {
			hashes[j] = tlog.Hash(h)
		}
		require.NoError(t, tlog.CheckRecord(hashes, tree.N, tree.Hash, int64(i), tlog.RecordHash(proof.Record)))
	}
}
