package cryptotest

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// A Case is one rule of [crypto.SubjectKeys], or of [crypto.SubjectLister], and
// the check of it. Those of the lister are skipped for a store that is none. open opens
// the one store under test, which is empty at the start of a case; each call
// stands for another process or a restart.
//
// Controls: none, it is test support.
type Case struct {
	Name string
	// Rule is what the case protects.
	Rule  string
	Check func(t *testing.T, open func() crypto.SubjectKeys)
}

// TestSubjectKeys runs all cases. fresh makes an empty store and returns what
// opens it; a store in memory returns the same one each time.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestSubjectKeys(t *testing.T, fresh func(t *testing.T) (open func() crypto.SubjectKeys)) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Log(c.Rule)
			c.Check(t, fresh(t))
		})
	}
}

// Cases returns the cases of the suite.
//
// Controls: none, it is test support.
func Cases() []Case {
	return []Case{
		{"absent", "what was never stored is ErrNotFound", absent},
		{"stored", "what was stored comes back, also to another process", stored},
		{"create once", "a nil old stores only where nothing is", createOnce},
		{"compare", "replacing needs the record that is there", compare},
		{"destroyed", "what was destroyed is ErrShredded for ever", destroyed},
		{"destroyed before", "Destroy leaves its mark where nothing was", destroyedBefore},
		{"tenants", "tenants are apart, whatever their names", tenants},
		{"copies", "slices are copied in and out", copies},
		{"race", "of many creators exactly one wins, and all read its record", race},
		{"race of replacers", "of many replacers exactly one wins", raceReplace},
		{"race with destroy", "no creator survives a Destroy", raceDestroy},
		{"context", "a cancelled context is an error and changes nothing", cancelled},
		{"size", "a record of 16 KiB fits", size},
		{"reserved first", "reserved names may come before the index", reservedFirst},
		{"list", "Names lists the living in the order of their bytes, in pages", list},
		{"list of tenants", "Names lists no other tenant's", listTenants},
		{"list under writes", "Names misses nothing that is there all the time", listUnderWrites},
	}
}

const (
	tenant = "clinic-a"
	name   = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
)

func want(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("got error %v, want %v", got, want)
	}
}

func wantRecord(t *testing.T, s crypto.SubjectKeys, tenant, name, record string) {
	t.Helper()
	got, err := s.Get(t.Context(), tenant, name)
	if err != nil || string(got) != record {
		t.Fatalf("got %q, %v, want %q", got, err, record)
	}
}

func put(t *testing.T, s crypto.SubjectKeys, old []byte, record string) error {
	t.Helper()
	return s.Put(t.Context(), tenant, name, old, []byte(record))
}

func absent(t *testing.T, open func() crypto.SubjectKeys) {
	_, err := open().Get(t.Context(), tenant, name)
	want(t, err, crypto.ErrNotFound)
	want(t, put(t, open(), []byte("other"), "record"), crypto.ErrConflict)
	_, err = open().Get(t.Context(), tenant, name)
	want(t, err, crypto.ErrNotFound)
}

func stored(t *testing.T, open func() crypto.SubjectKeys) {
	want(t, open().Put(t.Context(), tenant, "index", nil, []byte("index record")), nil)
	wantRecord(t, open(), tenant, "index", "index record")
	want(t, put(t, open(), nil, "record"), nil)
	wantRecord(t, open(), tenant, name, "record")
}

func createOnce(t *testing.T, open func() crypto.SubjectKeys) {
	want(t, put(t, open(), nil, "first"), nil)
	want(t, put(t, open(), nil, "second"), crypto.ErrConflict)
	want(t, put(t, open(), nil, "first"), crypto.ErrConflict)
	wantRecord(t, open(), tenant, name, "first")
}

func compare(t *testing.T, open func() crypto.SubjectKeys) {
	want(t, put(t, open(), nil, "first"), nil)
	want(t, put(t, open(), []byte("firs"), "second"), crypto.ErrConflict)
	want(t, put(t, open(), []byte{}, "second"), crypto.ErrConflict)
	wantRecord(t, open(), tenant, name, "first")
	want(t, put(t, open(), []byte("first"), "second"), nil)
	wantRecord(t, open(), tenant, name, "second")
}

func destroyed(t *testing.T, open func() crypto.SubjectKeys) {
	want(t, put(t, open(), nil, "record"), nil)
	for range 2 {
		want(t, open().Destroy(t.Context(), tenant, name), nil)
		_, err := open().Get(t.Context(), tenant, name)
		want(t, err, crypto.ErrShredded)
		want(t, put(t, open(), nil, "record"), crypto.ErrShredded)
		want(t, put(t, open(), []byte("record"), "other"), crypto.ErrShredded)
	}
}

func destroyedBefore(t *testing.T, open func() crypto.SubjectKeys) {
	want(t, open().Destroy(t.Context(), tenant, name), nil)
	_, err := open().Get(t.Context(), tenant, name)
	want(t, err, crypto.ErrShredded)
	want(t, put(t, open(), nil, "record"), crypto.ErrShredded)
}

func tenants(t *testing.T, open func() crypto.SubjectKeys) {
	names := []string{"a", "A", "a/b", "..", "../a", "a\x00b", "Ünïcode", string(bytes.Repeat([]byte("x"), 300)), "a ", " a", "a" + name}
	for _, n := range names {
		want(t, open().Put(t.Context(), n, name, nil, []byte("of "+n)), nil)
	}
	want(t, open().Destroy(t.Context(), "a", name), nil)
	for _, n := range names[1:] {
		wantRecord(t, open(), n, name, "of "+n)
	}
}

func copies(t *testing.T, open func() crypto.SubjectKeys) {
	s, record := open(), []byte("record")
	want(t, s.Put(t.Context(), tenant, name, nil, record), nil)
	clear(record)
	got, err := s.Get(t.Context(), tenant, name)
	want(t, err, nil)
	clear(got)
	wantRecord(t, s, tenant, name, "record")
}

// together calls f n times at once and returns how often it returned nil.
func together(n int, f func(i int) error) int {
	var wins atomic.Int64
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			if f(i) == nil {
				wins.Add(1)
			}
		})
	}
	close(start)
	wg.Wait()
	return int(wins.Load())
}

func race(t *testing.T, open func() crypto.SubjectKeys) {
	const n = 16
	read := make([]string, n)
	wins := together(n, func(i int) error {
		s := open()
		err := put(t, s, nil, string(rune('a'+i)))
		got, getErr := s.Get(t.Context(), tenant, name)
		if getErr != nil {
			t.Errorf("after Put: %v", getErr)
		}
		read[i] = string(got)
		return err
	})
	if wins != 1 {
		t.Fatalf("%d creators won", wins)
	}
	for _, r := range read {
		if r != read[0] || r == "" {
			t.Fatalf("creators read different records: %q", read)
		}
	}
}

func raceReplace(t *testing.T, open func() crypto.SubjectKeys) {
	want(t, put(t, open(), nil, "first"), nil)
	wins := together(16, func(i int) error {
		return put(t, open(), []byte("first"), string(rune('a'+i)))
	})
	if wins != 1 {
		t.Fatalf("%d replacers won", wins)
	}
}

func raceDestroy(t *testing.T, open func() crypto.SubjectKeys) {
	together(16, func(i int) error {
		if i == 7 {
			return open().Destroy(t.Context(), tenant, name)
		}
		return put(t, open(), nil, "record")
	})
	_, err := open().Get(t.Context(), tenant, name)
	want(t, err, crypto.ErrShredded)
}

func cancelled(t *testing.T, open func() crypto.SubjectKeys) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := open()
	want(t, s.Put(ctx, tenant, name, nil, []byte("record")), context.Canceled)
	_, err := s.Get(ctx, tenant, name)
	want(t, err, context.Canceled)
	want(t, s.Destroy(ctx, tenant, name), context.Canceled)
	_, err = s.Get(t.Context(), tenant, name)
	want(t, err, crypto.ErrNotFound)
}

func size(t *testing.T, open func() crypto.SubjectKeys) {
	record := string(bytes.Repeat([]byte{0, 'r', '\n', 0xff}, 4<<10))
	want(t, put(t, open(), nil, record), nil)
	wantRecord(t, open(), tenant, name, record)
}
