package session_test

import (
	"math/rand/v2"
	"net/http"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/session"
)

var nothing = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

// null is a ResponseWriter that keeps headers only.
type null http.Header

func (n null) Header() http.Header         { return http.Header(n) }
func (n null) Write(b []byte) (int, error) { return len(b), nil }
func (n null) WriteHeader(int)             {}

// What runs on every request must not feed the garbage collector.
//
// Controls: none, cost.
func TestAllocations(t *testing.T) {
	m := newManager(t, &session.Options{UnsafeWithoutEntry: true})
	token, _ := start(t, m)
	ctx := t.Context()
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = m.Check(ctx, token, session.Active) }))

	h := m.Handler(nothing)
	for _, r := range []*http.Request{
		request("POST", "Cookie", "a=b; "+cookie(token)),
		request("GET", "Authorization", "Bearer "+token.Reveal()),
	} {
		w := null{}
		require.LessOrEqual(t, testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) }), 5.0)
	}
}

func BenchmarkCheck(b *testing.B) {
	m := newManager(b, nil)
	token, _ := start(b, m)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Check(ctx, token, session.Active); err != nil {
			b.Fatal(err)
		}
	}
}

// A million sessions, asked for in random order; also says what each weighs.
func BenchmarkCheckMillion(b *testing.B) {
	m := newManager(b, nil)
	ctx := b.Context()
	before := heap()
	texts := make([]session.Token, 1_000_000)
	for i := range texts {
		texts[i], _ = start(b, m)
	}
	tokens := uint64(len(texts)) * (8 + 16 + 64) // what this benchmark itself keeps
	perSession := (heap() - before - tokens) / uint64(len(texts))
	rng := rand.New(rand.NewPCG(1, 2))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Check(ctx, texts[rng.IntN(len(texts))], session.Active); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(perSession), "B/session")
}

func heap() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// net/http middleware with the cookie, the cross-origin check and five headers.
func BenchmarkHandler(b *testing.B) {
	m := newManager(b, &session.Options{UnsafeWithoutEntry: true})
	token, _ := start(b, m)
	h := m.Handler(nothing)
	r := request("POST", "Cookie", cookie(token), "Sec-Fetch-Site", "same-origin")
	w := null{}
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}

// Five sessions of one user end beside a hundred thousand of others.
func BenchmarkEndUser(b *testing.B) {
	const fresh = 50_000 // ended sessions stay on record, so start anew at times
	var m *session.Manager
	i := 0
	for b.Loop() {
		b.StopTimer()
		if i%fresh == 0 {
			m = crowded(b)
		}
		i++
		for range 5 {
			start(b, m)
		}
		b.StartTimer()
		n, err := m.EndUser(b.Context(), "north", "u-17", session.Revoked)
		if err != nil || n != 5 {
			b.Fatal(n, err)
		}
	}
}

func crowded(b *testing.B) *session.Manager {
	m := newManager(b, nil)
	other := ada
	other.User = "u-18"
	for range 100_000 {
		if _, _, err := m.Start(b.Context(), other); err != nil {
			b.Fatal(err)
		}
	}
	return m
}
