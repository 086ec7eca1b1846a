package fleet

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/anchor"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

func key(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

// open opens a ledger that signs when it opens and closes.
func open(t testing.TB, dir, origin string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(dir, key(1), &ledger.Options{Origin: origin, CheckpointInterval: time.Hour, SegmentSize: 4 << 10})
	require.NoError(t, err)
	return l
}

// grow appends n records to the ledger in dir, and signs them.
func grow(t testing.TB, dir, origin string, n int) (verifierKey string) {
	t.Helper()
	l := open(t, dir, origin)
	var records [][]byte
	for i := range n {
		records = append(records, fmt.Appendf(nil, `{"n":%d,"of":%d}`, i, n))
	}
	require.NoError(t, l.Append(t.Context(), records...))
	require.NoError(t, l.Close(context.Background()))
	return l.VerifierKey()
}

// A hospital is a fleet on one disk.
type hospital struct {
	tmp     string
	members []Member
}

func newHospital(t testing.TB, n int) *hospital {
	t.Helper()
	h := &hospital{tmp: t.TempDir(), members: make([]Member, n)}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			name := fmt.Sprintf("ward-%03d", i)
			dir := filepath.Join(h.tmp, name)
			h.members[i] = Member{Name: name, VerifierKey: grow(t, dir, "clinic.example/"+name, 3+i%4), Dir: dir}
		})
	}
	wg.Wait()
	for i := range h.members {
		h.source(t, i)
	}
	return h
}

// source opens the member's directory anew.
func (h *hospital) source(t testing.TB, i int) {
	t.Helper()
	source, err := anchor.Directory(h.members[i].Dir)
	require.NoError(t, err)
	h.members[i].Source = source
}

func (h *hospital) grow(t testing.TB, i, n int) {
	t.Helper()
	grow(t, h.members[i].Dir, "clinic.example/"+h.members[i].Name, n)
}

func (h *hospital) log() string { return filepath.Join(h.tmp, "fleet") }

// collect opens the fleet's log, collects once and closes it.
func (h *hospital) collect(t testing.TB, opts *Options) Round {
	t.Helper()
	l := open(t, h.log(), "clinic.example/fleet")
	f, err := New(t.Context(), l, h.members, opts)
	require.NoError(t, err)
	r, err := f.Collect(t.Context())
	require.NoError(t, err)
	require.NoError(t, l.Close(context.Background()))
	return r
}

func (h *hospital) verify(t testing.TB, opts *VerifyOptions) Verdict {
	t.Helper()
	v, err := Verify(t.Context(), h.log(), fleetKey(t), h.members, opts)
	require.NoError(t, err)
	return v
}

func fleetKey(t testing.TB) string {
	t.Helper()
	l := open(t, filepath.Join(t.TempDir(), "x"), "clinic.example/fleet")
	defer l.Close(context.Background())
	return l.VerifierKey()
}

// swap puts another directory in a member's place.
func (h *hospital) swap(t testing.TB, i int, dir string) {
	t.Helper()
	old := h.members[i].Dir
	require.NoError(t, os.Rename(old, old+".aside"))
	require.NoError(t, os.CopyFS(old, os.DirFS(dir)))
	require.NoError(t, os.Chmod(old, 0o700))
	h.source(t, i)
}

// A hundred ledgers are collected and verified as one; what is new is
// collected once.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func TestHundred(t *testing.T) {
	h := newHospital(t, 100)
	r := h.collect(t, nil)
	require.True(t, r.OK(), "%v", r.Members)
	require.Equal(t, 100, r.Appended)
	v := h.verify(t, nil)
	require.True(t, v.OK, v.String())
	require.EqualValues(t, 100*(3+4+5+6)/4, v.Records)
	require.Equal(t, v.Records, v.Verified)
	require.Contains(t, v.String(), "members 100, ok 100")

	h.grow(t, 7, 400)
	r = h.collect(t, nil)
	require.True(t, r.OK())
	require.Equal(t, 1, r.Appended, "after a restart the log is remembered")
	require.True(t, h.verify(t, nil).OK)

	// One signature covers a member: its checkpoint is provably in the log.
	f := h.verify(t, nil).Members[7]
	require.EqualValues(t, 406, f.Collected)
	reader, err := ledger.OpenReader(h.log())
	require.NoError(t, err)
	defer reader.Close()
	p, err := reader.Prove(t.Context(), fleetKey(t), f.Record)
	require.NoError(t, err)
	require.NoError(t, p.Verify(fleetKey(t)))
	require.Contains(t, string(p.Record), `"member":"ward-007"`)
}

// Everything that can be wrong with members at once is named, each by name,
// and none hides another.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func TestAttacks(t *testing.T) {
	h := newHospital(t, 8)
	before := filepath.Join(h.tmp, "before")
	require.NoError(t, os.CopyFS(before, os.DirFS(h.members[1].Dir)))
	h.grow(t, 1, 10)
	require.True(t, h.collect(t, nil).OK())
	collected := h.verify(t, nil)
	require.True(t, collected.OK, collected.String())

	h.swap(t, 1, before) // set back
	forked := filepath.Join(h.tmp, "forked")
	grow(t, forked, "clinic.example/ward-002", 50)
	h.swap(t, 2, forked) // rewritten by the key's holder
	other := filepath.Join(h.tmp, "other")
	grow(t, other, "clinic.example/elsewhere", 5)
	h.swap(t, 3, other) // another ledger
	require.NoError(t, os.Remove(filepath.Join(h.members[4].Dir, "checkpoint")))
	segment := filepath.Join(h.members[5].Dir, "00000000000000000000.seg")
	data, err := os.ReadFile(segment)
	require.NoError(t, err)
	data = bytes.Replace(data, []byte(`{"n":1,`), []byte(`{"n":9,`), 1)
	require.NoError(t, os.WriteFile(segment, data, 0o600))
	gone := h.members[6]
	h.members = append(h.members[:6], h.members[7])
	h.members = append(h.members, Member{Name: "ward-new", VerifierKey: newKey(t), Source: down{}})

	v := h.verify(t, nil)
	require.False(t, v.OK)
	want := map[string]State{"ward-000": OK, "ward-001": RolledBack, "ward-002": Forked, "ward-003": WrongKey,
		"ward-004": Missing, "ward-005": Damaged, "ward-006": Unlisted, "ward-007": OK, "ward-new": Missing}
	for _, f := range v.Members {
		require.Equal(t, want[f.Member], f.State, f.String())
		delete(want, f.Member)
		if f.State != OK {
			require.Contains(t, v.String(), f.Member)
		}
		if f.State != Forked && f.State != RolledBack {
			continue
		}
		for _, evidence := range [][]byte{f.Old, f.New} {
			_, err := ledger.ParseCheckpoint(evidence, h.members[map[string]int{"ward-001": 1, "ward-002": 2}[f.Member]].VerifierKey)
			require.NoError(t, err, "the evidence is two signed notes")
		}
	}
	require.Empty(t, want, "all are named")
	require.NotEmpty(t, gone.Name)

	alerts := func() int {
		n := 0
		l := open(t, h.log(), "clinic.example/fleet")
		defer l.Close(context.Background())
		for r, err := range l.Records(t.Context(), 0) {
			require.NoError(t, err)
			n += strings.Count(string(r.Data), `audit.alert.raised.v1`)
		}
		return n
	}
	for range 2 {
		r := h.collect(t, nil)
		require.False(t, r.OK())
		require.Zero(t, r.Appended, "nothing that contradicts the log gets into it")
		require.Equal(t, 2, alerts(), "each is told once, also after a restart")
	}
}

func newKey(t testing.TB) string {
	return grow(t, filepath.Join(t.TempDir(), "n"), "clinic.example/new", 1)
}

// A down source never answers.
type down struct{}

func (down) Checkpoint(context.Context) ([]byte, error) { return nil, errors.New("down") }
func (down) Consistency(context.Context, ledger.Checkpoint, uint64) ([][32]byte, error) {
	return nil, errors.New("down")
}

// A fleet's log that was changed or set back decides before any member.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestLogAttacked(t *testing.T) {
	h := newHospital(t, 3)
	h.collect(t, nil)
	h.grow(t, 0, 3)
	aside := h.log() + ".yesterday"
	require.NoError(t, os.CopyFS(aside, os.DirFS(h.log())))
	h.collect(t, nil)
	note, err := os.ReadFile(filepath.Join(h.log(), "checkpoint"))
	require.NoError(t, err)
	kept := &VerifyOptions{Anchors: []ledger.Kept{{Name: "w", Note: note}}}
	require.True(t, h.verify(t, kept).OK)
	now := h.log() + ".now"
	require.NoError(t, os.Rename(h.log(), now))
	require.NoError(t, os.Rename(aside, h.log()))
	v := h.verify(t, kept)
	require.False(t, v.OK)
	require.Empty(t, v.Members)
	require.Contains(t, v.String(), "not intact")
	require.NoError(t, os.RemoveAll(h.log()))
	require.NoError(t, os.Rename(now, h.log()))
	segment := filepath.Join(h.log(), "00000000000000000000.seg")
	data, err := os.ReadFile(segment)
	require.NoError(t, err)
	data[400] ^= 1
	require.NoError(t, os.WriteFile(segment, data, 0o600))
	require.False(t, h.verify(t, nil).OK)
}

// A member that does not grow is late; a new name is needed for a new key.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestLate(t *testing.T) {
	h := newHospital(t, 2)
	h.collect(t, nil)
	l := open(t, h.log(), "clinic.example/fleet")
	defer l.Close(context.Background())
	f, err := New(t.Context(), l, h.members, nil)
	require.NoError(t, err)
	for name, last := range f.memory.last {
		last.at = last.at.Add(-3 * time.Hour)
		f.memory.last[name] = last
	}
	h.grow(t, 1, 1)
	r, err := f.Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []State{Late, OK}, []State{r.Members[0].State, r.Members[1].State})
	observed, err := f.Report(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, observed[0].Counters["state.late"])
	require.EqualValues(t, 1, observed[0].Counters["state.ok"])
	for name, last := range f.memory.last { // the clock was ahead and was set right
		last.at = time.Now().Add(365 * 24 * time.Hour)
		f.memory.last[name] = last
	}
	r, err = f.Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []State{Late, Late}, []State{r.Members[0].State, r.Members[1].State})

	h.members[0].VerifierKey = newKey(t)
	_, err = New(t.Context(), l, h.members, nil)
	require.ErrorContains(t, err, "another key")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = f.Collect(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, f.Run(ctx, time.Second, nil), context.Canceled)
}

// Lists in which two members could be taken for one, and options out of bounds,
// are refused; a log that fails takes nothing.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestRefusals(t *testing.T) {
	k := newKey(t)
	good := Member{Name: "a", VerifierKey: k, Source: down{}}
	l := open(t, filepath.Join(t.TempDir(), "l"), "clinic.example/fleet")
	for _, list := range [][]Member{nil, {good, good}, {good, {Name: "b", VerifierKey: k, Source: down{}}}, {{Name: "A", VerifierKey: k, Source: down{}}},
		{{Name: "a", VerifierKey: "k", Source: down{}}}, {{Name: "a", VerifierKey: k}}} {
		_, err := New(t.Context(), l, list, nil)
		require.Error(t, err)
	}
	for _, o := range []Options{{Late: time.Second}, {Late: 32 * 24 * time.Hour}, {Timeout: 1}, {Timeout: time.Hour}, {Source: "%"}} {
		_, err := New(t.Context(), l, []Member{good}, &o)
		require.Error(t, err)
	}
	f, err := New(t.Context(), l, []Member{good}, nil)
	require.NoError(t, err)
	require.Error(t, f.Run(t.Context(), time.Millisecond, nil))
	require.NoError(t, l.Close(context.Background()))
	_, err = New(t.Context(), l, []Member{good}, nil)
	require.Error(t, err)
	require.False(t, Round{}.OK())
}

// A log in which checkpoints of a member go back, or are not signed, is refused.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestForgedLog(t *testing.T) {
	h := newHospital(t, 1)
	small, err := os.ReadFile(filepath.Join(h.members[0].Dir, "checkpoint"))
	require.NoError(t, err)
	h.grow(t, 0, 4)
	h.collect(t, nil)
	l := open(t, h.log(), "clinic.example/fleet")
	defer l.Close(context.Background())
	c, err := ledger.ParseCheckpoint(small, h.members[0].VerifierKey)
	require.NoError(t, err)
	record, err := render(defaultSource, h.members[0], c, time.Now())
	require.NoError(t, err)
	require.NoError(t, l.Append(t.Context(), record))
	_, err = New(t.Context(), l, h.members, nil)
	require.ErrorContains(t, err, "does not follow")
}

// FuzzTake: no record panics what reads the fleet's log.
func FuzzTake(f *testing.F) {
	f.Add([]byte(`{"specversion":"1.0","id":"1","source":"x","type":"io.github.safeguard-sdk.audit.log.checkpoint.v1","subject":"member/a","time":"2026-01-01T00:00:00Z","data":{"member":"a"}}`))
	f.Fuzz(func(t *testing.T, p []byte) {
		m := &memory{last: map[string]held{}, alerts: map[string]bool{}}
		if m.take(ledger.Record{Data: p}) == nil && len(m.last) > 0 {
			t.Fatal("took a checkpoint that nobody signed")
		}
	})
}
