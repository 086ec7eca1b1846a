package anchor

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// A ledger that is written to all the while is anchored at a witness and in a
// file, from its directory and over https; what is kept verifies, and shows the
// tail.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestLedger(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "records")
	l, err := ledger.Open(dir, testKey(1), &ledger.Options{Origin: testOrigin, CheckpointInterval: 10 * time.Millisecond})
	require.NoError(t, err)
	write := func(n int) {
		for i := range n {
			require.NoError(t, l.Append(context.Background(), fmt.Appendf(nil, `{"n":%d}`, i)))
		}
	}
	write(300)
	_, server := newTestWitness(t, l.VerifierKey())
	w, err := NewWitness(server.URL+"/prefix", cosignerKey(witnessName, testKey(9)), &WitnessOptions{Client: server.Client()})
	require.NoError(t, err)
	file, err := NewFile(filepath.Join(t.TempDir(), "anchors"), dir, l.VerifierKey(), &FileOptions{UnsafeSameDevice: true})
	require.NoError(t, err)
	tiles, err := ledger.TileFS(dir)
	require.NoError(t, err)
	web := httptest.NewTLSServer(http.FileServerFS(tiles))
	defer web.Close()
	remote, err := URL(web.URL, &URLOptions{Client: web.Client()})
	require.NoError(t, err)
	local, err := Directory(dir)
	require.NoError(t, err)

	near := newRunner(t, local, l.VerifierKey(), filepath.Join(t.TempDir(), "near"), nil, w, file)
	far := newRunner(t, remote, l.VerifierKey(), filepath.Join(t.TempDir(), "far"), nil, &fakeAnchor{name: "far"})
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() { write(100) })
		require.NoError(t, near.Once(t.Context()))
		require.NoError(t, far.Once(t.Context()))
	}
	wg.Wait()
	kept, err := near.Kept(t.Context())
	require.NoError(t, err)
	require.Len(t, kept, 2)
	write(5)
	require.NoError(t, l.Close(context.Background()))
	v, err := ledger.Verify(t.Context(), dir, l.VerifierKey(), &ledger.VerifyOptions{Anchors: kept})
	require.NoError(t, err)
	require.True(t, v.OK, v.String())
	require.Equal(t, near.Status().Anchored, min(near.Status().Anchored, v.Anchored))
	require.Equal(t, v.Size, v.Anchored+v.Unanchored)
	require.GreaterOrEqual(t, v.Unanchored, uint64(5))
}
