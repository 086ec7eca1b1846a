package workforce

import (
	"bytes"
	"context"
	"encoding/csv"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares text with a file, with ids replaced by their order.
func golden(t *testing.T, name, text string) {
	t.Helper()
	ids := map[string]string{}
	text = regexp.MustCompile(`\b[GCE]-[A-Z2-7]{26}\b`).ReplaceAllStringFunc(text, func(id string) string {
		if ids[id] == "" {
			ids[id] = id[:2] + string(rune('a'+len(ids)))
		}
		return ids[id]
	})
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), text)
}

// staffed is a registry with a manager and grants.
func staffed(t *testing.T) *Registry {
	r := live(t, memory(), ruled(t))
	hire(t, r, "admin", "boss", "owner")
	for _, id := range []string{"ada", "bo", "cy"} {
		require.NoError(t, r.Open(t.Context(), Opening{Tenant: "mercy", Account: id, Manager: "boss"}, why))
		grantRole(t, r, id, "clinician")
	}
	return r
}

func campaignOf(t *testing.T, r *Registry, plan CampaignPlan) string {
	t.Helper()
	plan.Tenant, plan.Act = "mercy", by(person("admin"))
	if plan.Due.IsZero() {
		plan.Due = time.Now().Add(days(14))
	}
	id, err := r.OpenCampaign(t.Context(), plan)
	require.NoError(t, err)
	return id
}

func certify(r *Registry, campaign, account string, keep bool, p safeguard.Principal) error {
	g := r.Grants("mercy", account)[0]
	return r.Certify(context.Background(), Certification{
		Campaign: campaign, Tenant: "mercy", Account: account, Grant: g.ID, Keep: keep, Act: by(p),
	})
}

// A campaign keeps what a reviewer keeps, revokes what a reviewer revokes, and
// lets lapse by the clock what nobody decides.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestACampaignDecidesEveryGrant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := staffed(t)
		c := campaignOf(t, r, CampaignPlan{})
		grantRole(t, r, "owner2"+hired(t, r, "owner2"), "clinician") // later: not asked about
		require.NoError(t, certify(r, c, "ada", true, person("boss")))
		require.NoError(t, certify(r, c, "bo", false, person("boss")))
		require.Equal(t, []string{"clinician"}, roles(t, r, person("ada")))
		require.Empty(t, roles(t, r, person("bo")))
		time.Sleep(days(14) - time.Minute)
		require.Equal(t, []string{"clinician"}, roles(t, r, person("cy")))
		time.Sleep(time.Hour)
		require.Empty(t, roles(t, r, person("cy")), "nobody decided")
		require.Equal(t, []string{"clinician"}, roles(t, r, person("ada")))
		require.Equal(t, []string{"clinician"}, roles(t, r, person("owner2")))
		require.Equal(t, Lapsed, r.Grants("mercy", "cy")[0].Status)
		refused(t, certify(r, c, "cy", true, person("boss")), "has ended")

		report, err := r.Campaign(c)
		require.NoError(t, err)
		require.Len(t, report.Items, 3)
		for o, n := range map[Outcome]int{Kept: 1, Withdrawn: 1, DidLapse: 1, Undecided: 0, Overdue: 0, Ended: 0} {
			require.Equal(t, n, report.Count(o), o)
		}
		require.Equal(t, []string{c}, r.Campaigns("mercy"))
		require.Empty(t, r.Campaigns("other"))
		again := newRegistry(t, r.state, r.options.copyOf()) // another process reads the same
		require.NoError(t, again.catchUp(t.Context()))
		same, err := again.Campaign(c)
		require.NoError(t, err)
		same.At = report.At
		require.Equal(t, report, same)
	})
}

func (o Options) copyOf() *Options { return &o }

func hired(t *testing.T, r *Registry, id string) string {
	hire(t, r, id)
	return ""
}

// With KeepUndecided a grant that nobody decides is overdue and stays.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestUndecidedGrantsMayStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := staffed(t)
		c := campaignOf(t, r, CampaignPlan{KeepUndecided: true})
		time.Sleep(days(15))
		require.Equal(t, []string{"clinician"}, roles(t, r, person("cy")))
		report, err := r.Campaign(c)
		require.NoError(t, err)
		require.Equal(t, 3, report.Count(Overdue))
		require.NoError(t, certify(r, c, "cy", true, person("boss")), "late is better than never")
	})
}

// A second campaign cannot bring back what the first let lapse, and each is
// answered by itself.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestCampaignsAreAnsweredOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := staffed(t)
		first := campaignOf(t, r, CampaignPlan{Due: time.Now().Add(days(10))})
		second := campaignOf(t, r, CampaignPlan{Accounts: []string{"ada"}, Due: time.Now().Add(days(20))})
		require.NoError(t, certify(r, second, "ada", true, person("boss")))
		refused(t, certify(r, second, "ada", false, person("boss")), "decided before")
		refused(t, certify(r, second, "bo", true, person("boss")), "does not ask")
		time.Sleep(days(11))
		require.Empty(t, roles(t, r, person("ada")), "the first campaign was not answered")
		report, err := r.Campaign(first)
		require.NoError(t, err)
		require.Equal(t, 3, report.Count(DidLapse))
	})
}

// Only the manager or a named reviewer decides, and never who has the grant, by
// whatever way.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestWhoCertifies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := staffed(t)
		require.NoError(t, r.Open(t.Context(), Opening{Tenant: "mercy", Account: "selfmade", Manager: "boss"}, why))
		require.NoError(t, r.Open(t.Context(), Opening{Tenant: "mercy", Account: "bot", Kind: ServiceAccount, Manager: "ada"}, why))
		c := campaignOf(t, r, CampaignPlan{Reviewers: []string{"owner", "ada"}})
		for name, x := range map[string]struct {
			p     safeguard.Principal
			words string
		}{
			"another":         {person("bo"), "neither the manager"},
			"the holder":      {person("ada"), "their own"}, // although a reviewer
			"for the holder":  {service("bot", "ada"), "their own"},
			"holder's, for":   {service("bot", "boss"), "their own"},
			"a program":       {service("bot", ""), "neither the manager"},
			"another tenant":  {elsewhere(t, r), "neither the manager"},
			"nobody":          {safeguard.Principal{}, "says who"},
			"for the unknown": {service("bot", "eve"), "neither the manager"},
		} {
			t.Log(name)
			refused(t, certify(r, c, "ada", true, x.p), x.words)
			refused(t, certify(r, c, "ada", false, x.p), x.words)
		}
		require.NoError(t, certify(r, c, "ada", true, person("owner")))
		require.NoError(t, r.Suspend(t.Context(), "mercy", "owner", why))
		refused(t, certify(r, c, "bo", true, person("owner")), "no active account")
		refused(t, r.Certify(t.Context(), Certification{Campaign: "C-none", Tenant: "mercy", Account: "bo", Grant: r.Grants("mercy", "bo")[0].ID, Act: why}), "no such grant or campaign")
		refused(t, r.Certify(t.Context(), Certification{Campaign: c, Tenant: "mercy", Account: "bo", Grant: "G-none", Act: why}), "no such grant or campaign")
		require.ErrorIs(t, r.Certify(t.Context(), Certification{Campaign: c, Tenant: "mercy", Account: "eve", Act: why}), ErrAccount)
	})
}

// A campaign without an end, a scope or somebody who may open it is refused.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestCampaignsThatAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := staffed(t)
		for words, plan := range map[string]CampaignPlan{
			"past or":           {Due: time.Now(), Act: why},
			"a year away":       {Due: time.Now().Add(days(367)), Act: why},
			"no grant is in":    {Due: time.Now().Add(days(1)), Roles: []string{"biller"}, Act: why},
			"grant is in":       {Due: time.Now().Add(days(1)), Accounts: []string{"eve"}, Act: why},
			"in the campaign":   {Due: time.Now().Add(days(1)), Privileged: true, Act: why},
			"too many roles":    {Due: time.Now().Add(days(1)), Roles: make([]string, 201), Act: why},
			"too long":          {Due: time.Now().Add(days(1)), Reviewers: slicesOf(strings.Repeat("x", 200), 200), Act: why},
			"another tenant":    {Due: time.Now().Add(days(1)), Act: by(elsewhere(t, r))},
			"no active account": {Due: time.Now().Add(days(1)), Act: by(person("eve"))},
		} {
			plan.Tenant = "mercy"
			_, err := r.OpenCampaign(t.Context(), plan)
			refused(t, err, words)
		}
		_, err := r.Campaign("C-none")
		refused(t, err, "no such campaign")
	})
}

func slicesOf(s string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = s
	}
	return out
}

// The report of a campaign is as it was, and what people typed is neither
// markup nor a formula in it.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(c)(1); NIST CSF 2.0 PR.AA-05, PR.DS-01.
func TestCampaignReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := staffed(t)
		hire(t, r, "=cmd|' /C calc'!A0", "<script>alert(1)</script>")
		id, err := r.Request(t.Context(), GrantRequest{
			Tenant: "mercy", Account: "=cmd|' /C calc'!A0", Role: "clinician", NoEnd: "+1", Act: by(person("<script>alert(1)</script>")),
		})
		require.NoError(t, err)
		require.NoError(t, r.Approve(t.Context(), "mercy", "=cmd|' /C calc'!A0", id, by(person("owner"))))
		c := campaignOf(t, r, CampaignPlan{Reviewers: []string{"owner"}})
		require.NoError(t, certify(r, c, "ada", true, person("boss")))
		require.NoError(t, certify(r, c, "bo", false, person("owner")))
		_, err = r.Terminate(t.Context(), fire("cy"))
		require.NoError(t, err)
		report, err := r.Campaign(c)
		require.NoError(t, err)
		require.Equal(t, 1, report.Count(Ended))
		require.NotContains(t, report.Markdown(), "<script>")
		golden(t, "campaign.md", report.Markdown())
		var b bytes.Buffer
		require.NoError(t, report.WriteCSV(&b))
		golden(t, "campaign.csv", b.String())
		noFormula(t, b.String())
		b.Reset()
		require.NoError(t, report.WriteJSON(&b))
		golden(t, "campaign.json", b.String())
	})
}

func noFormula(t *testing.T, text string) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	require.Greater(t, len(rows), 1)
	for _, row := range rows {
		for _, c := range row {
			require.NotRegexp(t, `^\s*[=+\-@]`, c)
		}
	}
}

// No cell is a formula, however it begins, and no text is markup.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestCellsAndMarkup(t *testing.T) {
	for _, s := range []string{"=1", "+1", "-1", "@a", "\t=1", " =1", "\n=1", "\r+1", "＝1", " a"} {
		require.Equal(t, "'"+s, cell(s))
	}
	for _, s := range []string{"", "a=1", "1-1", "ada"} {
		require.Equal(t, s, cell(s))
	}
	require.Equal(t, `&lt;b&gt;a\|b\*\_\[x\](y)&amp; z`, escape("<b>a|b*_[x](y)&\nz"))
}
