package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"
)

// grow appends small records up to n and signs.
func growTo(t testing.TB, l *Ledger, n int) {
	t.Helper()
	var batch [][]byte
	for i := int(l.Size()); i < n; i++ {
		batch = append(batch, fmt.Appendf(nil, "record %d", i))
	}
	require.NoError(t, l.Append(t.Context(), batch...))
	require.NoError(t, l.sync(t.Context()))
}

// treeFiles lists all files below a directory.
func treeFiles(t testing.TB, dir string) (list []string) {
	t.Helper()
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			list = append(list, p)
		}
		return err
	}))
	return list
}

// checkTiles reads every record through tlog's own tile reader.
func checkTiles(t testing.TB, fsys fs.FS, c Checkpoint) {
	t.Helper()
	tree := tlog.Tree{N: int64(c.Size), Hash: tlog.Hash(c.Root)}
	hashes := tlog.TileHashReader(tree, fsTiles{fsys})
	step := max(1, int(c.Size)/50)
	for i := 0; i < int(c.Size); i += step {
		index := int64(i)
		h, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		require.NoError(t, err)
		width := min(256, int64(c.Size)-index/256*256)
		name := tileName{entries: true, index: uint64(index / 256), width: int(width)}
		data, err := fs.ReadFile(fsys, name.path())
		require.NoError(t, err)
		for range index % 256 {
			data = data[2+int(data[0])<<8+int(data[1]):]
		}
		record := data[2 : 2+int(data[0])<<8+int(data[1])]
		require.Equal(t, h[0], tlog.RecordHash(record))
		require.Equal(t, fmt.Sprintf("record %d", index), string(record))
	}
}

// fsTiles reads tiles by their C2SP names.
type fsTiles struct{ fsys fs.FS }

func (fsTiles) Height() int                     { return tileLevels }
func (fsTiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (f fsTiles) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, x := range tiles {
		p, err := fs.ReadFile(f.fsys, tileName{level: x.L, index: uint64(x.N), width: x.W}.path())
		if err != nil {
			return nil, err
		}
		data = append(data, p)
	}
	return data, nil
}

// A ledger is published while it grows; what is published is what a call on an
// empty directory would publish, but for pieces that were served before, and is
// what TileFS shows.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestPublish(t *testing.T) {
	dir, to := newDir(t), filepath.Join(t.TempDir(), "tiles")
	l, err := Open(dir, testKey(1), nil)
	require.NoError(t, err)
	view, err := TileFS(dir)
	require.NoError(t, err)
	defer view.Close()
	sizes := []int{0, 1, 255, 256, 300, 511}
	if soak() {
		sizes = append(sizes, 65535, 65536, 70000)
	}
	for _, n := range sizes {
		growTo(t, l, n)
		c, err := Publish(t.Context(), dir, to, l.VerifierKey())
		require.NoError(t, err)
		require.EqualValues(t, n, c.Size)
		checkTiles(t, os.DirFS(to), c)
		checkTiles(t, view, c)
		again, err := Publish(t.Context(), dir, to, l.VerifierKey())
		require.NoError(t, err)
		require.Equal(t, c, again)
		fresh := filepath.Join(t.TempDir(), "fresh")
		_, err = Publish(t.Context(), dir, fresh, l.VerifierKey())
		require.NoError(t, err)
		files := treeFiles(t, fresh)
		require.Equal(t, files, treeFiles(t, to), "no partial tiles are left behind")
		for i, name := range files {
			if i%7 != 0 && i < len(files)-3 {
				continue
			}
			want, err := os.ReadFile(filepath.Join(fresh, name))
			require.NoError(t, err)
			got, err := os.ReadFile(filepath.Join(to, name))
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got), name)
			shown, err := fs.ReadFile(view, name)
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, shown), name)
		}
	}
	require.NoError(t, l.Close(t.Context()))
}

// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestPublishRefuses(t *testing.T) {
	dir, to := newDir(t), filepath.Join(t.TempDir(), "tiles")
	l, err := Open(dir, testKey(1), nil)
	require.NoError(t, err)
	growTo(t, l, 300)
	backup := filepath.Join(t.TempDir(), "backup")
	require.NoError(t, os.CopyFS(backup, os.DirFS(dir)))
	growTo(t, l, 400)
	require.NoError(t, l.Close(t.Context()))
	vkey := l.VerifierKey()
	_, err = Publish(t.Context(), dir, to, vkeyOf(t, 2))
	require.ErrorIs(t, err, ErrWrongKey)
	_, err = Publish(t.Context(), dir, to, vkey)
	require.NoError(t, err)
	before := treeFiles(t, to)

	_, err = Publish(t.Context(), backup, to, vkey)
	require.ErrorIs(t, err, ErrDamaged)
	require.ErrorContains(t, err, "rolled back")
	require.Equal(t, before, treeFiles(t, to))

	forged := filepath.Join(t.TempDir(), "forged")
	require.NoError(t, os.CopyFS(forged, os.DirFS(dir)))
	leaves, err := os.ReadFile(filepath.Join(forged, leavesName))
	require.NoError(t, err)
	leaves[3*hashSize] ^= 1
	require.NoError(t, os.WriteFile(filepath.Join(forged, leavesName), leaves, 0o600))
	_, err = Publish(t.Context(), forged, filepath.Join(t.TempDir(), "other"), vkey)
	require.ErrorIs(t, err, ErrDamaged)
	_, err = Publish(t.Context(), filepath.Join(dir, "none"), to, vkey)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// Over HTTP, and nothing but what the layout has.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestTileFSOverHTTP(t *testing.T) {
	dir := newDir(t)
	l, err := Open(dir, testKey(1), nil)
	require.NoError(t, err)
	growTo(t, l, 300)
	require.NoError(t, l.Close(t.Context()))
	view, err := TileFS(dir)
	require.NoError(t, err)
	defer view.Close()
	server := httptest.NewServer(http.FileServerFS(view))
	defer server.Close()
	get := func(path string) int {
		resp, err := server.Client().Get(server.URL + path)
		require.NoError(t, err)
		defer resp.Body.Close()
		return resp.StatusCode
	}
	for _, path := range []string{"/checkpoint", "/tile/0/000", "/tile/0/001.p/44", "/tile/0/001.p/1", "/tile/1/000.p/1", "/tile/entries/000", "/tile/entries/001.p/44"} {
		require.Equal(t, http.StatusOK, get(path), path)
	}
	for _, path := range []string{"/", "/leaves", "/" + segmentName(0), "/lock", "/tile", "/tile/0", "/tile/0/001", "/tile/0/001.p/45", "/tile/0/001.p/0",
		"/tile/0/001.p/256", "/tile/0/1", "/tile/00/000", "/tile/0/x000/000", "/tile/1/000", "/tile/1/000.p/2", "/tile/2/000.p/1", "/tile/64/000",
		"/tile/-1/000", "/tile/entries/000.p/44/x", "/tile/entries/xx000", "/tile/0/999999999999999999999999"} {
		require.Equal(t, http.StatusNotFound, get(path), path)
	}
}

// A path has one spelling, and a size says which there are.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzTileName(f *testing.F) {
	f.Add("tile/0/x001/x234/067")
	f.Add("tile/entries/000.p/7")
	f.Add("tile/63/999.p/255")
	f.Fuzz(func(t *testing.T, path string) {
		n, ok := parseTileName(path)
		if ok && (n.path() != path || n.width < 1 || n.width > 256 || n.within(0)) {
			t.Fatal(n)
		}
	})
}

// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestTileName(t *testing.T) {
	require.Equal(t, "tile/0/x001/x234/067", tileName{index: 1234067, width: 256}.path())
	_, ok := parseTileName("tile/0/x072/x057/x594/x037/x927/935")
	require.False(t, ok, "an index that would overflow")
	require.Equal(t, "tile/entries/000.p/9", tileName{entries: true, width: 9}.path())
	var held []string
	for level := range 3 {
		for index := range uint64(300) {
			for _, width := range []int{1, 17, 18, 112, 113, 256} {
				if n := (tileName{false, level, index, width}); n.within(70000) && (width != 256 || index > 270) {
					held = append(held, n.path())
				}
			}
		}
	}
	require.True(t, slices.Contains(held, "tile/0/273.p/112"))
	require.False(t, slices.Contains(held, "tile/0/273.p/113"))
	require.True(t, slices.Contains(held, "tile/1/001.p/17"))
	require.False(t, slices.Contains(held, "tile/1/001.p/18"))
	require.True(t, slices.Contains(held, "tile/2/000.p/1"))
	_, err := (&Tiles{newReader(newMemFS())}).Open("checkpoint")
	require.True(t, errors.Is(err, fs.ErrNotExist))
}
