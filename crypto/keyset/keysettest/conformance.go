package keysettest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// A Case is one rule of [keyset.Store] and the check of it. open opens the one
// store under test, which is empty at the start of a case; each call stands for
// another process or a restart.
//
// Controls: none, it is test support.
type Case struct {
	Name string
	// Rule is what the case protects.
	Rule  string
	Check func(t *testing.T, open func() keyset.Store)
}

// TestStore runs all cases. fresh makes an empty store and returns what opens
// it; a store in memory returns the same one each time.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestStore(t *testing.T, fresh func(t *testing.T) (open func() keyset.Store)) {
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
		{"absent", "a tenant without a file is crypto.ErrTenant", absent},
		{"stored", "what was written comes back, also to another process", stored},
		{"create once", "a nil old writes only where nothing is", createOnce},
		{"compare", "replacing needs the file that is there", compare},
		{"tenants", "tenants are apart, whatever their names", tenants},
		{"list", "tenants are listed in order, page by page", list},
		{"copies", "slices are copied in and out", copies},
		{"race", "of many creators exactly one wins, and all read its file", race},
		{"race of replacers", "of many replacers exactly one wins", raceReplace},
		{"whole", "a reader sees the old file or the new one", whole},
		{"context", "a cancelled context is an error and changes nothing", cancelled},
		{"size", "a file of 1 MiB fits", size},
	}
}

const tenant = "clinic-a"

// file returns content that a store may look into for the tenant: it is what
// is left of a destroyed keyset, and what makes it differ.
func file(t *testing.T, tenant string, mark int) []byte {
	t.Helper()
	content, err := keyset.Remains(nil, tenant)
	if err != nil {
		t.Fatal(err)
	}
	return append(content, bytes.Repeat([]byte(" "), mark)...)
}

func want(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("got error %v, want %v", got, want)
	}
}

func wantFile(t *testing.T, s keyset.Store, tenant string, content []byte) {
	t.Helper()
	got, err := s.Read(t.Context(), tenant)
	if err != nil || !bytes.Equal(got, content) {
		t.Fatalf("got %d bytes, %v, want %d others", len(got), err, len(content))
	}
}

func absent(t *testing.T, open func() keyset.Store) {
	_, err := open().Read(t.Context(), tenant)
	want(t, err, crypto.ErrTenant)
	want(t, open().Write(t.Context(), tenant, []byte("other"), file(t, tenant, 0)), keyset.ErrConflict)
	_, err = open().Read(t.Context(), tenant)
	want(t, err, crypto.ErrTenant)
}

func stored(t *testing.T, open func() keyset.Store) {
	want(t, open().Write(t.Context(), tenant, nil, file(t, tenant, 1)), nil)
	wantFile(t, open(), tenant, file(t, tenant, 1))
}

func createOnce(t *testing.T, open func() keyset.Store) {
	want(t, open().Write(t.Context(), tenant, nil, file(t, tenant, 1)), nil)
	want(t, open().Write(t.Context(), tenant, nil, file(t, tenant, 2)), keyset.ErrConflict)
	want(t, open().Write(t.Context(), tenant, nil, file(t, tenant, 1)), keyset.ErrConflict)
	wantFile(t, open(), tenant, file(t, tenant, 1))
}

func compare(t *testing.T, open func() keyset.Store) {
	first, second := file(t, tenant, 1), file(t, tenant, 2)
	want(t, open().Write(t.Context(), tenant, nil, first), nil)
	want(t, open().Write(t.Context(), tenant, first[:len(first)-1], second), keyset.ErrConflict)
	want(t, open().Write(t.Context(), tenant, []byte{}, second), keyset.ErrConflict)
	wantFile(t, open(), tenant, first)
	want(t, open().Write(t.Context(), tenant, first, second), nil)
	wantFile(t, open(), tenant, second)
}

func names() []string {
	return []string{"a", "A", "a/b", "..", "../a", "a\x00b", "Ünïcode", string(bytes.Repeat([]byte("x"), 300)),
		"a ", " a", "lock", "safeguard-keysets", "clinic_a", "t-a"}
}

func tenants(t *testing.T, open func() keyset.Store) {
	for i, n := range names() {
		want(t, open().Write(t.Context(), n, nil, file(t, n, i)), nil)
	}
	for i, n := range names() {
		wantFile(t, open(), n, file(t, n, i))
	}
}

func list(t *testing.T, open func() keyset.Store) {
	sorted := slices.Sorted(slices.Values(names()))
	for _, n := range names() {
		want(t, open().Write(t.Context(), n, nil, file(t, n, 0)), nil)
	}
	for _, page := range []int{1, 3, len(sorted), 1000} {
		var all []string
		for after := ""; ; {
			got, err := open().Tenants(t.Context(), after, page)
			want(t, err, nil)
			all = append(all, got...)
			if len(got) > page {
				t.Fatalf("%d tenants in a page of %d", len(got), page)
			}
			if len(got) < page {
				break
			}
			after = got[len(got)-1]
		}
		if !slices.Equal(all, sorted) {
			t.Fatalf("pages of %d: got %q, want %q", page, all, sorted)
		}
	}
}

func copies(t *testing.T, open func() keyset.Store) {
	s, content := open(), file(t, tenant, 1)
	want(t, s.Write(t.Context(), tenant, nil, content), nil)
	clear(content)
	got, err := s.Read(t.Context(), tenant)
	want(t, err, nil)
	clear(got)
	wantFile(t, s, tenant, file(t, tenant, 1))
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

func race(t *testing.T, open func() keyset.Store) {
	files := make([][]byte, 16)
	for i := range files {
		files[i] = file(t, tenant, i)
	}
	read := make([]string, len(files))
	wins := together(len(files), func(i int) error {
		s := open()
		err := s.Write(t.Context(), tenant, nil, files[i])
		got, readErr := s.Read(t.Context(), tenant)
		if readErr != nil {
			t.Errorf("after Write: %v", readErr)
		}
		read[i] = string(got)
		return err
	})
	if wins != 1 {
		t.Fatalf("%d creators won", wins)
	}
	for _, r := range read {
		if r != read[0] || r == "" {
			t.Fatal("creators read different files")
		}
	}
}

func raceReplace(t *testing.T, open func() keyset.Store) {
	first := file(t, tenant, 0)
	want(t, open().Write(t.Context(), tenant, nil, first), nil)
	files := make([][]byte, 16)
	for i := range files {
		files[i] = file(t, tenant, i+1)
	}
	wins := together(len(files), func(i int) error {
		return open().Write(t.Context(), tenant, first, files[i])
	})
	if wins != 1 {
		t.Fatalf("%d replacers won", wins)
	}
}

func whole(t *testing.T, open func() keyset.Store) {
	versions := [][]byte{file(t, tenant, 1<<16), file(t, tenant, 1)}
	want(t, open().Write(t.Context(), tenant, nil, versions[0]), nil)
	done := make(chan error)
	go func() {
		s := open()
		for i := range 50 {
			if err := s.Write(t.Context(), tenant, versions[i%2], versions[(i+1)%2]); err != nil {
				done <- fmt.Errorf("write %d: %w", i, err)
				return
			}
		}
		done <- nil
	}()
	s := open()
	for {
		select {
		case err := <-done:
			want(t, err, nil)
			return
		default:
		}
		got, err := s.Read(t.Context(), tenant)
		want(t, err, nil)
		if !bytes.Equal(got, versions[0]) && !bytes.Equal(got, versions[1]) {
			t.Fatalf("a file of %d bytes is neither", len(got))
		}
	}
}

func cancelled(t *testing.T, open func() keyset.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := open()
	want(t, s.Write(ctx, tenant, nil, file(t, tenant, 0)), context.Canceled)
	_, err := s.Read(ctx, tenant)
	want(t, err, context.Canceled)
	_, err = s.Tenants(ctx, "", 1)
	want(t, err, context.Canceled)
	_, err = s.Read(t.Context(), tenant)
	want(t, err, crypto.ErrTenant)
}

func size(t *testing.T, open func() keyset.Store) {
	content := file(t, tenant, 0)
	content = append(content, bytes.Repeat([]byte(" "), 1<<20-len(content))...)
	want(t, open().Write(t.Context(), tenant, nil, content), nil)
	wantFile(t, open(), tenant, content)
}
