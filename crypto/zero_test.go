package crypto_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

// Nothing panics for a zero value or a nil argument: it is an error, or empty.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestZeroValues(t *testing.T) {
	f, ctx, ref := newFixture(t, nil), t.Context(), refOf(patient(1))
	r, err := crypto.NewRows[pair](f.Sealer, nil)
	require.NoError(t, err)
	row, err := r.Seal(ctx, &pair{"a", "b"}, ref)
	require.NoError(t, err)
	all := crypto.UnsafeAllFields{}
	for name, attempt := range map[string]func() error{
		"seal nil":        func() error { _, err := r.Seal(ctx, nil, ref); return err },
		"open into nil":   func() error { _, err := r.Open(ctx, nil, ref, all, row); return err },
		"update with nil": func() error { _, err := r.Update(ctx, row, nil, ref, all); return err },
		"zero Rows seals": func() error { _, err := new(crypto.Rows[pair]).Seal(ctx, &pair{}, ref); return err },
		"zero Rows opens": func() error { _, err := new(crypto.Rows[pair]).Open(ctx, &pair{}, ref, all, row); return err },
		"zero Rows updates": func() error {
			_, err := new(crypto.Rows[pair]).Update(ctx, row, &pair{}, ref, all)
			return err
		},
		"zero Sealer compares": func() error {
			ctx, _, _ := auditEntry(t)
			_, err := new(crypto.Sealer).Matches(ctx, seal(t, f.Sealer, ref, "a"), []byte("a"), ref)
			return err
		},
		"zero BlobWriter writes": func() error { _, err := new(crypto.BlobWriter).Write([]byte("x")); return err },
		"zero BlobWriter reads":  func() error { _, err := new(crypto.BlobWriter).ReadFrom(bytes.NewReader(nil)); return err },
		"zero BlobWriter closes": func() error { return new(crypto.BlobWriter).Close() },
		"nil store":              func() error { _, err := crypto.New(f.keys, (*cryptotest.Subjects)(nil), nil); return err },
		"nil keys":               func() error { _, err := crypto.New((*ring)(nil), f.store, nil); return err },
	} {
		require.Error(t, attempt(), name)
	}
	require.Empty(t, new(crypto.Rows[pair]).Groups())
	new(crypto.BlobWriter).Abort()
	blob := new(crypto.Blob)
	_, err = blob.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
	require.NoError(t, blob.Close())
	require.Zero(t, new(crypto.Key).Seals())
	require.Zero(t, new(crypto.Keyset).Primary().ID())
	require.Zero(t, new(crypto.Keyset).Primary().Seals())
}

// nothing gives nothing, and no error.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

// A reader that gives nothing ends, and so does a cancelled context, whatever
// the reader.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestBlobOfNothingEnds(t *testing.T) {
	f := newFixture(t, nil)
	w, err := f.SealBlob(t.Context(), io.Discard, refOf(patient(1)))
	require.NoError(t, err)
	_, err = io.Copy(w, nothing{})
	require.ErrorIs(t, err, io.ErrNoProgress)
	require.ErrorIs(t, w.Close(), io.ErrNoProgress)
	require.ErrorIs(t, w.Close(), fs.ErrClosed)

	ctx, cancel := context.WithCancel(t.Context())
	w, err = f.SealBlob(ctx, io.Discard, refOf(patient(1)))
	require.NoError(t, err)
	cancel()
	n, err := w.ReadFrom(bytes.NewReader(make([]byte, 10*crypto.SegmentSize)))
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, n)
	require.ErrorIs(t, w.Close(), context.Canceled)

	w, err = f.SealBlob(t.Context(), io.Discard, refOf(patient(1)))
	require.NoError(t, err)
	_, err = io.Copy(w, &sparse{Reader: bytes.NewReader(make([]byte, 300)), nothings: 99})
	require.NoError(t, err)
	require.NoError(t, w.Close())
}

// sparse gives a byte after so many times nothing.
type sparse struct {
	io.Reader
	nothings, i int
}

func (s *sparse) Read(p []byte) (int, error) {
	if s.i++; s.i%(s.nothings+1) != 0 {
		return 0, nil
	}
	return s.Reader.Read(p[:1])
}

// short takes one byte less than it is given, and says so without an error.
type short struct{}

func (short) Write(p []byte) (int, error) { return len(p) - 1, nil }

// A header that was written in part is no blob.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestBlobHeaderWrittenInPart(t *testing.T) {
	f := newFixture(t, nil)
	_, err := f.SealBlob(t.Context(), short{}, refOf(patient(1)))
	require.True(t, errors.Is(err, io.ErrShortWrite), err)
}

// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestSealedBlobSize(t *testing.T) {
	const most = crypto.MaxSeals * crypto.SegmentSize
	s := crypto.NoSubject()
	require.Equal(t, int64(crypto.BlobHeaderSize(s)+28), crypto.SealedBlobSize(0, s))
	require.Equal(t, int64(crypto.BlobHeaderSize(s))+most+crypto.MaxSeals*28, crypto.SealedBlobSize(most, s))
	for _, n := range []int64{-1, math.MinInt64, most + 1, math.MaxInt64} {
		require.Equal(t, int64(-1), crypto.SealedBlobSize(n, s))
	}
}
