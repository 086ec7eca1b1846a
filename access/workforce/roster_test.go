package workforce

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// The roster lists privileged, service and emergency accounts, and whoever
// somebody should look at.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.308(a)(3)(ii)(A); NIST CSF 2.0 PR.AA-05.
func TestRoster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := staffed(t)
		hire(t, r, "gone", "leaver", "idle")
		for _, o := range []Opening{
			{Account: "root", Privileged: true, Manager: "boss"}, {Account: "bot", Kind: ServiceAccount, Manager: "leaver"},
			{Account: "er-1", Kind: EmergencyAccount, Manager: "boss"}, {Account: "fine", Manager: "boss"},
		} {
			o.Tenant = "mercy"
			require.NoError(t, r.Open(t.Context(), o, why))
		}
		elsewhere(t, r)
		for _, id := range []string{"gone", "leaver"} {
			_, err := r.Terminate(t.Context(), fire(id))
			require.NoError(t, err)
		}
		_, err := r.Request(t.Context(), GrantRequest{Tenant: "mercy", Account: "idle", Role: "clinician", Until: time.Now().Add(days(1)), Act: by(person("boss"))})
		require.NoError(t, err)
		require.NoError(t, r.Approve(t.Context(), "mercy", "idle", r.Grants("mercy", "idle")[0].ID, by(person("owner"))))
		id, err := r.Request(t.Context(), GrantRequest{Tenant: "mercy", Account: "root", Role: "biller", NoEnd: "break the build", Act: by(person("boss"))})
		require.NoError(t, err)
		require.NoError(t, r.Approve(t.Context(), "mercy", "root", id, by(person("owner"))))
		require.NoError(t, r.Suspend(t.Context(), "mercy", "cy", why))
		time.Sleep(days(100))
		plan := RosterPlan{Tenant: "mercy", CertifiedWithin: days(99), LastUsed: func(_, account string) time.Time {
			if account == "ada" {
				return time.Now().Add(-days(1))
			}
			return time.Time{}
		}}
		roster := r.Roster(plan)
		findings := map[string][]Finding{}
		for _, e := range roster.Entries {
			findings[e.Account] = e.Findings
		}
		require.Equal(t, map[string][]Finding{
			"admin": {NoManager}, "boss": {NoManager}, "owner": {NoManager}, "idle": {NoManager, HasExpired},
			"ada": {Uncertified}, "bo": {Uncertified, Dormant}, "cy": {IsSuspended, Uncertified, Dormant},
			"root": {Uncertified, Endless, Dormant}, "bot": {ManagerInactive}, "er-1": nil,
		}, findings)
		golden(t, "roster.md", roster.Markdown())
		var b bytes.Buffer
		require.NoError(t, roster.WriteCSV(&b))
		golden(t, "roster.csv", b.String())
		b.Reset()
		require.NoError(t, roster.WriteJSON(&b))
		golden(t, "roster.json", b.String())
		require.Len(t, r.Roster(RosterPlan{Tenant: "mercy", Everybody: true}).Entries, len(roster.Entries)+1)

		c := campaignOf(t, r, CampaignPlan{Accounts: []string{"ada"}})
		require.NoError(t, certify(r, c, "ada", true, person("boss")))
		for _, e := range r.Roster(plan).Entries {
			require.NotEqual(t, "ada", e.Account, "just certified and used")
		}
	})
}
