package pgsink_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/pgsink"
)

// tiles reads the files of a published log for golang.org/x/mod.
type tiles struct{ dir string }

func (tiles) Height() int { return 8 }

func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (f tiles) ReadTiles(list []tlog.Tile) (data [][]byte, err error) {
	for _, x := range list {
		path := strings.Replace(x.Path(), "tile/8/", "tile/", 1)
		b, err := os.ReadFile(filepath.Join(f.dir, path))
		if err != nil {
			return nil, err
		}
		data = append(data, b)
	}
	return data, nil
}

// A log is published, and golang.org/x/mod, which knows nothing of PostgreSQL,
// proves every record under the signed root; the entries are the records.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestPublishedForStrangers(t *testing.T) {
	at, to := tables(t), t.TempDir()
	l := openLog(t, at, quiet)
	const n = 700
	var batch [][]byte
	for i := range n {
		batch = append(batch, event(t, "w", i))
	}
	require.NoError(t, l.Append(t.Context(), batch...))
	require.NoError(t, shut(l))
	c, err := pgsink.PublishLog(t.Context(), config(t, at), logName, verifierKey(t), to)
	require.NoError(t, err)
	require.EqualValues(t, n, c.Size)
	kept, err := os.ReadFile(filepath.Join(to, "checkpoint"))
	require.NoError(t, err)
	opened, err := ledger.ParseCheckpoint(kept, verifierKey(t))
	require.NoError(t, err)
	require.Equal(t, c, opened)

	tree := tlog.Tree{N: int64(c.Size), Hash: tlog.Hash(c.Root)}
	reader := tlog.TileHashReader(tree, tiles{to})
	records := contents(t, l)
	for _, i := range []int64{0, 1, 255, 256, 511, 512, 698, 699} {
		proof, err := tlog.ProveRecord(tree.N, i, reader)
		require.NoError(t, err)
		require.NoError(t, tlog.CheckRecord(proof, tree.N, tree.Hash, i, tlog.RecordHash(records[i])))
	}
	require.Equal(t, records, entries(t, to, n))

	undo := tamper(t, at, "UPDATE safeguard_audit_log SET data = 'x', leaf = sha256('\\x0078') WHERE idx = 300")
	_, err = pgsink.PublishLog(t.Context(), config(t, at), logName, verifierKey(t), t.TempDir())
	require.ErrorIs(t, err, ledger.ErrDamaged)
	undo()
}

// entries reads the bundles of a published log.
func entries(t *testing.T, dir string, n int) (records [][]byte) {
	t.Helper()
	for i := 0; i*256 < n; i++ {
		name := fmt.Sprintf("tile/entries/%03d", i)
		if left := n - i*256; left < 256 {
			name += fmt.Sprintf(".p/%d", left)
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		for len(b) > 0 {
			size := int(binary.BigEndian.Uint16(b))
			records = append(records, b[2:2+size])
			b = b[2+size:]
		}
	}
	return records
}
