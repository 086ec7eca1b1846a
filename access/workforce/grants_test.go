package workforce

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
)

// A grant gives its role once another person has approved it, until its end,
// and no longer.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestAGrantLivesFromApprovalToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := live(t, memory(), ruled(t))
		hire(t, r, "ada", "boss", "owner")
		id, err := r.Request(t.Context(), GrantRequest{
			Tenant: "mercy", Account: "ada", Role: "clinician", From: time.Now().Add(days(1)), Until: time.Now().Add(days(3)), Act: by(person("boss")),
		})
		require.NoError(t, err)
		require.Empty(t, roles(t, r, person("ada")))
		require.Equal(t, Pending, r.Grants("mercy", "ada")[0].Status)
		require.NoError(t, r.Approve(t.Context(), "mercy", "ada", id, by(person("owner"))))
		for _, step := range []struct {
			after  time.Duration
			status GrantStatus
			roles  []string
		}{
			{0, Future, nil}, {days(1) - time.Second, Future, nil}, {time.Second, InForce, []string{"clinician"}},
			{days(2) - time.Second, InForce, []string{"clinician"}}, {time.Second, Expired, nil},
		} {
			time.Sleep(step.after)
			require.Equal(t, step.status, r.Grants("mercy", "ada")[0].Status)
			require.Equal(t, step.roles, roles(t, r, person("ada")))
		}
		g := r.Grants("mercy", "ada")[0]
		require.Equal(t, "boss", g.Requested.By.ID)
		require.Equal(t, "owner", g.Approved[0].By.ID)
		require.Equal(t, "T-1", g.Requested.Ticket)
	})
}

// A revoked grant is over at once, in other processes too, and its revocation
// may be repeated.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestARevokedGrantIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory()
		r := live(t, s, ruled(t))
		other := live(t, s, ruled(t))
		hire(t, r, "ada", "boss", "owner")
		id := grantRole(t, r, "ada", "clinician")
		time.Sleep(time.Minute)
		require.Equal(t, []string{"clinician"}, roles(t, other, person("ada")))
		for range 2 {
			require.NoError(t, r.Revoke(t.Context(), "mercy", "ada", id, by(person("boss"))))
			require.Empty(t, roles(t, r, person("ada")))
		}
		time.Sleep(time.Minute)
		require.Empty(t, roles(t, other, person("ada")))
		refused(t, r.Approve(t.Context(), "mercy", "ada", id, by(person("owner"))), "does not wait")
		refused(t, r.Revoke(t.Context(), "mercy", "ada", "G-none", by(person("boss"))), "no such grant")
		require.ErrorIs(t, r.Revoke(t.Context(), "mercy", "eve", id, by(person("boss"))), ErrAccount)
	})
}

// What the rules do not allow is not requested.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestRequestsThatAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := live(t, memory(), ruled(t))
		hire(t, r, "ada", "boss", "owner", "gone", "away")
		require.NoError(t, r.Open(t.Context(), Opening{Tenant: "mercy", Account: "bot", Kind: ServiceAccount, Manager: "ada"}, why))
		_, err := r.Terminate(t.Context(), fire("gone"))
		require.NoError(t, err)
		require.NoError(t, r.Suspend(t.Context(), "mercy", "away", why))
		grantRole(t, r, "ada", "biller")
		now := time.Now()
		for words, g := range map[string]GrantRequest{
			"terminated":                 {Account: "gone", Role: "clinician"},
			"no such role":               {Account: "ada", Role: "nurse"},
			"separates":                  {Account: "ada", Role: "approver"},
			"the policy separates":       {Account: "ada", Role: "chief"}, // by inheritance
			"grant to oneself":           {Account: "boss", Role: "clinician"},
			"to oneself":                 {Account: "ada", Role: "clinician", Act: by(person("ada"))},
			"oneself":                    {Account: "ada", Role: "clinician", Act: by(service("bot", ""))},
			"for a grant to oneself":     {Account: "ada", Role: "clinician", Act: by(service("boss", "ada"))},
			"ends before":                {Account: "ada", Role: "clinician", Until: now.Add(-time.Hour)},
			"ends before it begins":      {Account: "ada", Role: "clinician", From: now.Add(days(2)), Until: now.Add(days(1))},
			"lasts too long":             {Account: "ada", Role: "clinician", Until: now.Add(days(367))},
			"too late":                   {Account: "ada", Role: "clinician", From: now.Add(days(367))},
			"beside an end":              {Account: "ada", Role: "clinician", Until: now.Add(days(1)), NoEnd: "forever"},
			"or is no text":              {Account: "ada", Role: "clinician", NoEnd: "a\nb"},
			"no active account":          {Account: "ada", Role: "clinician", Act: by(person("stranger"))},
			"who does it has no active":  {Account: "ada", Role: "clinician", Act: by(person("away"))},
			"has no active":              {Account: "ada", Role: "clinician", Act: by(service("bot", "gone"))},
			"reason is missing":          {Account: "ada", Role: "clinician", Act: Act{By: person("boss")}},
			"the ticket":                 {Account: "ada", Role: "clinician", Act: Act{By: person("boss"), Reason: "x", Ticket: strings.Repeat("x", 300)}},
			"says who does it":           {Account: "ada", Role: "clinician", Act: Act{Reason: "x"}},
			"no text of at most 1024":    {Account: "ada", Role: "clinician", Act: Act{By: person("boss"), Reason: strings.Repeat("x", 1025)}},
			"who asks is of another ten": {Account: "ada", Role: "clinician", Act: by(elsewhere(t, r))},
		} {
			g.Tenant = "mercy"
			if g.Act == (Act{}) {
				g.Act = by(person("boss"))
			}
			_, err := r.Request(t.Context(), g)
			refused(t, err, words)
		}
		_, err = r.Request(t.Context(), GrantRequest{Tenant: "mercy", Account: "eve", Role: "clinician", Act: by(person("boss"))})
		require.ErrorIs(t, err, ErrAccount)
		require.Len(t, r.Grants("mercy", "ada"), 1)
	})
}

// elsewhere is an active account of another tenant.
func elsewhere(t *testing.T, r *Registry) safeguard.Principal {
	p := safeguard.Principal{ID: "owner", Kind: safeguard.Person, Tenant: "other", Method: "test"}
	if _, found := r.Account("other", "owner"); !found {
		require.NoError(t, r.Open(t.Context(), Opening{Tenant: "other", Account: "owner"}, why))
	}
	return p
}

// Nobody approves what they asked for, what they get, or through somebody or
// something that acts for them.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestTwoPersons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := live(t, memory(), ruled(t))
		hire(t, r, "ada", "boss", "owner", "gone")
		for _, s := range []Opening{
			{Tenant: "mercy", Account: "bossbot", Kind: ServiceAccount, Manager: "boss"},
			{Tenant: "mercy", Account: "adabot", Kind: ServiceAccount, Manager: "ada"},
			{Tenant: "mercy", Account: "ownerbot", Kind: ServiceAccount, Manager: "owner"},
		} {
			require.NoError(t, r.Open(t.Context(), s, why))
		}
		_, err := r.Terminate(t.Context(), fire("gone"))
		require.NoError(t, err)
		id := ask(t, r, "ada", "clinician")
		for who, c := range map[string]struct {
			p     safeguard.Principal
			words string
		}{
			"the requester":              {person("boss"), "their own"},
			"the grantee":                {person("ada"), "their own"},
			"for the requester":          {service("ownerbot", "boss"), "their own"},
			"for the grantee":            {service("ownerbot", "ada"), "their own"},
			"the requester's program":    {service("bossbot", ""), "no person"},
			"a program":                  {service("ownerbot", ""), "no person"},
			"the requester's, for owner": {service("bossbot", "owner"), "their own"},
			"the grantee's, for owner":   {service("adabot", "owner"), "their own"},
			"terminated":                 {person("gone"), "no active account"},
			"unknown":                    {person("eve"), "no active account"},
			"for somebody terminated":    {service("ownerbot", "gone"), "no active account"},
			"another tenant's":           {elsewhere(t, r), "another tenant"},
		} {
			t.Log(who)
			refused(t, r.Approve(t.Context(), "mercy", "ada", id, by(c.p)), c.words)
		}
		require.Empty(t, roles(t, r, person("ada")))
		require.NoError(t, r.Approve(t.Context(), "mercy", "ada", id, by(service("ownerbot", "owner"))))
		require.Equal(t, []string{"clinician"}, roles(t, r, person("ada")))

		// A service account's owner asks for it and does not approve.
		id, err = r.Request(t.Context(), GrantRequest{Tenant: "mercy", Account: "ownerbot", Role: "clinician", Act: by(person("boss"))})
		require.NoError(t, err)
		refused(t, r.Approve(t.Context(), "mercy", "ownerbot", id, by(person("owner"))), "their own")
		require.NoError(t, r.Approve(t.Context(), "mercy", "ownerbot", id, by(person("ada"))))
	})
}

// A privileged grant waits for as many different persons as the rules ask for.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestPrivilegedGrantsNeedMorePersons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := ruled(t)
		o.Grants = GrantRules{PrivilegedApprovals: 2, PrivilegedRoles: []string{"approver"}}
		r := live(t, memory(), o)
		hire(t, r, "ada", "boss", "owner", "third")
		require.NoError(t, r.Open(t.Context(), Opening{Tenant: "mercy", Account: "root", Privileged: true}, why))
		for account, role := range map[string]string{"ada": "approver", "root": "clinician"} {
			id := grantRole(t, r, account, role)
			require.Empty(t, roles(t, r, person(account)))
			refused(t, r.Approve(t.Context(), "mercy", account, id, by(person("owner"))), "their own")
			require.NoError(t, r.Approve(t.Context(), "mercy", account, id, by(person("third"))))
			require.Equal(t, []string{role}, roles(t, r, person(account)))
		}
		grantRole(t, r, "third", "clinician")
		require.Equal(t, []string{"clinician"}, roles(t, r, person("third")))
	})
}

// A request that nobody approves for 30 days is over, and separation is asked
// about again when it is approved.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestApprovalsDecideByThePresent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := live(t, memory(), ruled(t))
		hire(t, r, "ada", "boss", "owner")
		old := ask(t, r, "ada", "biller")
		refused(t, func() error {
			_, err := r.Request(t.Context(), GrantRequest{Tenant: "mercy", Account: "ada", Role: "approver", Act: by(person("boss"))})
			return err
		}(), "separates") // from one that waits
		time.Sleep(days(30))
		refused(t, r.Approve(t.Context(), "mercy", "ada", old, by(person("owner"))), "does not wait")
		grantRole(t, r, "ada", "approver")
		require.Equal(t, []string{"approver"}, roles(t, r, person("ada")))
	})
}

// Whoever is terminated keeps no grant, also after coming back.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestComingBackGivesNothingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := live(t, memory(), ruled(t))
		hire(t, r, "ada", "boss", "owner", "admin")
		grantRole(t, r, "ada", "clinician")
		waiting := ask(t, r, "ada", "biller")
		_, err := r.Terminate(t.Context(), fire("ada"))
		require.NoError(t, err)
		require.NoError(t, r.Reinstate(t.Context(), "mercy", "ada", why))
		require.True(t, allowed(r, "ada"))
		require.Empty(t, roles(t, r, person("ada")))
		refused(t, r.Approve(t.Context(), "mercy", "ada", waiting, by(person("owner"))), "does not wait")
		for _, g := range r.Grants("mercy", "ada") {
			require.Equal(t, Revoked, g.Status)
			require.Equal(t, "left", g.Revoked.Reason)
		}
	})
}

// A grant is recorded before it counts, or does not come about; a revocation
// comes about without the log.
//
// Controls: HIPAA 164.312(b), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.PS-04.
func TestGrantsAreRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, log := ruled(t), &notebook{}
		o.Noter = log
		r := live(t, memory(), o)
		hire(t, r, "ada", "boss", "owner")
		id := ask(t, r, "ada", "clinician")
		log.fail = errors.New("disk full")
		require.ErrorIs(t, r.Approve(t.Context(), "mercy", "ada", id, by(person("owner"))), log.fail)
		require.Empty(t, roles(t, r, person("ada")))
		log.fail = nil
		require.NoError(t, r.Approve(t.Context(), "mercy", "ada", id, by(person("owner"))))
		log.fail = errors.New("disk full")
		require.ErrorIs(t, r.Revoke(t.Context(), "mercy", "ada", id, by(person("boss"))), ErrUnrecorded)
		require.Empty(t, roles(t, r, person("ada")))
		require.Contains(t, log.types, "io.github.safeguard-sdk.access.grant.approved.v1")
	})
}

// An account has a bounded number of grants, and settings out of bounds are
// refused.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestGrantsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := live(t, memory(), ruled(t))
		hire(t, r, "ada", "boss", "owner")
		for range MaxGrants {
			ask(t, r, "ada", "clinician")
		}
		_, err := r.Request(t.Context(), GrantRequest{Tenant: "mercy", Account: "ada", Role: "clinician", Act: by(person("boss"))})
		refused(t, err, "too many grants")
	})
	for _, o := range []Options{
		{Grants: GrantRules{Term: -1}}, {Grants: GrantRules{Term: DefaultTerm + 1}}, {Grants: GrantRules{Approvals: 6}},
		{Grants: GrantRules{PrivilegedApprovals: -1}}, {Emergency: EmergencyRules{PatientKey: []byte("short")}},
	} {
		_, err := New(memory(), &o)
		require.ErrorIs(t, err, ErrOptions)
	}
	synctest.Test(t, func(t *testing.T) {
		r := live(t, memory(), nil)
		hire(t, r, "ada", "boss")
		_, err := r.Request(t.Context(), GrantRequest{Tenant: "mercy", Account: "ada", Role: "clinician", Act: by(person("boss"))})
		refused(t, err, "no policy")
	})
}
