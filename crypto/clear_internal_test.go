package crypto

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

type cleared struct {
	A string  `phi:"name,group=a"`
	B string  `phi:"ssn,group=b"`
	C float64 `phi:"name,group=c"`
	D any     `phi:"name,group=d"`
}

// watched makes r use one buffer of n bytes first, and returns it.
func watched(r *rows, n int) []byte {
	first := make([]byte, 0, n)
	r.buffers.New = func() any {
		b := first
		return &b
	}
	return first[:n]
}

// Plaintext is cleared in every buffer that a row leaves, also where it was too
// small, and where sealing or opening fails half-way.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestRowsClearTheirBuffers(t *testing.T) {
	material := bytes.Repeat([]byte{7}, keySize)
	key, err := NewKey(1, material)
	require.NoError(t, err)
	keys, err := NewKeyset(1, key)
	require.NoError(t, err)
	s, err := New(&fixedKeys{keys, 1000}, nil, &Options{UnsafeUnaudited: true})
	require.NoError(t, err)
	ref := Ref{Tenant: "t", Table: "t", Column: "c", Row: "r", Subject: NoSubject()}
	all := UnsafeAllFields{}
	fresh := func() *Rows[cleared] {
		r, err := NewRows[cleared](s, nil)
		require.NoError(t, err)
		return r
	}
	v := cleared{A: strings.Repeat("secret", 5), B: strings.Repeat("s", 500), D: "x"}
	ctx := context.Background()
	for _, size := range []int{1, 33, 40, 50, 600, 4000} {
		r := fresh()
		buf := watched(r.rows, size)
		row, err := r.Seal(ctx, &v, ref)
		require.NoError(t, err)
		require.Equal(t, make([]byte, size), buf)

		r = fresh()
		buf = watched(r.rows, size)
		bad := v
		bad.D = func() {}
		_, err = r.Seal(ctx, &bad, ref)
		require.ErrorIs(t, err, errEncode)
		require.Equal(t, make([]byte, size), buf)

		r = fresh()
		buf = watched(r.rows, size)
		var got cleared
		_, err = r.Open(ctx, &got, ref, all, row)
		require.NoError(t, err)
		require.Equal(t, v, got)
		require.Equal(t, make([]byte, size), buf)

		r = fresh()
		buf = watched(r.rows, size)
		row.sealed = bytes.Clone(row.sealed)
		row.sealed[len(row.sealed)-1] ^= 1
		_, err = r.Open(ctx, &got, ref, all, row)
		require.Equal(t, ErrOpen, err)
		require.Equal(t, make([]byte, size), buf)
	}
}

// An array that is left for a larger one is cleared, whole.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestExtend(t *testing.T) {
	b := append(make([]byte, 0, 8), "secret"...)
	whole := b[:8]
	require.Same(t, &b[0], &extend(b, 2)[0])
	out := extend(b, 3)
	require.Equal(t, "secret", string(out))
	require.GreaterOrEqual(t, cap(out), 9)
	require.Equal(t, make([]byte, 8), whole)
}
