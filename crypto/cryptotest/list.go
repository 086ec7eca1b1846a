package cryptotest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// lister returns s as one that lists, or skips the case.
func lister(t *testing.T, s crypto.SubjectKeys) crypto.SubjectLister {
	t.Helper()
	l, ok := s.(crypto.SubjectLister)
	if !ok {
		t.Skip("the store is no crypto.SubjectLister: it takes no part in epochs")
	}
	return l
}

// numbered returns a subject's name that sorts by number.
func numbered(i int) string { return fmt.Sprintf("%04x", i) + name[4:] }

// pages walks through all names, max at a time, and returns them.
func pages(t *testing.T, l crypto.SubjectLister, tenant string, max int) (all []string) {
	t.Helper()
	for after := ""; ; {
		page, err := l.Names(t.Context(), tenant, after, max)
		want(t, err, nil)
		if len(page) > max {
			t.Fatalf("%d names, at most %d were asked for", len(page), max)
		}
		all = append(all, page...)
		if len(page) < max {
			return all
		}
		after = page[len(page)-1]
	}
}

func wantNames(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("got names %q, want %q", got, want)
	}
}

func reservedFirst(t *testing.T, open func() crypto.SubjectKeys) {
	for _, n := range []string{"budget0000002a", "search", "index", name} {
		want(t, open().Put(t.Context(), tenant, n, nil, []byte("of "+n)), nil)
	}
	for _, n := range []string{"budget0000002a", "search", "index", name} {
		wantRecord(t, open(), tenant, n, "of "+n)
	}
}

func list(t *testing.T, open func() crypto.SubjectKeys) {
	wantNames(t, pages(t, lister(t, open()), tenant, 3), nil)
	names := []string{"budget0000002a", "index", "search"}
	for i := range 20 {
		names = append(names, numbered(i*257))
	}
	// The index comes before the subjects, whatever the order of the rest.
	want(t, open().Put(t.Context(), tenant, "index", nil, []byte("record")), nil)
	for i := len(names) - 1; i >= 0; i-- {
		if names[i] != "index" {
			want(t, open().Put(t.Context(), tenant, names[i], nil, []byte("record")), nil)
		}
	}
	slices.Sort(names)
	for _, max := range []int{1, 2, 3, 7, len(names), 1000} {
		wantNames(t, pages(t, lister(t, open()), tenant, max), names)
	}
	between, err := lister(t, open()).Names(t.Context(), tenant, names[4]+"0", 2)
	want(t, err, nil)
	wantNames(t, between, names[5:7])

	want(t, open().Destroy(t.Context(), tenant, names[5]), nil)
	want(t, open().Destroy(t.Context(), tenant, numbered(1)), nil) // was never there
	wantNames(t, pages(t, lister(t, open()), tenant, 4), slices.Delete(slices.Clone(names), 5, 6))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = lister(t, open()).Names(ctx, tenant, "", 10)
	want(t, err, context.Canceled)
}

func listTenants(t *testing.T, open func() crypto.SubjectKeys) {
	l := lister(t, open())
	for i, other := range []string{tenant, tenant + "b", "a/b", ""} {
		if other != "" {
			want(t, open().Put(t.Context(), other, numbered(i), nil, []byte("record")), nil)
		}
	}
	wantNames(t, pages(t, l, tenant, 10), []string{numbered(0)})
	wantNames(t, pages(t, l, tenant+"b", 10), []string{numbered(1)})
	wantNames(t, pages(t, l, "clinic", 10), nil)
}

func listUnderWrites(t *testing.T, open func() crypto.SubjectKeys) {
	l := lister(t, open())
	var there []string
	for i := range 30 {
		n := numbered(2 * i)
		want(t, open().Put(t.Context(), tenant, n, nil, []byte("record")), nil)
		there = append(there, n)
	}
	done := make(chan error, 1)
	go func() {
		s := open()
		for i := range 30 {
			if err := s.Put(context.Background(), tenant, numbered(2*i+1), nil, []byte("record")); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for range 5 {
		got := pages(t, l, tenant, 4)
		for _, n := range there {
			if !slices.Contains(got, n) {
				t.Errorf("missed %q, which is there all the time", n)
			}
		}
		if !slices.IsSorted(got) {
			t.Errorf("not ascending: %q", got)
		}
	}
	want(t, <-done, nil)
}
