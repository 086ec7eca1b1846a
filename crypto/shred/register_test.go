package shred_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
	"github.com/safeguard-sdk/safeguard/crypto/shred/shredtest"
)

// entries returns what is in a log.
func entries(t testing.TB, log shred.Log) [][]byte {
	t.Helper()
	var out [][]byte
	for n := uint64(1); ; n++ {
		b, err := log.Read(t.Context(), n)
		if errors.Is(err, shred.ErrNoEntry) {
			return out
		}
		require.NoError(t, err)
		out = append(out, b)
	}
}

func logOf(t testing.TB, entries [][]byte) *shredtest.Log {
	t.Helper()
	log := new(shredtest.Log)
	for i, b := range entries {
		require.NoError(t, log.Append(t.Context(), uint64(i+1), b))
	}
	return log
}

// busyRegister returns a register with an entry of every kind.
func busyRegister(t testing.TB) *world {
	w := newWorld(t, shred.Options{})
	w.opts.Exporter, w.opts.Keysets = exporter{new(breaker)}, keysets{new(breaker), w.keys}
	w.open(t)
	w.seal(t, tenantA, patient(1), 1)
	w.seal(t, tenantA, patient(2), 1)
	require.NoError(t, w.Hold(w.as(t, "counsel"), tenantA, patient(1), "1"))
	w.destroy(t, releaseOf("1"))
	w.destroy(t, orderOf(patient(1)))
	id, err := w.Request(w.as(t, "dr.lee"), orderOf(patient(2)))
	require.NoError(t, err)
	require.NoError(t, w.Cancel(w.as(t, "dr.lee"), id, orderOf(patient(2))))
	w.destroy(t, tenantOrder())
	return w
}

// A register that was changed anywhere, reordered or cut in the middle is
// refused. Only the end can be cut unseen, which Head shows.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestRegisterShowsTampering(t *testing.T) {
	w := busyRegister(t)
	whole := entries(t, w.log)
	n, head, err := w.register.Head(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, len(whole), n)

	open := func(entries [][]byte) (*shred.Register, error) {
		return shred.OpenRegister(t.Context(), logOf(t, entries))
	}
	same, err := open(whole)
	require.NoError(t, err)
	_, again, err := same.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, head, again)

	for i := range whole {
		for at := range whole[i] {
			if at%soak(17, 1) != 0 {
				continue
			}
			changed := append([][]byte{}, whole...)
			changed[i] = bytes.Clone(whole[i])
			changed[i][at] ^= 1
			r, err := open(changed)
			if err == nil { // the last one has nothing after it to show it
				require.Equal(t, len(whole)-1, i)
				_, now, err := r.Head(t.Context())
				require.NoError(t, err)
				require.NotEqual(t, head, now)
				continue
			}
			require.ErrorIs(t, err, shred.ErrRegister)
		}
	}
	for i := range len(whole) - 1 {
		swapped := append([][]byte{}, whole...)
		swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
		_, err := open(swapped)
		require.ErrorIs(t, err, shred.ErrRegister)
		_, err = open(append(append([][]byte{}, whole[:i]...), whole[i+1:]...))
		require.ErrorIs(t, err, shred.ErrRegister)
	}
	cut, err := open(whole[:len(whole)-1])
	require.NoError(t, err)
	_, now, err := cut.Head(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, head, now)
}

// relink writes the entries anew as a chain, as who owns the register could.
func relink(entries [][]byte) [][]byte {
	var out [][]byte
	prev := ""
	for i, b := range entries {
		var head, tail string
		s := string(b)
		at := strings.Index(s, `"at":`)
		tail = s[at:]
		head = fmt.Sprintf(`{"number":%d,`, i+1)
		if prev != "" {
			head += fmt.Sprintf(`"prev":%q,`, prev)
		}
		b = []byte(head + tail)
		sum := sha256.Sum256(b)
		prev = hex.EncodeToString(sum[:])
		out = append(out, b)
	}
	return out
}

// Even a proper chain is refused where it breaks the rules: one person twice,
// an approval under hold, a certificate without an approval.
//
// Controls: HIPAA 164.312(a)(1), 164.312(c)(2); NIST CSF 2.0 PR.AA-05.
func TestRegisterKeepsTheRules(t *testing.T) {
	w := busyRegister(t)
	whole := entries(t, w.log)
	open := func(entries [][]byte) error {
		_, err := shred.OpenRegister(t.Context(), logOf(t, relink(entries)))
		return err
	}
	require.NoError(t, open(whole))
	kinds := make([]string, len(whole))
	for i, b := range whole {
		for _, kind := range []string{"request", "approval", "intent", "export", "names", "hold", "cancel", "certificate"} {
			if bytes.Contains(b, []byte(`Z","`+kind+`":{`)) {
				kinds[i] = kind
			}
		}
		require.NotEmpty(t, kinds[i])
	}
	for i, kind := range kinds {
		without := append(append([][]byte{}, whole[:i]...), whole[i+1:]...)
		switch kind {
		case "request", "approval":
			require.ErrorIs(t, open(without), shred.ErrRegister, kind)
		case "hold":
			require.ErrorIs(t, open(without), shred.ErrRegister, "the release has nothing to release")
		}
		if kind == "approval" {
			same := append([][]byte{}, whole...)
			same[i] = bytes.Replace(whole[i], []byte("ms.ray"), []byte("Dr.Lee"), 1)
			require.ErrorIs(t, open(same), shred.ErrRegister, "one person twice")
		}
		twice := append(append([][]byte{}, whole[:i+1]...), whole[i:]...)
		if kind == "request" || kind == "approval" || kind == "cancel" || kind == "certificate" {
			require.ErrorIs(t, open(twice), shred.ErrRegister, kind)
		}
	}
	// A destruction does not begin under a hold.
	require.Equal(t, []string{"approval", "intent"}, kinds[5:7])
	late := append(append([][]byte{}, whole[:6]...), whole[0])
	require.NoError(t, open(late), "a hold may come while an order waits")
	require.ErrorIs(t, open(append(late, whole[6])), shred.ErrRegister)
	// Without the release the patient is still held.
	held := append(append([][]byte{}, whole[:1]...), whole[4:]...)
	require.ErrorIs(t, open(held), shred.ErrRegister)
}

// A directory is a register too, for a process that comes later, and refuses
// to be one that others can write to.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestDirLog(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "register")
	w := newWorld(t, shred.Options{})
	log, err := shred.NewDirLog(dir)
	require.NoError(t, err)
	w.log = log
	w.open(t)
	c := certificate(t, w)
	require.NoError(t, log.Close())

	log, err = shred.NewDirLog(dir)
	require.NoError(t, err)
	r, err := shred.OpenRegister(t.Context(), log)
	require.NoError(t, err)
	s, err := shred.Verify(c, public())
	require.NoError(t, err)
	again, err := r.Certificate(t.Context(), s.Order)
	require.NoError(t, err)
	require.Equal(t, c, again)
	orders, err := r.Certificates(t.Context(), tenantA)
	require.NoError(t, err)
	require.Equal(t, []string{s.Order}, orders)
	names, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, names, 4+1, "nothing temporary is left")

	require.NoError(t, os.Chmod(dir, 0o777))
	_, err = shred.NewDirLog(dir)
	require.ErrorContains(t, err, "others can write")
	require.NotContains(t, err.Error(), dir)
	_, err = shred.NewDirLog("")
	require.Error(t, err)
	_, err = shred.OpenRegister(t.Context(), nil)
	require.Error(t, err)
	require.NoError(t, os.Chmod(dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, names[1].Name()), nil, 0o600))
	_, err = shred.OpenRegister(t.Context(), log)
	require.ErrorIs(t, err, shred.ErrRegister)
}

// A backup of the store that is restored after patients and a tenant were
// destroyed opens none of them once the register was applied.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-01.
func TestRestoringStaysShredded(t *testing.T) {
	const patients = 10
	dir := filepath.Join(t.TempDir(), "keys")
	store, err := crypto.NewDirSubjects(dir)
	require.NoError(t, err)
	w := newWorld(t, shred.Options{})
	w.store, w.sealer = store, newSealer(t, w.keys, store)
	kept := w.keys[tenantB]
	w.opts.Keysets, w.opts.Exporter = keysets{new(breaker), w.keys}, exporter{new(breaker)}
	w.open(t)
	sealed := map[string][][]byte{}
	for _, tenant := range []string{tenantA, tenantB} {
		for i := range patients {
			sealed[tenant] = append(sealed[tenant], w.seal(t, tenant, patient(i), i))
		}
	}
	backup := filepath.Join(t.TempDir(), "backup")
	require.NoError(t, os.CopyFS(backup, os.DirFS(dir)))
	require.NoError(t, os.Chmod(backup, 0o700))

	for i := range patients / 2 {
		w.destroy(t, orderOf(patient(i)))
	}
	o := tenantOrder()
	o.Tenant = tenantB
	w.destroy(t, o)

	restored, err := crypto.OpenDirSubjects(backup)
	require.NoError(t, err)
	w.keys[tenantB] = kept // the keyset came back with another backup
	count := func() map[string]int {
		opened := map[string]int{}
		s := newSealer(t, w.keys, restored)
		for tenant, values := range sealed {
			for i, value := range values {
				if _, err := s.AppendOpen(t.Context(), nil, value, refOf(tenant, patient(i), i)); err == nil {
					opened[tenant]++
				}
			}
		}
		return opened
	}
	require.Equal(t, map[string]int{tenantA: patients, tenantB: patients}, count(), "a backup opens what was destroyed since")
	late, err := newSealer(t, w.keys, restored).AppendSeal(t.Context(), nil, []byte("x"), refOf(tenantB, patient(99), 1))
	require.NoError(t, err)
	for range 2 {
		done, err := w.register.Apply(t.Context(), restored)
		require.NoError(t, err)
		require.Equal(t, 2, done.Tenants)
		require.GreaterOrEqual(t, done.Names, patients+patients/2+1)
		require.Equal(t, map[string]int{tenantA: patients / 2}, count())
	}
	left, err := restored.Names(t.Context(), tenantB, "", 100)
	require.NoError(t, err)
	require.Empty(t, left, "nor what the register did not know of a whole tenant")
	_, err = newSealer(t, w.keys, restored).AppendOpen(t.Context(), nil, late, refOf(tenantB, patient(99), 1))
	require.ErrorIs(t, err, crypto.ErrShredded)
	names, err := w.register.Names(t.Context(), tenantA)
	require.NoError(t, err)
	require.Len(t, names, patients/2)
	names, err = w.register.Names(t.Context(), "nobody")
	require.NoError(t, err)
	require.Empty(t, names)
}

// A store that fails while the register is applied is an error.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestApplyFails(t *testing.T) {
	w, b := faultWorld(t)
	w.seal(t, tenantA, patient(1), 1)
	w.destroy(t, orderOf(patient(1)))
	b.calls, b.left = 0, 1
	_, err := w.register.Apply(t.Context(), w.store)
	require.ErrorIs(t, err, errBroken)
}

// The report says the head, for a log of observations.
//
// Controls: HIPAA 164.312(b), 164.308(a)(8); NIST CSF 2.0 PR.PS-04.
func TestReport(t *testing.T) {
	w := newWorld(t, shred.Options{})
	certificate(t, w)
	out, err := w.Report(t.Context())
	require.NoError(t, err)
	_, head, err := w.register.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, head, out[0].Settings["register.head"])
	require.Equal(t, "4", out[0].Settings["register.entries"])
	require.EqualValues(t, 1, out[0].Counters["certified"])
	require.Equal(t, "[shredder]", fmt.Sprintf("%+v", w.Shredder))
}

// A register opens or is refused, whatever its entries are; what opens has
// the head of its last entry.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func FuzzRegister(f *testing.F) {
	b, err := os.ReadFile("testdata/register.txt")
	require.NoError(f, err)
	f.Add(b)
	f.Add(bytes.Join(entries(f, busyRegister(f).log), []byte("\n")))
	for line := range bytes.Lines(b) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		log := new(shredtest.Log)
		n := uint64(0)
		for line := range bytes.Lines(b) {
			line = bytes.TrimSuffix(line, []byte("\n"))
			if log.Append(t.Context(), n+1, line) == nil {
				n++
			}
		}
		r, err := shred.OpenRegister(t.Context(), log)
		if err != nil {
			require.ErrorIs(t, err, shred.ErrRegister)
			return
		}
		entries, head, err := r.Head(t.Context())
		require.NoError(t, err)
		require.Equal(t, n, entries)
		require.Equal(t, n > 0, head != "")
		_, err = r.Names(t.Context(), tenantA)
		require.NoError(t, err)
	})
}

// A register of before is read forever.
//
// Controls: HIPAA 164.312(c)(2), 164.316(b)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestGoldenRegister(t *testing.T) {
	const golden = "testdata/register.txt"
	if *update {
		all := bytes.Join(entries(t, busyRegister(t).log), []byte("\n"))
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, append(all, '\n'), 0o644))
	}
	b, err := os.ReadFile(golden)
	require.NoError(t, err)
	lines := bytes.Split(bytes.TrimSuffix(b, []byte("\n")), []byte("\n"))
	r, err := shred.OpenRegister(t.Context(), logOf(t, lines))
	require.NoError(t, err)
	orders, err := r.Certificates(t.Context(), tenantA)
	require.NoError(t, err)
	require.Len(t, orders, 3)
	for _, id := range orders {
		c, err := r.Certificate(t.Context(), id)
		require.NoError(t, err)
		_, err = shred.Verify(c, public())
		require.NoError(t, err)
	}
	names, err := r.Names(t.Context(), tenantA)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(names), 3)
}
