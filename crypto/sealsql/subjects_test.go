package sealsql_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

const tenant = "clinic-a"

func subjects(t testing.TB, at database) *sealsql.Subjects {
	t.Helper()
	s, err := sealsql.NewSubjects(at.open(t), at.dialect, nil)
	require.NoError(t, err)
	require.NoError(t, s.CreateTable(t.Context()))
	return s
}

// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestSubjects(t *testing.T) {
	for _, d := range []sealsql.Dialect{sealsql.SQLite, sealsql.Postgres} {
		t.Run(d.String(), func(t *testing.T) {
			cryptotest.TestSubjectKeys(t, func(t *testing.T) func() crypto.SubjectKeys {
				at := fresh(t, d)
				subjects(t, at)
				// Two pools stand for two processes.
				pools := []*sealsql.Subjects{subjects(t, at), subjects(t, at)}
				var n int
				var mu sync.Mutex
				return func() crypto.SubjectKeys {
					mu.Lock()
					defer mu.Unlock()
					n++
					return pools[n%2]
				}
			})
		})
	}
}

// The key that names subjects is not made anew where subjects are.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestIndexFirst(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		s, name := subjects(t, at), strings.Repeat("a", 64)
		require.NoError(t, s.Put(t.Context(), tenant, "budget00000001", nil, []byte("count")))
		require.NoError(t, s.Put(t.Context(), "other", name, nil, []byte("record")))
		require.NoError(t, s.Put(t.Context(), tenant, "index", nil, []byte("index")))
		require.ErrorIs(t, s.Put(t.Context(), tenant, "index", nil, []byte("index")), crypto.ErrConflict)
		require.NoError(t, s.Put(t.Context(), tenant, name, nil, []byte("record")))

		db := at.open(t)
		run(t, db, "DELETE FROM subject_keys WHERE name = 'index'")
		err := s.Put(t.Context(), tenant, "index", nil, []byte("index"))
		require.ErrorContains(t, err, "missing")
		_, err = s.Get(t.Context(), tenant, "index")
		require.ErrorIs(t, err, crypto.ErrNotFound)
	})
}

// Controls: HIPAA 164.310(d)(2)(i).
func TestDestroyedKeepsItsTime(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		s, db := subjects(t, at), at.open(t)
		require.NoError(t, s.Put(t.Context(), tenant, "aa", nil, []byte("record")))
		require.NoError(t, s.Destroy(t.Context(), tenant, "aa"))
		run(t, db, "UPDATE subject_keys SET destroyed = 17")
		require.NoError(t, s.Destroy(t.Context(), tenant, "aa"))
		var when int64
		require.NoError(t, db.QueryRow("SELECT destroyed FROM subject_keys").Scan(&when))
		require.EqualValues(t, 17, when)
		names, err := s.Names(t.Context(), tenant, "", 10)
		require.NoError(t, err)
		require.Empty(t, names)
	})
}

// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestSubjectsRefuse(t *testing.T) {
	at := fresh(t, sealsql.SQLite)
	db := at.open(t)
	_, err := sealsql.NewSubjects(nil, sealsql.SQLite, nil)
	require.Error(t, err)
	_, err = sealsql.NewSubjects(db, 0, nil)
	require.ErrorContains(t, err, "dialect")
	for _, name := range []string{`a"b`, "a b", "a;b", "1a", "a.b.c", ".a", "a.", "a-b", strings.Repeat("a", 64), "ä"} {
		_, err = sealsql.NewSubjects(db, sealsql.SQLite, &sealsql.SubjectsOptions{Table: name})
		require.Error(t, err, name)
	}
	s, err := sealsql.NewSubjects(db, sealsql.SQLite, &sealsql.SubjectsOptions{Table: "main.Keys_2"})
	require.NoError(t, err)
	require.NoError(t, s.CreateTable(t.Context()))
	require.NoError(t, s.Put(t.Context(), tenant, "aa", nil, []byte("record")))
	for _, name := range []string{"", "A", "a/b", "ä", strings.Repeat("a", 65)} {
		_, err := s.Get(t.Context(), tenant, name)
		require.Error(t, err)
		require.Error(t, s.Put(t.Context(), tenant, name, nil, []byte("r")))
		require.Error(t, s.Destroy(t.Context(), tenant, name))
	}
	require.Error(t, s.Put(t.Context(), "", "aa", nil, []byte("r")))
	require.Error(t, s.Put(t.Context(), tenant, "bb", nil, nil))
	require.Error(t, s.Put(t.Context(), tenant, "bb", nil, make([]byte, 64<<10+1)))
}

// What a database says of a failure holds what it was given; an Error does
// not.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestErrorsHoldNoValues(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		db := at.open(t)
		s, err := sealsql.NewSubjects(db, at.dialect, &sealsql.SubjectsOptions{Table: "Thornquist"})
		require.NoError(t, err)
		_, err = s.Get(t.Context(), tenant, "aa")
		require.Error(t, err)
		var e *sealsql.Error
		require.ErrorAs(t, err, &e)
		require.Contains(t, errors.Unwrap(e).Error(), "Thornquist")
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
			require.NotContains(t, fmt.Sprintf(verb, err), "Thornquist")
		}
		require.Regexp(t, `^sealsql: subjects: get: (SQLSTATE 42P01|SQLite error 1)$`, err.Error())
		require.NoError(t, db.Close())
		_, err = s.Get(t.Context(), tenant, "aa")
		require.EqualError(t, err, "sealsql: subjects: get: the database could not be asked")
		require.NotErrorIs(t, err, crypto.ErrNotFound)
	})
}

// Processes that seal for the same new patients at once agree on their keys.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestProcessesAgree(t *testing.T) {
	const processes, patients = 3, 5
	everywhere(t, func(t *testing.T, at database) {
		s := sealer(t, subjects(t, at), 1)
		exe, err := os.Executable()
		require.NoError(t, err)
		var wg sync.WaitGroup
		outputs, errs := make([][]byte, processes), make([]error, processes)
		for i := range processes {
			cmd := childOf(t.Context(), exe, "^TestSealingProcess$")
			cmd.Env = childEnv(at)
			wg.Go(func() { outputs[i], errs[i] = cmd.CombinedOutput() })
		}
		wg.Wait()
		for i, out := range outputs {
			require.NoError(t, errs[i], string(out))
			found := regexp.MustCompile(`sealed (\d+) ([0-9a-f]+)`).FindAllSubmatch(out, -1)
			require.Len(t, found, patients)
			for n, m := range found {
				sealed, err := hex.DecodeString(string(m[2]))
				require.NoError(t, err)
				got, err := s.AppendOpen(t.Context(), nil, sealed, patientRef(n))
				require.NoError(t, err)
				require.Equal(t, "value", string(got))
			}
		}
	})
}

// TestSealingProcess is one process of the test above.
//
// Controls: none, it is part of another test.
func TestSealingProcess(t *testing.T) {
	at := parent(t)
	s := sealer(t, subjects(t, at), 1)
	for n := range 5 {
		sealed, err := s.AppendSeal(t.Context(), nil, []byte("value"), patientRef(n))
		require.NoError(t, err)
		fmt.Printf("sealed %d %x\n", n, sealed)
	}
}

func childOf(ctx context.Context, exe, run string) *exec.Cmd {
	return exec.CommandContext(ctx, exe, "-test.run="+run, "-test.v")
}

func patientRef(n int) crypto.Ref {
	return crypto.Ref{Tenant: tenant, Table: "patient", Column: "name", Row: fmt.Sprint(n),
		Subject: crypto.SubjectOf(safeguard.NewPatient(patientName(n)))}
}

// sealer returns a Sealer with the keys 1 to primary, which every process of a
// test has.
func sealer(t testing.TB, store crypto.SubjectKeys, primary uint32) *crypto.Sealer {
	t.Helper()
	return sealerOver(t, store, primary, 1, primary)
}

// sealerOver returns a Sealer with the keys from to to.
func sealerOver(t testing.TB, store crypto.SubjectKeys, primary, from, to uint32) *crypto.Sealer {
	t.Helper()
	var keys []*crypto.Key
	for id := from; id <= to; id++ {
		material := make([]byte, 32)
		material[0], material[31] = byte(id), 0x5a
		key, err := crypto.NewKey(id, material)
		require.NoError(t, err)
		keys = append(keys, key)
	}
	ks, err := crypto.NewKeyset(primary, keys...)
	require.NoError(t, err)
	s, err := crypto.New(cryptotest.Keys{tenant: ks}, store, &crypto.Options{UnsafeUnaudited: true})
	require.NoError(t, err)
	return s
}
