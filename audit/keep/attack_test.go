package keep

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// prunable returns a house with a plan that may be carried out.
func prunable(t testing.TB) (*house, Plan) {
	t.Helper()
	h := full(t)
	h.catchUp(t)
	p := h.plan(t)
	require.NotZero(t, p.Records, describe(p))
	return h, p
}

// One person who acts through a service or an agent is not two.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01.
func TestOnePersonThroughAnAgent(t *testing.T) {
	t.Parallel()
	h, p := prunable(t)
	ada := safeguard.Principal{ID: "ada", Kind: safeguard.Person}
	for _, c := range []struct{ approves, prunes safeguard.Principal }{
		{ada, safeguard.Principal{ID: "agent", Kind: safeguard.Service, OnBehalfOf: "ada"}},
		{safeguard.Principal{ID: "delegate", Kind: safeguard.Person, OnBehalfOf: "ada"}, ada},
		{safeguard.Principal{ID: "delegate", Kind: safeguard.Person, OnBehalfOf: "ada"},
			safeguard.Principal{ID: "agent", Kind: safeguard.Service, OnBehalfOf: "ada"}},
	} {
		a, err := Approve(safeguard.WithPrincipal(t.Context(), c.approves), p)
		require.NoError(t, err)
		_, err = h.keeper.Prune(safeguard.WithPrincipal(t.Context(), c.prunes), p, a)
		require.ErrorIs(t, err, ErrApproval)
	}
	a, err := Approve(safeguard.WithPrincipal(t.Context(), ada), p)
	require.NoError(t, err)
	_, err = h.keeper.Prune(safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: "agent", Kind: safeguard.Service, OnBehalfOf: "bob"}), p, a)
	require.NoError(t, err)
}

// The account of a pruning says what went, whatever the plan that was handed in
// says.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestPlanThatLies(t *testing.T) {
	t.Parallel()
	h, p := prunable(t)
	for name, edit := range map[string]func(*Plan){
		"fewer records": func(p *Plan) { p.Records = 1 },
		"older":         func(p *Plan) { p.Newest = p.Oldest },
		"newer":         func(p *Plan) { p.Oldest = p.Newest },
		"fewer files":   func(p *Plan) { p.Segments = nil },
	} {
		lie := p
		edit(&lie)
		a, err := Approve(as(t.Context(), "ada"), lie)
		require.NoError(t, err)
		_, err = h.keeper.Prune(as(t.Context(), "bob"), lie, a)
		require.ErrorIs(t, err, ErrChanged, name)
	}
	lie := p
	lie.Checkpoint.Root, lie.Checkpoint.Size = [32]byte{1}, 1
	a, err := Approve(as(t.Context(), "ada"), lie)
	require.NoError(t, err)
	_, err = h.keeper.Prune(as(t.Context(), "bob"), lie, a)
	require.NoError(t, err)
	require.NotContains(t, h.last(t, audit.TypeLogPruned), `"root":"01000000`)
}

// A backup of which the ledger has nothing any more proves nothing, and one
// that begins later than the ledger is not equal.
//
// Controls: HIPAA 164.308(a)(7)(ii)(D), 164.312(c)(2); NIST CSF 2.0 PR.DS-11.
func TestDrillThatComparesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 7*366*day, nil)
	t.Cleanup(func() { h.close(t) })
	h.seal(t)
	h.sign(t)
	backup := exported(t, h)
	before := filepath.Join(t.TempDir(), "before")
	require.NoError(t, os.CopyFS(before, os.DirFS(h.dir)))
	h.seal(t)
	h.seal(t)
	h.catchUp(t)
	p := h.plan(t)
	a, err := Approve(as(t.Context(), "ada"), p)
	require.NoError(t, err)
	_, err = h.keeper.Prune(as(t.Context(), "bob"), p, a)
	require.NoError(t, err)
	d, err := Drill(t.Context(), h.dir, h.key, h.noter, &DrillOptions{From: []string{backup}})
	require.NoError(t, err)
	require.LessOrEqual(t, d.Verdict.Size, p.KeepFrom)
	require.False(t, d.Equal)
	require.ErrorContains(t, d.Problem, "nothing can be compared")

	d, err = Drill(t.Context(), before, h.key, h.noter, &DrillOptions{From: []string{exported(t, h)}})
	require.NoError(t, err)
	require.False(t, d.Equal)
	require.ErrorContains(t, d.Problem, "begins at")
}

// What an export that broke off has left, and a later one does not list, does
// not make the backup one that cannot be restored.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-11.
func TestExportResumesAfterPruning(t *testing.T) {
	t.Parallel()
	h, p := prunable(t)
	to := filepath.Join(t.TempDir(), "export")
	ctx, cancel := context.WithCancel(as(t.Context(), "op"))
	defer cancel()
	_, err := Export(ctx, h.dir, h.key, to, h.noter, &ExportOptions{Progress: func(done, all int64) {
		if done > all*3/4 {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.FileExists(t, filepath.Join(to, p.Segments[0]))
	a, err := Approve(as(t.Context(), "ada"), p)
	require.NoError(t, err)
	_, err = h.keeper.Prune(as(t.Context(), "bob"), p, a)
	require.NoError(t, err)
	_, err = Export(as(t.Context(), "op"), h.dir, h.key, to, h.noter, nil)
	require.NoError(t, err)
	v, err := Restore(t.Context(), to+".restored/", h.key, nil, to)
	require.NoError(t, err)
	require.Equal(t, p.KeepFrom, v.Floor)
}
