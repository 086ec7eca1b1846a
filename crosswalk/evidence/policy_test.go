package evidence_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/evidence"
)

func policy(p *evidence.Pack, id string) *evidence.Policy {
	return &p.Policies[slices.IndexFunc(p.Policies, func(q evidence.Policy) bool { return q.ID == id })]
}

// adoption is of the text that the pack shows.
func adoption(p *evidence.Pack, id string) evidence.Adoption {
	a := evidence.Adoption{
		Policy: id, Digest: policy(p, id).Digest, Approver: "B. Lind", Role: "Security Official",
		Approved: "2000-01-10", Effective: "2000-01-15", Answers: map[string]string{},
	}
	for _, q := range policy(p, id).Questions {
		a.Answers[q.Key] = "decided: " + q.Key
	}
	return a
}

// The drafts cite what exists, keep the rule and good practice apart, and ask
// something of a person.
//
// Controls: HIPAA 164.316(a), 164.316(b)(1).
func TestDrafts(t *testing.T) {
	p := build(t, input())
	digests, files := map[string]bool{}, fsOf(t, p)
	for _, d := range p.Policies {
		ruled, other := 0, 0
		for _, c := range d.Clauses {
			for _, id := range c.Controls {
				_, ok := crosswalk.Get(id)
				require.True(t, ok, id)
			}
			if len(c.Controls) > 0 {
				ruled++
				require.NotRegexp(t, `AES|TLS 1|SHA-|annual|yearly|every year`, c.Text, "the rule names none of these")
			} else {
				other++
			}
		}
		require.Positive(t, ruled, d.ID)
		require.Positive(t, other, d.ID)
		require.GreaterOrEqual(t, len(d.Questions), 3, d.ID)
		require.False(t, digests[d.Digest])
		digests[d.Digest] = true
		require.Nil(t, d.Adoption)
		require.Contains(t, string(files[d.File].Data), d.Digest)
	}
}

// What the rule does not ask stands under good practice, and a citation of an
// addressable specification says that it is one.
//
// Controls: HIPAA 164.316(a), 164.308(a)(5)(ii)(D).
func TestDraftsKeepGoodPracticeApart(t *testing.T) {
	p := build(t, input())
	halves := func(id string) (ruled, other string) {
		text := file(t, p, "policies/"+id+".md")
		ruled, rest, ok := strings.Cut(text, "## Good practice beyond the rule")
		require.True(t, ok)
		other, _, _ = strings.Cut(rest, "\n## ")
		return ruled, other
	}
	for id, texts := range map[string][]string{
		"acceptable-use":      {"log off or lock a workstation"},
		"data-classification": {"Data are classified as"},
		"access-control":      {"roster", "emergency purpose of use", "emergency access is recorded"},
	} {
		ruled, other := halves(id)
		for _, text := range texts {
			require.NotContains(t, ruled, text, id)
			require.Contains(t, other, text, id)
		}
	}
	ruled, _ := halves("access-control")
	require.Contains(t, ruled, "(164.312(a)(2)(iii) (Addressable))")
	require.Contains(t, ruled, "(164.312(a)(2)(i))", "a required one is cited alone")
	require.Contains(t, ruled, "obtain necessary ePHI during an emergency")
	require.Contains(t, ruled, "Addressable is not optional")
}

// The times of notification are cited to their own paragraphs.
//
// Controls: HIPAA 164.404(b), 164.406(b), 164.410(b).
func TestDraftsCiteTimeliness(t *testing.T) {
	text := file(t, build(t, input()), "policies/incident-response.md")
	require.Regexp(t, `60 calendar days after discovery\. \(164\.404\(a\)\(1\), 164\.404\(b\)\)`, text)
	require.Contains(t, text, "164.406(b)")
	require.Regexp(t, `A business associate notifies.*164\.410\(b\)\)`, text)
}

// An adopted policy answers the requests for it, until its text changes.
//
// Controls: HIPAA 164.316(a), 164.316(b)(2)(iii).
func TestAdoption(t *testing.T) {
	in := input()
	in.Observations = observations()
	p := build(t, in)
	in.Adoptions = []evidence.Adoption{adoption(p, "access-control")}
	adopted := build(t, in)
	require.Equal(t, evidence.Entered, policy(adopted, "access-control").Status)
	require.Equal(t, evidence.Entered, answer(adopted, 132).Status)
	require.Equal(t, evidence.Template, answer(adopted, 134).Status, "another policy")
	text := file(t, adopted, "policies/access-control.md")
	require.NotContains(t, text, "DRAFT")
	require.Contains(t, text, "B. Lind, Security Official")
	require.Contains(t, text, "decided: logoff")
	require.Contains(t, text, "15m0s")
	require.True(t, policy(adopted, "access-control").Retention.InEffect)
	require.Equal(t, evidence.Entered, answer(adopted, 175).Status, "adoptions are shown where policies are asked for")

	gaps := tableOf(t, answer(adopted, 175), "policies.adopted").Gaps
	require.Contains(t, gaps[0], "encryption")
	require.NotContains(t, gaps[0], "access-control")

	in.Observations[0].Settings["idle"] = "30m0s"
	changed := build(t, in)
	require.Equal(t, evidence.Template, policy(changed, "access-control").Status, "the service no longer does what was adopted")
	require.Contains(t, policy(changed, "access-control").Note, "another text or names other settings")
	require.Equal(t, evidence.Template, answer(changed, 132).Status)
}

// Controls: HIPAA 164.316(a), 164.316(b)(2)(i).
func TestAdoptionDates(t *testing.T) {
	in := input()
	a := adoption(build(t, in), "encryption")
	for _, c := range []struct {
		name   string
		change func(*evidence.Adoption)
		status evidence.Status
		note   string
	}{
		{"in effect today", func(a *evidence.Adoption) { a.Effective = in.Made }, evidence.Entered, ""},
		{"in effect tomorrow", func(a *evidence.Adoption) { a.Effective = "2000-02-02" }, evidence.Template, "in effect from 2000-02-02 only"},
		{"no longer", func(a *evidence.Adoption) { a.LastInEffect = "2000-01-31" }, evidence.Template, "last in effect on 2000-01-31"},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := a
			c.change(&changed)
			in.Adoptions = []evidence.Adoption{changed}
			p := build(t, in)
			require.Equal(t, c.status, policy(p, "encryption").Status)
			require.Contains(t, policy(p, "encryption").Note, c.note)
		})
	}
}

// Controls: HIPAA 164.316(a).
func TestAdoptionRefused(t *testing.T) {
	in := input()
	a := adoption(build(t, in), "encryption")
	for name, change := range map[string]func(*evidence.Adoption){
		"no such policy":       func(a *evidence.Adoption) { a.Policy = "encrypt" },
		"no digest":            func(a *evidence.Adoption) { a.Digest = "" },
		"nobody":               func(a *evidence.Adoption) { a.Approver = "" },
		"a blank approver":     func(a *evidence.Adoption) { a.Approver = " " },
		"no role":              func(a *evidence.Adoption) { a.Role = "" },
		"a question open":      func(a *evidence.Adoption) { a.Answers = map[string]string{} },
		"an answer to nothing": func(a *evidence.Adoption) { a.Answers["weather"] = "fine" },
		"no such day":          func(a *evidence.Adoption) { a.Approved = "2000-02-30" },
		"approved tomorrow":    func(a *evidence.Adoption) { a.Approved = "2000-02-02" },
		"never in effect":      func(a *evidence.Adoption) { a.LastInEffect = "2000-01-14" },
	} {
		t.Run(name, func(t *testing.T) {
			changed := a
			changed.Answers = map[string]string{}
			for k, v := range a.Answers {
				changed.Answers[k] = v
			}
			change(&changed)
			in.Adoptions = []evidence.Adoption{changed}
			_, err := evidence.Build(in)
			require.ErrorIs(t, err, evidence.ErrInput)
		})
	}
}

// Six years from creation or from when it last was in effect, whichever is
// later.
//
// Controls: HIPAA 164.316(b)(2)(i).
func TestKeep(t *testing.T) {
	for _, c := range []struct {
		created, last evidence.Date
		inEffect      bool
		until         evidence.Date
	}{
		{"2020-05-17", "", false, "2026-05-17"},
		{"2020-05-17", "2023-01-01", false, "2029-01-01"},
		{"2020-05-17", "2019-01-01", false, "2026-05-17"},
		{"2020-05-17", "", true, ""},
		{"2024-02-29", "", false, "2030-03-01"},
		{"2018-02-28", "", false, "2024-02-28"},
		{"2018-01-01", "2022-02-28", false, "2028-02-28"},
	} {
		r, err := evidence.Keep(c.created, c.last, c.inEffect)
		require.NoError(t, err)
		require.Equal(t, c.until, r.Until)
		require.NotEmpty(t, r.String())
	}
	for _, bad := range [][2]evidence.Date{{"", ""}, {"2023-02-29", ""}, {"2023-01-01", "2023-13-01"}} {
		_, err := evidence.Keep(bad[0], bad[1], false)
		require.ErrorIs(t, err, evidence.ErrInput)
	}
	_, err := evidence.Keep("2020-01-01", "2021-01-01", true)
	require.ErrorIs(t, err, evidence.ErrInput)
}
