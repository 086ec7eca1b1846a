package access_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// relationSource is a Relationships of functions.
type relationSource func(context.Context, safeguard.Principal, safeguard.Patient) ([]string, error)

func (f relationSource) Relations(ctx context.Context, p safeguard.Principal, patient safeguard.Patient) ([]string, error) {
	return f(ctx, p, patient)
}

func cached(t testing.TB, src access.Relationships, opts *access.CacheOptions) *access.RelationshipCache {
	t.Helper()
	c, err := access.CacheRelationships(src, opts)
	require.NoError(t, err)
	return c
}

var (
	nurse = safeguard.Principal{ID: "nina", Kind: safeguard.Person, Tenant: "north"}
	one   = safeguard.NewPatient("1")
	two   = safeguard.NewPatient("2")
)

// An answer is believed for the TTL and not a moment longer, and dies at once
// when it is forgotten; an error is not kept.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestRelationshipCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		var fails error
		c := cached(t, relationSource(func(context.Context, safeguard.Principal, safeguard.Patient) ([]string, error) {
			asked++
			return []string{"care-team"}, fails
		}), &access.CacheOptions{TTL: time.Minute})
		ask := func(p safeguard.Principal, patient safeguard.Patient, want int) {
			t.Helper()
			names, err := c.Relations(t.Context(), p, patient)
			require.NoError(t, err)
			require.Equal(t, []string{"care-team"}, names)
			names[0] = "changed by the caller"
			require.Equal(t, want, asked)
		}
		ask(nurse, one, 1)
		ask(nurse, one, 1)
		ask(nurse, two, 2)
		time.Sleep(time.Minute - time.Nanosecond)
		ask(nurse, one, 2)
		time.Sleep(time.Nanosecond)
		ask(nurse, one, 3)
		ask(nurse, two, 4)

		c.ForgetPatient(one)
		ask(nurse, two, 4)
		ask(nurse, one, 5)
		c.Forget(safeguard.Principal{ID: "nina", Tenant: "south"})
		ask(nurse, one, 5)
		c.Forget(nurse)
		ask(nurse, one, 6)
		ask(nurse, two, 7)
		c.ForgetAll()
		ask(nurse, one, 8)

		agent := safeguard.Principal{ID: "agent", Kind: safeguard.Service, Tenant: "north", OnBehalfOf: "nina"}
		ask(agent, one, 9)
		c.Forget(nurse)
		ask(agent, one, 10)

		fails = errors.New("down")
		for range 3 {
			_, err := c.Relations(t.Context(), nurse, two)
			require.ErrorIs(t, err, fails)
		}
		require.Equal(t, 13, asked)
	})
}

// Nobody is answered what another was: two keys that read the same when their
// parts are put one after the other are two.
//
// Controls: HIPAA 164.312(a)(1), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-05, PR.AA-01.
func TestRelationshipCacheKeysDoNotCollide(t *testing.T) {
	c := cached(t, relationSource(func(_ context.Context, p safeguard.Principal, patient safeguard.Patient) ([]string, error) {
		return []string{fmt.Sprintf("%q %q %q %d %q", p.ID, p.Tenant, p.OnBehalfOf, p.Kind, patient.Reveal())}, nil
	}), nil)
	parts := []string{"", "a", "a$$", "$$a", "a$$a", "a\x00"}
	seen := map[string]int{}
	for range 2 {
		for _, id := range parts[1:] {
			for _, tenant := range parts {
				for _, behalf := range parts {
					for _, patient := range parts[1:] {
						for _, kind := range []safeguard.Kind{safeguard.Person, safeguard.Service} {
							p := safeguard.Principal{ID: id, Tenant: tenant, OnBehalfOf: behalf, Kind: kind}
							names, err := c.Relations(t.Context(), p, safeguard.NewPatient(patient))
							require.NoError(t, err)
							require.Equal(t, fmt.Sprintf("%q %q %q %d %q", id, tenant, behalf, kind, patient), names[0])
							seen[names[0]]++
						}
					}
				}
			}
		}
	}
	for key, n := range seen {
		require.Equal(t, 2, n, key)
	}
}

// What was being asked when something was forgotten is not kept: the source
// may have answered before it changed.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestForgetBeatsAQuestionUnderWay(t *testing.T) {
	for name, forget := range map[string]func(*access.RelationshipCache){
		"principal": func(c *access.RelationshipCache) { c.Forget(nurse) },
		"patient":   func(c *access.RelationshipCache) { c.ForgetPatient(one) },
		"all":       func(c *access.RelationshipCache) { c.ForgetAll() },
	} {
		synctest.Test(t, func(t *testing.T) {
			gone := false
			answer := make(chan struct{})
			c := cached(t, relationSource(func(context.Context, safeguard.Principal, safeguard.Patient) ([]string, error) {
				if gone {
					return nil, nil
				}
				<-answer // the source has looked, and is slow to say it
				return []string{"care-team"}, nil
			}), nil)
			var slow []string
			go func() { slow, _ = c.Relations(context.Background(), nurse, one) }()
			synctest.Wait()
			gone = true
			forget(c)
			close(answer)
			synctest.Wait()
			require.Equal(t, []string{"care-team"}, slow, "it was asked before")
			names, err := c.Relations(t.Context(), nurse, one)
			require.NoError(t, err)
			require.Empty(t, names, name)
		})
	}
}

// Once Forget has returned nobody is allowed any more, however many ask
// meanwhile.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestForgetUnderLoad(t *testing.T) {
	var ended atomic.Bool
	c := cached(t, relationSource(func(context.Context, safeguard.Principal, safeguard.Patient) ([]string, error) {
		if ended.Load() {
			return nil, nil
		}
		return []string{"proxy"}, nil
	}), &access.CacheOptions{Max: 64})
	p, err := access.ParsePolicy([]byte(relationPolicy))
	require.NoError(t, err)
	g, err := access.New(p, &access.Options{Roles: access.Assignments{"k": {"kin"}}, Relationships: c})
	require.NoError(t, err)
	var forgotten atomic.Bool
	var wg sync.WaitGroup
	wrong, denied := atomic.Int64{}, atomic.Int64{}
	for i := range 64 {
		wg.Go(func() {
			req := access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.PatientRequest, Patient: safeguard.NewPatient(fmt.Sprint(i % 4))}
			for denied.Load() < 64 {
				before := forgotten.Load()
				d := g.Decide(as("k"), req)
				if before && d.Allowed {
					wrong.Add(1)
				}
				if before {
					denied.Add(1)
				}
			}
		})
	}
	ended.Store(true)
	c.ForgetAll()
	forgotten.Store(true)
	wg.Wait()
	require.Zero(t, wrong.Load())
}

// Memory is bounded, and what does not fit is asked for again.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestRelationshipCacheIsBounded(t *testing.T) {
	asked := 0
	c := cached(t, relationSource(func(_ context.Context, _ safeguard.Principal, p safeguard.Patient) ([]string, error) {
		asked++
		return []string{p.Reveal()}, nil
	}), &access.CacheOptions{Max: 64})
	for range 2 {
		for i := range 1000 {
			names, err := c.Relations(t.Context(), nurse, safeguard.NewPatient(fmt.Sprint(i)))
			require.NoError(t, err)
			require.Equal(t, []string{fmt.Sprint(i)}, names)
		}
	}
	require.GreaterOrEqual(t, asked, 2000-64)
	require.Equal(t, 64, c.Len())
}

// A source that does not answer in time is a denial, and is not waited for.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestSlowRelationshipsAreADenial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cached(t, relationSource(func(ctx context.Context, _ safeguard.Principal, _ safeguard.Patient) ([]string, error) {
			<-ctx.Done()
			return []string{"proxy"}, nil // too late, and without an error
		}), nil)
		p, err := access.ParsePolicy([]byte(relationPolicy))
		require.NoError(t, err)
		g, err := access.New(p, &access.Options{Roles: access.Assignments{"k": {"kin"}}, Relationships: c})
		require.NoError(t, err)
		began := time.Now()
		d := g.Decide(as("k"), access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.PatientRequest, Patient: one})
		require.Equal(t, access.CodeRelationSource, d.Code)
		require.Equal(t, 2*time.Second, time.Since(began))
	})
}

// Options that cannot be meant are refused.
func TestCacheRelationshipsRefuses(t *testing.T) {
	src := relationSource(nil)
	for name, c := range map[string]struct {
		src  access.Relationships
		opts *access.CacheOptions
	}{
		"no source": {nil, nil}, "ttl": {src, &access.CacheOptions{TTL: -1}}, "for ever": {src, &access.CacheOptions{TTL: 2 * time.Hour}},
		"timeout": {src, &access.CacheOptions{Timeout: -1}}, "few": {src, &access.CacheOptions{Max: 1}}, "many": {src, &access.CacheOptions{Max: 1 << 30}},
	} {
		_, err := access.CacheRelationships(c.src, c.opts)
		require.ErrorIs(t, err, access.ErrOptions, name)
	}
}
