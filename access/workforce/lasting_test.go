package workforce

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

// terminated reports whether the last fact is that ada is terminated.
func terminated(t testing.TB, s *line) bool {
	t.Helper()
	facts, err := s.Since(context.Background(), 0, 100)
	require.NoError(t, err)
	last := facts[len(facts)-1]
	return last.Kind == kindTerminated && last.Subject == key{"mercy", "ada"}.String()
}

// Whoever ends their own account is cut off by it, and it is durable and
// confirmed all the same.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestWhoEndsTheirOwnAccountIsCutAndGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory()
		r, far := newRegistry(t, s, nil), live(t, s, nil)
		g, err := access.New(reworded(t), &access.Options{Roles: r, Emergencies: r})
		require.NoError(t, err)
		start(t, r)
		synctest.Wait()
		hire(t, r, "ada")
		ctx, release := g.Track(safeguard.WithPrincipal(t.Context(), person("ada")))
		defer release()
		report, err := r.Terminate(ctx, Termination{Tenant: "mercy", Account: "ada", Reason: "leaves"})
		require.NoError(t, err)
		require.ErrorIs(t, context.Cause(ctx), access.ErrTerminated, "the cut ended what she asked in")
		require.True(t, terminated(t, s))
		require.Len(t, report.Replicas, 1)
		require.True(t, report.Replicas[0].Acknowledged)
		require.False(t, allowed(far, "ada"))
	})
}

// A client that has hung up before anything was done takes nothing back, of
// whatever takes something away. What gives more is not done for nobody.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestHangingUpTakesNothingBack(t *testing.T) {
	for name, end := range map[string]func(context.Context, *Registry) error{
		"terminate": func(ctx context.Context, r *Registry) error {
			_, err := r.Terminate(ctx, fire("ada"))
			return err
		},
		"suspend": func(ctx context.Context, r *Registry) error { return r.Suspend(ctx, "mercy", "ada", why) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, h := memory(), &hook{}
				r, far := live(t, s, &Options{Revokers: []Revoker{h}}, h), live(t, s, nil)
				hire(t, r, "ada")
				gone, hangUp := context.WithCancel(t.Context())
				hangUp()
				require.ErrorIs(t, r.Open(gone, Opening{Tenant: "mercy", Account: "eve"}, why), context.Canceled)
				require.NoError(t, end(gone, r))
				synctest.Wait()
				require.False(t, allowed(far, "ada"))
				require.Contains(t, h.cut, "mercy/ada")
				require.Contains(t, h.revoked, "mercy/ada")
			})
		})
	}
}

// A grant that is taken away is gone, too, when nobody waits to hear it.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestHangingUpKeepsNoRole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := live(t, memory(), ruled(t))
		hire(t, r, "ada", "boss", "owner")
		grant := grantRole(t, r, "ada", "clinician")
		gone, hangUp := context.WithCancel(t.Context())
		hangUp()
		require.NoError(t, r.Revoke(gone, "mercy", "ada", grant, why))
		require.Empty(t, roles(t, r, person("ada")))
	})
}

// A termination without the State is tried for its own time, whatever the
// context does, and not for ever.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestTerminationOutlastsAnOutage(t *testing.T) {
	for name, done := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"cancelled": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		},
		"deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Millisecond)
		},
	} {
		for _, outage := range []time.Duration{persistence / 2, 10 * persistence} {
			t.Run(name+" "+outage.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := memory()
					r := live(t, s, &Options{Lease: MaxLease})
					hire(t, r, "ada")
					s.cutOff(true)
					back := time.AfterFunc(outage, func() { s.cutOff(false) })
					defer back.Stop()
					ctx, cancel := done(t.Context())
					defer cancel()
					began := time.Now()
					_, err := r.Terminate(ctx, fire("ada"))
					require.False(t, allowed(r, "ada"))
					if outage < persistence {
						require.NoError(t, err)
						require.True(t, terminated(t, s))
						return
					}
					require.ErrorIs(t, err, ErrUnconfirmed)
					require.ErrorIs(t, err, errDown)
					require.Equal(t, persistence, time.Since(began))
				})
			})
		}
	}
}

// A deadline ends the wait for a process that does not acknowledge, and is told
// which one that is, even one that is over before there is anything to wait for.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestDeadlineEndsTheWaitForOthers(t *testing.T) {
	for _, patience := range []time.Duration{-time.Second, 2 * time.Second, 20 * time.Second} {
		t.Run(patience.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, stuck := memory(), &hook{fail: errors.New("the session store is down")}
				r, far := live(t, s, nil), live(t, s, &Options{Name: "far", Revokers: []Revoker{stuck}})
				hire(t, r, "ada")
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				began := time.Now()
				report, err := r.Terminate(ctx, fire("ada"))
				require.ErrorIs(t, err, ErrUnconfirmed)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, []string{far.id}, report.Unconfirmed)
				require.Equal(t, max(patience, 0), time.Since(began))
				require.True(t, terminated(t, s))
				synctest.Wait()
				require.False(t, allowed(far, "ada"))
			})
		})
	}
}

// A reconciliation that is stopped ends nobody else, and says whom it left.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestStoppedReconciliationBeginsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		r := live(t, memory(), nil, cutterFunc(stop))
		hire(t, r, "ada", "bob", "eve")
		plan := ReconcilePlan{Tenant: "mercy", Act: why, UnsafeWithoutBrake: true}
		out, err := r.Reconcile(ctx, []Listed{{Account: "eve", Active: true}}, plan)
		require.ErrorIs(t, err, context.Canceled)
		require.True(t, out.Absent[0].Done, "it was under way")
		require.Equal(t, Discrepancy{Account: "bob", Why: "absent", Failed: "not begun; try again"}, out.Absent[1])
		require.False(t, allowed(r, "ada"))
		require.True(t, allowed(r, "bob"))
	})
}

// A cutterFunc is called by each cut.
type cutterFunc func()

func (f cutterFunc) Cut(context.Context, string, string) error {
	f()
	return nil
}
