package cryptotest_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

// Each broken store breaks one rule of crypto.SubjectKeys.
var broken = map[string]func(*cryptotest.Subjects) crypto.SubjectKeys{
	"destroys nothing":        func(s *cryptotest.Subjects) crypto.SubjectKeys { return destroysNothing{s} },
	"forgets the destruction": func(s *cryptotest.Subjects) crypto.SubjectKeys { return forgets{s} },
	"overwrites":              func(s *cryptotest.Subjects) crypto.SubjectKeys { return overwrites{s} },
	"mixes tenants":           func(s *cryptotest.Subjects) crypto.SubjectKeys { return mixes{s} },
	"ignores the context":     func(s *cryptotest.Subjects) crypto.SubjectKeys { return ignores{s} },
	"lists the destroyed":     func(s *cryptotest.Subjects) crypto.SubjectKeys { return &listsDestroyed{Subjects: s} },
	"lists in disorder":       func(s *cryptotest.Subjects) crypto.SubjectKeys { return disorder{s} },
	"skips a page's end":      func(s *cryptotest.Subjects) crypto.SubjectKeys { return skips{s} },
}

type destroysNothing struct{ *cryptotest.Subjects }

func (destroysNothing) Destroy(context.Context, string, string) error { return nil }

type forgets struct{ *cryptotest.Subjects }

func (f forgets) Get(ctx context.Context, tenant, name string) ([]byte, error) {
	record, err := f.Subjects.Get(ctx, tenant, name)
	if err == crypto.ErrShredded {
		err = crypto.ErrNotFound
	}
	return record, err
}

type overwrites struct{ *cryptotest.Subjects }

func (o overwrites) Put(ctx context.Context, tenant, name string, _, record []byte) error {
	old, err := o.Get(ctx, tenant, name)
	if err == crypto.ErrShredded {
		return err
	}
	return o.Subjects.Put(ctx, tenant, name, old, record)
}

type mixes struct{ *cryptotest.Subjects }

func (m mixes) Get(ctx context.Context, _, name string) ([]byte, error) {
	return m.Subjects.Get(ctx, "", name)
}

func (m mixes) Put(ctx context.Context, _, name string, old, record []byte) error {
	return m.Subjects.Put(ctx, "", name, old, record)
}

func (m mixes) Destroy(ctx context.Context, _, name string) error {
	return m.Subjects.Destroy(ctx, "", name)
}

type ignores struct{ *cryptotest.Subjects }

func (i ignores) Put(_ context.Context, tenant, name string, old, record []byte) error {
	return i.Subjects.Put(context.Background(), tenant, name, old, record)
}

type listsDestroyed struct {
	*cryptotest.Subjects
	gone []string
}

func (l *listsDestroyed) Destroy(ctx context.Context, tenant, name string) error {
	l.gone = append(l.gone, name)
	return l.Subjects.Destroy(ctx, tenant, name)
}

func (l *listsDestroyed) Names(ctx context.Context, tenant, after string, max int) ([]string, error) {
	names, err := l.Subjects.Names(ctx, tenant, after, max)
	for _, n := range l.gone {
		if n > after {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names[:min(max, len(names))], err
}

type disorder struct{ *cryptotest.Subjects }

func (d disorder) Names(ctx context.Context, tenant, after string, max int) ([]string, error) {
	names, err := d.Subjects.Names(ctx, tenant, after, max)
	slices.Reverse(names)
	return names, err
}

type skips struct{ *cryptotest.Subjects }

func (s skips) Names(ctx context.Context, tenant, after string, max int) ([]string, error) {
	if after == "" {
		return s.Subjects.Names(ctx, tenant, after, max)
	}
	names, err := s.Subjects.Names(ctx, tenant, after, max+1)
	return names[min(1, len(names)):], err
}

const child = "SAFEGUARD_BROKEN_STORE"

// The suite finds every broken store: it runs against each in a process of
// its own, and must fail there.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestSuiteFindsBrokenStores(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	for name := range broken {
		cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestBrokenStore$")
		cmd.Env = append(os.Environ(), child+"="+name)
		out, err := cmd.CombinedOutput()
		require.Error(t, err, name)
		require.Contains(t, string(out), "--- FAIL: TestBrokenStore/", name)
	}
}

// TestBrokenStore is what the test above runs.
func TestBrokenStore(t *testing.T) {
	breaks, ok := broken[os.Getenv(child)]
	if !ok {
		t.Skip("runs as a child of TestSuiteFindsBrokenStores")
	}
	cryptotest.TestSubjectKeys(t, func(*testing.T) func() crypto.SubjectKeys {
		s := breaks(cryptotest.NewSubjects())
		return func() crypto.SubjectKeys { return s }
	})
}

// The store of the package itself passes.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestMemoryStore(t *testing.T) {
	cryptotest.TestSubjectKeys(t, func(*testing.T) func() crypto.SubjectKeys {
		s := cryptotest.NewSubjects()
		return func() crypto.SubjectKeys { return s }
	})
}
