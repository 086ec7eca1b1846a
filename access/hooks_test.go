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

// faulty is every hook of a Guard. The n-th that is asked fails.
type faulty struct {
	asked, at int
	fail      func()
}

func (f *faulty) ask() {
	f.asked++
	if f.asked == f.at {
		f.fail()
	}
}

func (f *faulty) Roles(context.Context, safeguard.Principal) ([]string, error) {
	f.ask()
	return []string{"nurse"}, nil
}

func (f *faulty) Relations(context.Context, safeguard.Principal, safeguard.Patient) ([]string, error) {
	f.ask()
	return []string{"care-team"}, nil
}

func (f *faulty) Consented(context.Context, string, safeguard.Principal, *access.Request) (bool, error) {
	f.ask()
	return true, nil
}

func (f *faulty) Narrow(context.Context, safeguard.Principal, *access.Request) (bool, error) {
	f.ask()
	return true, nil
}

func (f *faulty) Ready(safeguard.Principal) bool {
	f.ask()
	return true
}

func (f *faulty) Charge(safeguard.Principal, int) { f.ask() }

func (f *faulty) guard(t *testing.T) *access.Guard {
	t.Helper()
	p, err := access.ParsePolicy([]byte(`{"version":1,"resources":{"Patient":["read"]},"consent":[{"id":"C-1","because":"b"}],"roles":{"nurse":{"allow":[
		{"id":"N-1","resource":"Patient","actions":["read"],"purposes":["TREAT"],"fields":["Patient.name"],"relationship":["care-team"],
		 "conditions":["on-shift"],"because":"care"}]}}}`))
	require.NoError(t, err)
	g, err := access.New(p, &access.Options{
		Roles: f, Relationships: f, Consents: f, Throttle: f, Conditions: map[string]access.Condition{"on-shift": f},
	})
	require.NoError(t, err)
	return g
}

// A hook that panics, at whichever of the questions that a request and the
// commit of its answer ask, lets nothing out.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestHookThatPanicsLetsNothingOut(t *testing.T) {
	const name = "Quillfeather"
	request := func(at int) (asked int, body string) {
		f := &faulty{at: at, fail: func() { panic("a hook that is broken") }}
		g := f.guard(t)
		mux := g.Mux()
		rule := readPatient
		rule.Purpose = access.FixedPurpose(safeguard.Treatment)
		mux.HandleFunc("GET /patients/{id}", rule, func(w http.ResponseWriter, r *http.Request) {
			_ = access.WriteJSON(w, r, http.StatusOK, []byte(`{"resourceType":"Patient","name":"`+name+`"}`))
		})
		require.NoError(t, g.VerifyRoutes(mux))
		h, end := recorded(t, mux)
		defer end()
		defer func() { f.fail = func() {}; asked = f.asked; _ = recover() }()
		body = direct(h, "nina").Body.String()
		return f.asked, body
	}
	all, body := request(0)
	require.Contains(t, body, name)
	require.GreaterOrEqual(t, all, 10, "the decision, the charge, and the decision at the commit")
	for at := 1; at <= all; at++ {
		_, body := request(at)
		require.NotContains(t, body, name, "question %d of %d", at, all)
	}
}

// A caller who goes away while any of the hooks is asked is denied, though the
// hook says yes.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestContextThatEndsMeanwhileIsADenial(t *testing.T) {
	for at, code := range []string{
		access.CodeRoleSource, access.CodeRelationSource, access.CodeConsentSource, access.CodeConditionSource,
	} {
		ctx, cancel := context.WithCancel(as("nina"))
		f := &faulty{at: at + 1, fail: cancel}
		d := f.guard(t).Decide(ctx, access.Request{
			Resource: "Patient", Action: "read", Purpose: safeguard.Treatment, Patient: safeguard.NewPatient("MRN-1"),
		})
		require.False(t, d.Allowed)
		require.Equal(t, code, d.Code)
		require.Empty(t, d.Fields)
	}
}

// What is nil inside its interface is no hook, such as a cache whose error was
// not looked at: a Guard is not built with it, rather than to fail at the first
// request.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestNewRefusesHooksThatAreNil(t *testing.T) {
	f := &faulty{}
	p, err := access.ParsePolicy([]byte(policyOf(`{"id":"A","resource":"Patient","actions":["read"],"purposes":["TREAT"],"fields":["Patient.id"],"because":"b"}`)))
	require.NoError(t, err)
	cache, err := access.CacheRelationships(f, &access.CacheOptions{TTL: 2 * time.Hour})
	require.Error(t, err)
	var none *faulty
	for name, o := range map[string]access.Options{
		"roles": {Roles: none}, "a cache": {Roles: f, Relationships: cache}, "consents": {Roles: f, Consents: none},
		"a throttle": {Roles: f, Throttle: none}, "a condition": {Roles: f, Conditions: map[string]access.Condition{"c": none}},
		"a condition that is nil": {Roles: f, Conditions: map[string]access.Condition{"c": nil}},
	} {
		_, err := access.New(p, &o)
		require.ErrorIs(t, err, access.ErrOptions, name)
	}
	_, err = access.New(p, &access.Options{Roles: access.Assignments(nil)})
	require.NoError(t, err, "nobody has a role")
}
