//go:build unix

package rekey_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
)

// endless is a Source that gives one page of stale rows over and over, so that
// what is measured is the engine and the Sealer.
type endless struct {
	page    rekey.Page
	left    int // rows
	changed []bool
}

func (e *endless) Tenant() string { return tenant }

func (e *endless) All(context.Context, string, int) (rekey.Page, error) { return rekey.Page{}, nil }

func (e *endless) Stale(_ context.Context, _ uint32, _ string, max int) (rekey.Page, error) {
	if e.left <= 0 {
		return rekey.Page{}, nil
	}
	page := rekey.Page{Rows: e.page.Rows[:min(max, e.left)], Next: strconv.Itoa(e.left)}
	e.left -= len(page.Rows)
	return page, nil
}

func (e *endless) Replace(_ context.Context, changes []rekey.Change) ([]bool, error) {
	return e.changed[:len(changes)], nil
}

func (e *endless) Census(context.Context) (rekey.Census, error) { return rekey.Census{}, nil }

// measure reports the processor's time since start, which other programs do
// not lengthen.
func measure(b *testing.B, start time.Duration) {
	perField := float64(cpu(b)-start) / float64(b.N)
	b.ReportMetric(perField, "cpu-ns/field")
	b.ReportMetric(1e3/perField, "Mfields/cpu-s")
}

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRewrap is the time of one field of 16 bytes in a row of two, of a
// patient and of nobody, beside an opening and a sealing with crypto/cipher
// into one buffer.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func BenchmarkRewrap(b *testing.B) {
	value := bytes.Repeat([]byte("v"), 16)
	for name, subject := range map[string]func(int) crypto.Subject{
		"patient": func(row int) crypto.Subject { return ref(row, 0).Subject },
		"nobody":  func(int) crypto.Subject { return crypto.NoSubject() },
	} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, 0)
			src := &endless{changed: make([]bool, rekey.DefaultBatch)}
			for i := range rekey.DefaultBatch {
				row := rekey.Row{Position: strconv.Itoa(i)}
				for c := range 2 {
					at := ref(i, c)
					at.Subject = subject(i)
					sealed, err := w.AppendSeal(b.Context(), nil, value, at)
					require.NoError(b, err)
					row.Cells = append(row.Cells, rekey.Cell{Ref: at, Sealed: sealed})
				}
				src.page.Rows = append(src.page.Rows, row)
				src.changed[i] = true
			}
			w.rotate()
			b.ReportAllocs()
			src.left = (b.N + 1) / 2
			start := cpu(b)
			b.ResetTimer()
			report, err := rekey.Rewrap(b.Context(), w.Sealer, src, nil)
			require.NoError(b, err)
			require.GreaterOrEqual(b, report.CellsChanged, uint64(b.N))
			measure(b, start)
		})
	}
	b.Run("raw", func(b *testing.B) {
		block, err := aes.NewCipher(make([]byte, 32))
		require.NoError(b, err)
		aead, err := cipher.NewGCMWithRandomNonce(block)
		require.NoError(b, err)
		aad := make([]byte, 48)
		sealed, plain, out := aead.Seal(nil, nil, value, aad), make([]byte, 0, 64), make([]byte, 0, 128)
		start := cpu(b)
		for b.Loop() {
			plain, err = aead.Open(plain[:0], nil, sealed, aad)
			if err != nil {
				b.Fatal(err)
			}
			out = aead.Seal(out[:0], nil, plain, aad)
		}
		measure(b, start)
	})
}
