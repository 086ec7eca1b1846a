package scim_test

import (
	"context"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/memstate"
	"github.com/safeguard-sdk/safeguard/access/scim"
	"github.com/safeguard-sdk/safeguard/access/state"
	"github.com/safeguard-sdk/safeguard/access/workforce"
)

func newRegistry(t *testing.T, s state.State) (r *workforce.Registry, stop func()) {
	t.Helper()
	r, err := workforce.New(s, &workforce.Options{UnsafeWithoutCutter: true})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = r.Run(ctx)
	}()
	stop = func() { cancel(); <-done }
	synctest.Wait()
	return r, stop
}

func hire(t *testing.T, r *workforce.Registry, kind workforce.AccountKind, ids ...string) {
	t.Helper()
	for _, id := range ids {
		require.NoError(t, r.Open(t.Context(), workforce.Opening{Tenant: "mercy", Account: id, Kind: kind, Manager: manager(kind)},
			workforce.Act{By: provider, Reason: "hired"}))
	}
}

func manager(kind workforce.AccountKind) string {
	if kind == workforce.PersonAccount {
		return ""
	}
	return "Ada"
}

func active(r *workforce.Registry, id string, kind safeguard.Kind) bool {
	s, err := r.Subject(context.Background(), safeguard.Principal{ID: id, Kind: kind, Tenant: "mercy"})
	return err == nil && s != nil && s.Active
}

// A provider that sends active: false ends an account in every process before
// it gets its answer.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestWorkforceEndsEverywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstate.New()
		r, stop := newRegistry(t, s)
		defer stop()
		other, stopOther := newRegistry(t, s)
		defer stopOther()
		hire(t, r, workforce.PersonAccount, "Ada", "bo")
		time.Sleep(time.Second)
		require.True(t, active(other, "Ada", safeguard.Person))
		h := newHandler(t, scim.Workforce(r, "mercy"), nil)
		status, body := send(h, request("GET", "/Users?filter="+url.QueryEscape(`userName eq "ADA"`), ""))
		require.Equal(t, 200, status)
		require.Contains(t, body, `"id":"Ada"`)
		status, body = send(h, request("PATCH", "/Users/Ada", op(`{"op":"Replace","path":"active","value":"False"}`)))
		require.Equal(t, 200, status)
		require.Contains(t, body, `"active":false`)
		require.False(t, active(r, "Ada", safeguard.Person))
		require.False(t, active(other, "Ada", safeguard.Person))
		require.True(t, active(other, "bo", safeguard.Person))
		a, _ := r.Account("mercy", "Ada")
		require.Equal(t, "idp", a.By.ID)
		status, _ = send(h, request("DELETE", "/Users/Ada", ""))
		require.Equal(t, 204, status)
	})
}

// What is no account of a person of the tenant is not found, and names that
// differ by case are not mixed up.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-01, PR.AA-05.
func TestWorkforceFindsPersonsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, stop := newRegistry(t, memstate.New())
		defer stop()
		hire(t, r, workforce.PersonAccount, "Ada", "bo", "BO")
		hire(t, r, workforce.ServiceAccount, "bot")
		hire(t, r, workforce.EmergencyAccount, "er-1")
		d := scim.Workforce(r, "mercy")
		for value, want := range map[string]error{"Ada": nil, "ada": nil, "bo": nil, "Bo": scim.ErrAmbiguous, "bot": scim.ErrNoAccount, "er-1": scim.ErrNoAccount, "eve": scim.ErrNoAccount} {
			_, err := d.Find(t.Context(), scim.ByUserName, value)
			require.ErrorIs(t, err, want, value)
		}
		_, err := d.Find(t.Context(), scim.ByID, "ada")
		require.ErrorIs(t, err, scim.ErrNoAccount)
		_, err = d.Find(t.Context(), scim.ByExternalID, "Ada")
		require.ErrorIs(t, err, scim.ErrNoAccount)
		for _, id := range []string{"bot", "er-1", "eve"} {
			require.ErrorIs(t, d.Terminate(t.Context(), provider, id), scim.ErrNoAccount)
		}
		require.True(t, active(r, "bot", safeguard.Service))
		require.ErrorIs(t, d.Terminate(t.Context(), safeguard.Principal{}, "Ada"), scim.ErrRefused)
		_, err = scim.Workforce(r, "other").Find(t.Context(), scim.ByUserName, "Ada")
		require.ErrorIs(t, err, scim.ErrNoAccount)
	})
}

// A registry that does not know the present says so: 503, never 404.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestAStaleRegistryIsNoAnswer(t *testing.T) {
	r, err := workforce.New(memstate.New(), nil)
	require.NoError(t, err)
	h := newHandler(t, scim.Workforce(r, "mercy"), nil)
	status, _ := send(h, request("GET", "/Users/Ada", ""))
	require.Equal(t, 503, status)
	status, _ = send(h, request("GET", "/Users?filter="+url.QueryEscape(`userName eq "Ada"`), ""))
	require.Equal(t, 503, status)
}
