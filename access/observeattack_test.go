package access_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// onlyOne is a Scope that covers reading one type, or some of it.
type onlyOne struct {
	resource string
	filtered bool
}

func (s onlyOne) Permits(r *access.Request) bool    { return r.Resource == s.resource }
func (s onlyOne) Filtered(string, string) bool      { return s.filtered }
func (s onlyOne) Holds(string, string, []byte) bool { return false }
func withScope(s access.Scope) func(*http.Request) context.Context {
	return func(r *http.Request) context.Context { return access.WithScope(r.Context(), s) }
}

// On a route that observes, a denial by the policy is no way around a gate that
// is not observed and would have been asked later.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(3)(ii)(C), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestObserveIsNoWayAroundIdentity(t *testing.T) {
	plain := func(r *http.Request) context.Context { return r.Context() }
	rule := observing(time.Now().Add(time.Hour))
	rule.Tenant = func(r *http.Request) string { return r.Header.Get("Of") }
	for name, c := range map[string]struct {
		who, of, purpose string
		narrow           func(*http.Request) context.Context
		spent            bool
		status           int
	}{
		"only the policy denies":             {"carla", "a", "HMARKT", plain, false, http.StatusOK},
		"closed account, no purpose":         {"closed", "a", "CURIOSITY", plain, false, http.StatusForbidden},
		"closed account, another purpose":    {"closed", "a", "HMARKT", plain, false, http.StatusForbidden},
		"another tenant, a deny rule":        {"gone", "b", "TREAT", plain, false, http.StatusForbidden},
		"another tenant, no role":            {"new", "b", "TREAT", plain, false, http.StatusForbidden},
		"no tenant":                          {"carla", "", "TREAT", plain, false, http.StatusForbidden},
		"beyond the scope, no role":          {"new", "a", "TREAT", withScope(onlyOne{"Observation", false}), false, http.StatusForbidden},
		"beyond the scope, no purpose":       {"carla", "a", "CURIOSITY", withScope(onlyOne{"Observation", false}), false, http.StatusForbidden},
		"within the scope":                   {"carla", "a", "HMARKT", withScope(onlyOne{"Patient", false}), false, http.StatusOK},
		"a scope for some, denied":           {"carla", "a", "HMARKT", withScope(onlyOne{"Patient", true}), false, http.StatusForbidden},
		"a scope for some, allowed":          {"carla", "a", "TREAT", withScope(onlyOne{"Patient", true}), false, http.StatusForbidden},
		"beyond the purposes of a token":     {"carla", "a", "HMARKT", granted(safeguard.Treatment), false, http.StatusForbidden},
		"purposes of a token, none is named": {"carla", "a", "CURIOSITY", granted(safeguard.Treatment), false, http.StatusForbidden},
		"the glass is not broken":            {"gone", "a", "BTG", plain, false, http.StatusForbidden},
		"nothing left, a deny rule":          {"gone", "a", "TREAT", plain, true, http.StatusTooManyRequests},
	} {
		t.Run(name, func(t *testing.T) {
			staff := directory{"closed": {Roles: []string{"clinician"}}}
			for id, roles := range people() {
				staff[id] = &access.Subject{Active: true, Roles: roles}
			}
			left := &purse{left: 1}
			if c.spent {
				left.left = 0
			}
			g, err := access.New(parsed(t, clinicPolicy), &access.Options{Roles: staff, Throttle: left})
			require.NoError(t, err)
			mux := g.Mux()
			mux.HandleFunc("GET /patients/{id}", rule, answerChart)
			require.NoError(t, g.VerifyRoutes(mux))
			s := serve(t, g, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				p, _ := safeguard.PrincipalFrom(r.Context())
				p.Tenant = "a"
				r = r.WithContext(safeguard.WithPrincipal(c.narrow(r), p))
				r.Header.Set("Of", c.of)
				mux.ServeHTTP(w, r)
			}))
			a := s.get(t, "GET", "/patients/1", c.who, c.purpose)
			require.Equal(t, c.status == http.StatusOK, a.status == http.StatusOK, a.body)
			if c.status != http.StatusOK {
				require.NotContains(t, a.all, planted)
			}
		})
	}
}

func granted(purposes ...safeguard.Purpose) func(*http.Request) context.Context {
	return func(r *http.Request) context.Context { return access.WithPurposes(r.Context(), purposes...) }
}
