package crypto_test

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// Range requests of every sort work through http.ServeContent, and a blob that
// was altered never answers with bytes that were not sealed.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestBlobOverHTTP(t *testing.T) {
	s, ref := newFixture(t, nil), refOf(patient(1))
	const n = 3*crypto.SegmentSize + 100
	plaintext, modified := random(n, 1), time.Unix(1e9, 0)
	sealed := sealBlob(t, s.Sealer, plaintext, ref)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := openBlob(r.Context(), s.Sealer, sealed, ref)
		if err != nil {
			http.Error(w, "no", http.StatusNotFound)
			return
		}
		defer b.Close()
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(w, r, "", modified, b)
	}))
	defer server.Close()
	get := func(header ...string) (*http.Response, []byte, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		require.NoError(t, err)
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		resp, err := server.Client().Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return resp, body, err
	}
	for _, c := range []struct {
		name   string
		header []string
		status int
		body   []byte
	}{
		{"all", nil, 200, plaintext},
		{"first byte", []string{"Range", "bytes=0-0"}, 206, plaintext[:1]},
		{"over a border", []string{"Range", "bytes=65530-65545"}, 206, plaintext[65530:65546]},
		{"a segment", []string{"Range", "bytes=65536-131071"}, 206, plaintext[65536:131072]},
		{"open end", []string{"Range", "bytes=100000-"}, 206, plaintext[100000:]},
		{"suffix", []string{"Range", "bytes=-101"}, 206, plaintext[n-101:]},
		{"too long a suffix", []string{"Range", "bytes=-999999"}, 206, plaintext},
		{"past the end", []string{"Range", fmt.Sprintf("bytes=%d-", n-1)}, 206, plaintext[n-1:]},
		{"If-Range holds", []string{"Range", "bytes=5-9", "If-Range", `"v1"`}, 206, plaintext[5:10]},
		{"If-Range fails", []string{"Range", "bytes=5-9", "If-Range", `"v0"`}, 200, plaintext},
		{"unmodified", []string{"If-None-Match", `"v1"`}, 304, nil},
	} {
		resp, body, err := get(c.header...)
		require.NoError(t, err, c.name)
		require.Equal(t, c.status, resp.StatusCode, c.name)
		require.True(t, bytes.Equal(c.body, body), c.name)
	}
	resp, _, err := get("Range", fmt.Sprintf("bytes=%d-", n))
	require.NoError(t, err)
	require.Equal(t, http.StatusRequestedRangeNotSatisfiable, resp.StatusCode)
	require.Equal(t, fmt.Sprintf("bytes */%d", n), resp.Header.Get("Content-Range"))

	resp, body, err := get("Range", "bytes=0-9,65530-65545,-5")
	require.NoError(t, err)
	require.Equal(t, http.StatusPartialContent, resp.StatusCode)
	_, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	require.NoError(t, err)
	parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for _, want := range [][]byte{plaintext[:10], plaintext[65530:65546], plaintext[n-5:]} {
		part, err := parts.NextPart()
		require.NoError(t, err)
		got, err := io.ReadAll(part)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}

	sealed = bytes.Clone(sealed)
	sealed[crypto.BlobHeaderSize(ref.Subject)+2*sealedSegment+50] ^= 1 // in the third segment
	_, body, err = get()
	require.Error(t, err, "the answer breaks off")
	require.True(t, bytes.Equal(plaintext[:len(body)], body))
	require.LessOrEqual(t, len(body), 2*crypto.SegmentSize)
	resp, body, err = get("Range", "bytes=0-99")
	require.NoError(t, err)
	require.Equal(t, http.StatusPartialContent, resp.StatusCode)
	require.Equal(t, plaintext[:100], body)
	sealed = sealed[:len(sealed)-1]
	resp, _, err = get()
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, resp.StatusCode)
}
