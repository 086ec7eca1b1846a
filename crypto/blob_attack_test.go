package crypto_test

import (
	"bytes"
	"context"
	"crypto/fips140"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"runtime/debug"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
)

const sealedSegment = crypto.SegmentSize + 28

// A blob that was cut, added to, reordered, altered or mixed with another does
// not open, or fails where it is read, and gives no byte that was not sealed
// there.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestBlobAttacks(t *testing.T) {
	s, ref := newFixture(t, nil), refOf(patient(1))
	head := crypto.BlobHeaderSize(ref.Subject)
	plaintext := random(3*crypto.SegmentSize+100, 1)
	a := sealBlob(t, s.Sealer, plaintext, ref)
	b := sealBlob(t, s.Sealer, random(len(plaintext), 2), ref)
	seg := func(blob []byte, i int) []byte {
		return blob[head+i*sealedSegment : min(len(blob), head+(i+1)*sealedSegment)]
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	one := sealBlob(t, s.Sealer, plaintext[:crypto.SegmentSize], ref)
	for name, bad := range map[string][]byte{
		"reordered":         join(a[:head], seg(a, 1), seg(a, 0), seg(a, 2), seg(a, 3)),
		"duplicated":        join(a[:head], seg(a, 0), seg(a, 0), seg(a, 2), seg(a, 3)),
		"inserted":          join(a[:head], seg(a, 0), seg(a, 1), seg(a, 1), seg(a, 2), seg(a, 3)),
		"removed":           join(a[:head], seg(a, 0), seg(a, 2), seg(a, 3)),
		"first removed":     join(a[:head], seg(a, 1), seg(a, 2), seg(a, 3)),
		"last removed":      join(a[:head], seg(a, 0), seg(a, 1), seg(a, 2)),
		"last moved up":     join(a[:head], seg(a, 3)),
		"segment of other":  join(a[:head], seg(b, 0), seg(a, 1), seg(a, 2), seg(a, 3)),
		"last of other":     join(a[:head], seg(a, 0), seg(a, 1), seg(a, 2), seg(b, 3)),
		"header of other":   join(b[:head], a[head:]),
		"two blobs":         join(a, b),
		"other's body":      join(a, b[head:]),
		"two whole":         join(one, one[head:]),
		"empty last":        join(a[:head], seg(a, 0), seg(a, 1), seg(a, 2), seg(a, 3)[:28]),
		"extended":          join(a, []byte{0}),
		"extended by 28":    join(a, make([]byte, 28)),
		"header only":       a[:head],
		"nothing":           nil,
		"a sealed value":    seal(t, s.Sealer, ref, string(plaintext[:200])),
		"short of header":   a[:head-1],
		"no last of one":    join(one[:head], one[head:len(one)-1]),
		"tenant's format":   join([]byte{0x62}, a[1:]),
		"value's format":    join([]byte{0x53}, a[1:]),
		"another key":       join(a[:1], []byte{9, 9, 9, 9}, a[5:]),
		"another version":   join(a[:5], []byte{0, 0, 0, 9}, a[9:]),
		"header bit":        join(a[:head-1], []byte{a[head-1] ^ 1}, a[head:]),
		"last segment bit":  join(a[:len(a)-1], []byte{a[len(a)-1] ^ 1}),
		"first segment bit": join(a[:head+20], []byte{a[head+20] ^ 1}, a[head+21:]),
	} {
		got, err := readBlob(t, s.Sealer, bad, ref)
		require.ErrorIs(t, err, crypto.ErrOpen, name)
		require.True(t, bytes.HasPrefix(plaintext, got), name)
	}
	_, err := s.AppendOpen(t.Context(), nil, a, ref)
	require.ErrorIs(t, err, crypto.ErrOpen)
	header := append([]byte{0x53}, a[1:head]...)
	_, err = s.AppendOpen(t.Context(), nil, header, ref)
	require.ErrorIs(t, err, crypto.ErrOpen, "a header is no value: the file key does not leave")
	for name, part := range map[string]func(*crypto.Ref){
		"tenant":  func(r *crypto.Ref) { r.Tenant = tenantB },
		"table":   func(r *crypto.Ref) { r.Table = "x" },
		"column":  func(r *crypto.Ref) { r.Column = "x" },
		"row":     func(r *crypto.Ref) { r.Row = "x" },
		"subject": func(r *crypto.Ref) { r.Subject = patient(2) },
		"nobody":  func(r *crypto.Ref) { r.Subject = crypto.NoSubject() },
	} {
		other := ref
		part(&other)
		_, err := readBlob(t, s.Sealer, a, other)
		require.ErrorIs(t, err, crypto.ErrOpen, name)
	}
}

// No blob opens that is cut at any point.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestBlobTruncated(t *testing.T) {
	s := newFixture(t, nil)
	for _, subject := range subjects {
		ref := refOf(subject)
		sealed := sealBlob(t, s.Sealer, random(2*crypto.SegmentSize, 1), ref)
		step := soak(997, 1)
		for n := 0; n < len(sealed); n += step {
			_, err := openBlob(t.Context(), s.Sealer, sealed[:n], ref)
			require.ErrorIs(t, err, crypto.ErrOpen, n)
		}
		_, err := s.OpenBlob(t.Context(), bytes.NewReader(sealed[:len(sealed)-1]), int64(len(sealed)), ref)
		require.ErrorIs(t, err, crypto.ErrOpen, "the size lies")
		for _, size := range []int64{-1, 1 << 62, 0} {
			_, err = s.OpenBlob(t.Context(), bytes.NewReader(sealed), size, ref)
			require.ErrorIs(t, err, crypto.ErrOpen, size)
		}
	}
}

// What was not closed, or was given up, or broke off, does not open.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestBlobNotClosed(t *testing.T) {
	s, ref := newFixture(t, nil), refOf(patient(1))
	plaintext := random(2*crypto.SegmentSize+5, 1)
	broken := errors.New("broken")
	for name, f := range map[string]func(ctx context.Context, cancel func(), w *crypto.BlobWriter) error{
		"not closed": func(_ context.Context, _ func(), w *crypto.BlobWriter) error {
			_, _ = w.Write(plaintext)
			return errAny
		},
		"aborted": func(_ context.Context, _ func(), w *crypto.BlobWriter) error {
			_, _ = w.Write(plaintext)
			w.Abort()
			return w.Close()
		},
		"reader broke off": func(_ context.Context, _ func(), w *crypto.BlobWriter) error {
			_, err := io.Copy(w, io.MultiReader(bytes.NewReader(plaintext), iotest.ErrReader(broken)))
			require.ErrorIs(t, err, broken)
			return w.Close()
		},
		"cancelled": func(_ context.Context, cancel func(), w *crypto.BlobWriter) error {
			_, _ = w.Write(plaintext)
			cancel()
			err := w.Close()
			require.ErrorIs(t, err, context.Canceled)
			return err
		},
		"cancelled early": func(_ context.Context, cancel func(), w *crypto.BlobWriter) error {
			cancel()
			_, err := w.Write(plaintext)
			require.ErrorIs(t, err, context.Canceled)
			return w.Close()
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		var out bytes.Buffer
		w, err := s.SealBlob(ctx, &out, ref)
		require.NoError(t, err)
		require.Error(t, f(ctx, cancel, w), name)
		_, err = readBlob(t, s.Sealer, out.Bytes(), ref)
		require.ErrorIs(t, err, crypto.ErrOpen, name)
		cancel()
	}
	var out bytes.Buffer
	w, err := s.SealBlob(t.Context(), &out, ref)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.ErrorIs(t, w.Close(), fs.ErrClosed)
	w.Abort()
	_, err = w.Write([]byte{1})
	require.ErrorIs(t, err, fs.ErrClosed)
	_, err = w.ReadFrom(bytes.NewReader([]byte{1}))
	require.ErrorIs(t, err, fs.ErrClosed)
	require.Equal(t, "[blob writer]", fmt.Sprintf("%+v", w))
}

var errAny = errors.New("any")

// failingWriter fails after n bytes.
type failingWriter struct{ n int }

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.n -= len(p); w.n < 0 {
		return 0, errAny
	}
	return len(p), nil
}

// An error of the writer below stays, and is that of Close.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestBlobWriterFails(t *testing.T) {
	s, ref := newFixture(t, nil), refOf(patient(1))
	_, err := s.SealBlob(t.Context(), &failingWriter{1}, ref)
	require.ErrorIs(t, err, errAny)
	w, err := s.SealBlob(t.Context(), &failingWriter{sealedSegment + 100}, ref)
	require.NoError(t, err)
	_, err = w.Write(random(4*crypto.SegmentSize, 1))
	require.ErrorIs(t, err, errAny)
	_, err = w.Write([]byte{1})
	require.ErrorIs(t, err, errAny)
	require.ErrorIs(t, w.Close(), errAny)
	_, err = s.SealBlob(t.Context(), io.Discard, crypto.Ref{})
	require.ErrorIs(t, err, crypto.ErrRef)
}

// failingReader fails when it is told to.
type failingReader struct {
	io.ReaderAt
	err error
}

func (r *failingReader) ReadAt(p []byte, at int64) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	return r.ReaderAt.ReadAt(p, at)
}

// An outage of the storage is not mistaken for tampering, and passes.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestBlobReaderFails(t *testing.T) {
	s, ref := newFixture(t, nil), refOf(patient(1))
	plaintext := random(3*crypto.SegmentSize, 1)
	sealed := sealBlob(t, s.Sealer, plaintext, ref)
	r := &failingReader{bytes.NewReader(sealed), errAny}
	_, err := s.OpenBlob(t.Context(), r, int64(len(sealed)), ref)
	require.ErrorIs(t, err, errAny)
	r.err = nil
	ctx, cancel := context.WithCancel(t.Context())
	b, err := s.OpenBlob(ctx, r, int64(len(sealed)), ref)
	require.NoError(t, err)
	r.err = errAny
	_, err = io.ReadAll(b)
	require.ErrorIs(t, err, errAny)
	require.NotErrorIs(t, err, crypto.ErrOpen)
	r.err = nil
	_, err = b.Seek(0, io.SeekStart)
	require.NoError(t, err)
	got, err := io.ReadAll(b)
	require.NoError(t, err)
	require.True(t, bytes.Equal(plaintext, got))
	cancel()
	_, err = b.ReadAt(make([]byte, 1), 0)
	require.ErrorIs(t, err, context.Canceled)
}

// Opening a blob is one note, and without an Entry there is none.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestBlobOpeningIsNoted(t *testing.T) {
	f, ref := newFixture(t, nil), refOf(patient(2147114711))
	s, err := crypto.New(f.keys, f.store, nil)
	require.NoError(t, err)
	sealed := sealBlob(t, s, random(10, 1), ref)
	_, err = openBlob(t.Context(), s, sealed, ref)
	require.ErrorIs(t, err, crypto.ErrUnaudited)
	ctx, entry, log := auditEntry(t)
	_, err = openBlob(ctx, s, sealed, refOf(patient(2)))
	require.ErrorIs(t, err, crypto.ErrOpen)
	require.NoError(t, entry.Commit(ctx))
	require.NotContains(t, string(log.records), "ssn")
	_, err = openBlob(ctx, s, sealed, ref)
	require.NoError(t, err)
	require.NoError(t, entry.Commit(ctx))
	require.Contains(t, string(log.records), "ssn")
	require.NotContains(t, string(log.records), "2147114711")
}

// An open blob stops within the SubjectTTL of the destruction of its key, also
// if the key was ready before it was opened.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestBlobStopsAfterShredding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, ref := newFixture(t, nil), refOf(patient(1))
		sealed := sealBlob(t, s.Sealer, random(100, 1), ref)
		time.Sleep(crypto.DefaultSubjectTTL / 2)
		b, err := openBlob(t.Context(), s.Sealer, sealed, ref)
		require.NoError(t, err)
		for _, name := range s.names(t, tenantA) {
			require.NoError(t, s.store.Destroy(t.Context(), tenantA, name))
		}
		p := make([]byte, 10)
		_, err = b.ReadAt(p, 0)
		require.NoError(t, err, "within the bound")
		time.Sleep(crypto.DefaultSubjectTTL / 2)
		synctest.Wait()
		_, err = b.ReadAt(p, 0)
		require.ErrorIs(t, err, crypto.ErrShredded)
	})
}

// A blob costs one message of the key of its place, whatever its length.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestBlobBudget(t *testing.T) {
	s, ref := newFixture(t, nil), refOf(crypto.NoSubject())
	before := s.keys[tenantA].Primary().Seals()
	sealBlob(t, s.Sealer, random(5*crypto.SegmentSize, 1), ref)
	require.Equal(t, before+1, s.keys[tenantA].Primary().Seals())
	limited := newFixture(t, &crypto.Options{SealLimit: 1})
	sealBlob(t, limited.Sealer, nil, ref)
	_, err := limited.SealBlob(t.Context(), io.Discard, ref)
	require.ErrorIs(t, err, crypto.ErrLimit)
}

// Rewrapping and rebinding seal the header anew and leave the segments.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestBlobMoves(t *testing.T) {
	s, to := newFixture(t, nil), refOf(patient(2))
	plaintext := random(crypto.SegmentSize+3, 1)
	for _, subject := range subjects {
		ref := refOf(subject)
		sealed := sealBlob(t, s.Sealer, plaintext, ref)
		n := crypto.BlobHeaderSize(subject)
		rotate(t, s)
		current, err := s.Current(t.Context(), tenantA)
		require.NoError(t, err)
		header, err := s.AppendRewrap(t.Context(), nil, sealed[:n], ref)
		require.NoError(t, err)
		require.Len(t, header, n)
		id, ok := crypto.KeyID(header)
		require.True(t, ok)
		require.Equal(t, current, id)
		got, err := readBlob(t, s.Sealer, append(header, sealed[n:]...), ref)
		require.NoError(t, err)
		require.True(t, bytes.Equal(plaintext, got))

		header, err = s.AppendRebind(t.Context(), nil, sealed[:n], ref, to)
		require.NoError(t, err)
		moved := append(header, sealed[n:]...)
		got, err = readBlob(t, s.Sealer, moved, to)
		require.NoError(t, err)
		require.True(t, bytes.Equal(plaintext, got))
		_, err = readBlob(t, s.Sealer, moved, ref)
		require.ErrorIs(t, err, crypto.ErrOpen)
		_, err = s.AppendRewrap(t.Context(), nil, sealed, ref)
		require.ErrorIs(t, err, crypto.ErrOpen, "the header, not the blob")
	}
}

func skipAllocations(t *testing.T) {
	if raceEnabled || fips140.Enabled() {
		t.Skip("the race detector and the module's random source allocate")
	}
}

// Once warm, a stream allocates at most 4 KiB in either direction.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestBlobAllocations(t *testing.T) {
	skipAllocations(t)
	s, ctx, ref := newFixture(t, nil), t.Context(), refOf(patient(1))
	plaintext := random(1<<20, 1)
	sealed := sealBlob(t, s.Sealer, plaintext, ref)
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would empty the pool
	for name, f := range map[string]func() error{
		"seal": func() error {
			w, err := s.SealBlob(ctx, io.Discard, ref)
			if err != nil {
				return err
			}
			if _, err := io.Copy(w, io.LimitReader(bytes.NewReader(plaintext), 1<<20)); err != nil {
				return err
			}
			return w.Close()
		},
		"open": func() error {
			b, err := s.OpenBlob(ctx, bytes.NewReader(sealed), int64(len(sealed)), ref)
			if err != nil {
				return err
			}
			defer b.Close()
			_, err = io.Copy(io.Discard, b)
			return err
		},
		"open at offsets": func() error {
			b, err := s.OpenBlob(ctx, bytes.NewReader(sealed), int64(len(sealed)), ref)
			if err != nil {
				return err
			}
			defer b.Close()
			var p [512]byte
			for at := int64(0); at < b.Size(); at += 100_000 {
				if _, err := b.ReadAt(p[:], at); err != nil && !errors.Is(err, io.EOF) {
					return err
				}
			}
			return nil
		},
	} {
		require.Less(t, allocated(t, f), uint64(4<<10), name)
	}
}

// allocated returns how many bytes a call of f allocates: the least of several
// rounds, since a pool is warm on each processor by itself.
func allocated(t *testing.T, f func() error) uint64 {
	least := uint64(1 << 62)
	for range 20 {
		const calls = 5
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range calls {
			require.NoError(t, f())
		}
		runtime.ReadMemStats(&after)
		least = min(least, (after.TotalAlloc-before.TotalAlloc)/calls)
	}
	return least
}
