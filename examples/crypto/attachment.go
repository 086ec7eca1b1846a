package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"time"
)

// attachment seals a file as a stream and serves a part of it, as for a player
// that jumps to the middle of a recording. The header goes to a column of the
// attachment's row, so that it is renewed after a rotation with all other
// columns; the segments go to a file, and are never written again. (SealBlob
// keeps both in one file, and leaves the renewing to the program.)
func (s *story) attachment(ctx context.Context) error {
	s.say("\n== An attachment")
	recording := make([]byte, 10<<20)
	rand.Read(recording) //nolint:errcheck // never fails
	ref := place("attachments", "content", "echo-1", "Patient/ada")
	var stored bytes.Buffer // in a service: a file or an object
	header, w, err := s.SealBlobParts(ctx, &stored, ref)
	if err != nil {
		return err
	}
	if _, err := w.Write(recording); err != nil {
		return err
	}
	if err := w.Close(); err != nil { // it counts from here
		return err
	}
	s.say("   %d bytes sealed to %d, in segments of 64 KiB", len(recording), stored.Len())

	counted := &counter{Reader: bytes.NewReader(stored.Bytes())}
	blob, err := s.OpenBlobParts(ctx, header, counted, int64(stored.Len()), ref)
	if err != nil {
		return err
	}
	defer blob.Close() //nolint:errcheck // it only clears memory
	request := httptest.NewRequest(http.MethodGet, "/recording", nil)
	request.Header.Set("Range", "bytes=5000000-5000999")
	answer := httptest.NewRecorder()
	http.ServeContent(answer, request, "", time.Time{}, blob)
	s.say("   Range bytes=5000000-5000999: %d, %d bytes, the right ones: %t; %d KiB read for it",
		answer.Code, answer.Body.Len(), bytes.Equal(answer.Body.Bytes(), recording[5_000_000:5_001_000]), counted.n>>10)

	cut := stored.Len() - 70_000
	_, err = s.OpenBlobParts(ctx, header, bytes.NewReader(stored.Bytes()[:cut]), int64(cut), ref)
	s.say("   Cut short: %v", err)

	// After a rotation package rekey does this with the column of headers.
	renewed, err := s.AppendRewrap(ctx, nil, header, ref)
	if err != nil {
		return err
	}
	again, err := s.OpenBlobParts(ctx, renewed, bytes.NewReader(stored.Bytes()), int64(stored.Len()), ref)
	if err != nil {
		return err
	}
	s.say("   A renewed header of %d bytes, the segments as they were: %d bytes", len(renewed), again.Size())
	return again.Close()
}

// A counter counts what is read of the stored bytes.
type counter struct {
	*bytes.Reader
	n int
}

func (c *counter) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.Reader.ReadAt(p, at)
	c.n += n
	return n, err
}
