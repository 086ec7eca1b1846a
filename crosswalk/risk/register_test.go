package risk_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

func file(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/register.json")
	require.NoError(t, err)
	return b
}

func register(t testing.TB) *risk.Register {
	t.Helper()
	r, err := risk.Parse(file(t))
	require.NoError(t, err)
	return r
}

func written(t testing.TB, r *risk.Register) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, r.WriteJSON(&b))
	return b.Bytes()
}

// A file that was parsed is written byte for byte, again and again.
//
// Controls: HIPAA 164.316(b)(1).
func TestRoundTrip(t *testing.T) {
	r := register(t)
	require.Equal(t, string(file(t)), string(written(t, r)))
	require.Equal(t, string(file(t)), string(written(t, r)))
}

// Each change makes the file wrong; the error says where.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A), 164.308(a)(1)(ii)(B).
func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"syntax":              {`"scope": `, `"scope" `, `3:11: not JSON`},
		"unknown field":       {`"owner": "engineering",`, `"ownr": "engineering",`, `16:7: assets[0]: unknown field "ownr"; did you mean "owner"?`},
		"field twice":         {`"plan": "roll`, `"owner": "x", "plan": "roll`, `risks[1]: field "owner" stands twice`},
		"impossible date":     {`"2027-02-20"`, `"2027-02-29"`, `9:16: review_by: risk: date: not a date in the form YYYY-MM-DD`},
		"citation":            {`"164.308(a)(5)(ii)(C)"`, `"164.308(a)(5)(ii)(c)"`, `did you mean 164.308(a)(5)(ii)(C)?`},
		"level":               {`"severity": "High"`, `"severity": "high"`, `vulnerabilities[0].severity: risk: level: not on the scale of SP 800-30: use Very Low, Low, Moderate, High or Very High`},
		"tier":                {`"did not know"`, `"unaware"`, `risks[1].violations[0].tier: risk: penalty: not valid: unknown tier: use`},
		"year":                {`"year": 2026`, `"year": 2014`, `risks[1].violations[0]: year must be 2016 or later`},
		"count":               {`"count": 40`, `"count": 0`, `risks[1].violations[0]: count must be 1 or more`},
		"no organisation":     {`"Test Practice"`, `" "`, `2:19: organisation: missing`},
		"no version":          {`"version": 1`, `"version": 0`, `4:14: version: must be 1 or more`},
		"no preceding":        {`"version": 1`, `"version": 2`, `preceding: missing: a version after the first names the one before`},
		"preceding of first":  {`"version": 1,`, `"version": 1, "preceding": {"version": 0, "date": "2026-01-01", "sha256": ""},`, `4:30: preceding: version 1 has none`},
		"preceding, version":  {`"version": 1,`, `"version": 3, "preceding": {"version": 1, "date": "2026-01-01", "sha256": ""},`, `preceding.version: must be 2`},
		"preceding, later":    {`"version": 1,`, `"version": 2, "preceding": {"version": 1, "date": "2026-12-01", "sha256": ""},`, `preceding.date: must be on or before date`},
		"preceding, hash":     {`"version": 1,`, `"version": 2, "preceding": {"version": 1, "date": "2026-01-01", "sha256": "AB"},`, `preceding.sha256: must be 64`},
		"status":              {`"final"`, `"done"`, `status: must be draft or final`},
		"draft approved":      {`"final"`, `"draft"`, `status: a draft is not approved yet`},
		"no approver":         {`"security officer"`, `""`, `approved_by: missing in a final register`},
		"approved early":      {`"2026-11-21"`, `"2026-11-19"`, `approved_on: must be on or after date`},
		"review before":       {`"2027-02-20"`, `"2026-11-20"`, `review_by: must be after date`},
		"asset id":            {`"id": "charts"`, `"id": "the charts"`, `assets[0].id: must be 1 to 64`},
		"id twice":            {`"id": "archive"`, `"id": "charts"`, `assets[1].id: charts is the id of something else too`},
		"id in two lists":     {`"id": "disk"`, `"id": "charts"`, `threats[1].id: charts is the id of something else too`},
		"asset kind":          {`"vendor"`, `"supplier"`, `assets[1].kind: unknown kind of asset`},
		"ephi denied":         {`"shows whether the service is up"`, `" "`, `assets[2].without_ephi: must say why`},
		"ephi contradiction":  {`"location": "region one",`, `"location": "region one", "without_ephi": "none at all",`, `assets[0].without_ephi: contradicts its fields`},
		"field of no kind":    {`"kind": "mrn"`, `"kind": ""`, `assets[0].fields[0].kind: missing`},
		"fields twice":        {`"path": "Visits[].Note"`, `"path": "MRN"`, `assets[0].fields[1]: stands twice`},
		"flow to nowhere":     {`"to": "archive"`, `"to": "attic"`, `flows[0].to: attic names none of assets`},
		"flow to a threat":    {`"to": "archive"`, `"to": "disk"`, `flows[0].to: disk names none of assets`},
		"flow without ends":   {`"to": "charts",`, ``, `flows[1]: has neither from nor to`},
		"flow, external":      {`"external": "browsers of patients",`, ``, `flows[1].external: names the other end`},
		"flow, two externals": {`"to": "archive",`, `"to": "archive", "external": "x",`, `flows[0].external: names the other end`},
		"threat source":       {`"structural"`, `"natural"`, `threats[1].source: must be adversarial`},
		"measure of tomorrow": {`"since": "2026-01-05"`, `"since": "2026-12-05"`, `measures[0].since: is after the register's date`},
		"risk, threat":        {`"threat": "disk"`, `"threat": "disks"`, `risks[0].threat: disks names none of threats`},
		"risk, no threat":     {`"threat": "disk",`, `"threat": "",`, `risks[0].threat: names none of threats`},
		"vulnerability twice": {`"vulnerabilities": [
        "no-second-factor"
      ],`, `"vulnerabilities": ["no-second-factor", "no-second-factor"],`, `risks[1].vulnerabilities[1]: no-second-factor stands twice`},
		"risk to nothing": {`"assets": [
        "archive"
      ],`, `"assets": [],`, `risks[0].assets: missing: a risk is one to something`},
		"current above":        {`"adverse": "Moderate",`, `"adverse": "Very High",`, `risks[1].current: Very High is higher than High in inherent: measures do not raise a level`},
		"residual above":       {`"initiation": "Low"`, `"initiation": "Very High"`, `risks[1].residual: Very High is higher than High in current`},
		"falls without":        {`"since": "2026-01-05",`, ``, `risks[1].current: High is lower than Very High in inherent, and no measure in place explains it`},
		"falls without a plan": {`"id": "second-factor",`, `"id": "second-factor", "since": "2026-02-01",`, `risks[1].residual: Low is lower than High in current, and no planned measure or treatment explains it`},
		"treatment":            {`"mitigate"`, `"ignore"`, `risks[1].treatment: must be mitigate`},
		"accepted by nobody":   {`"chief executive"`, `""`, `risks[0].accepted_by: missing: somebody accepts a risk`},
		"accepted on no day":   {`"accepted_on": "2026-11-19",`, ``, `risks[0].accepted_on: missing`},
		"accepted for nothing": {`"restores were tested twice this year"`, `""`, `risks[0].reason: missing: accepting a risk takes a reason`},
		"accepted, not":        {`"treatment": "accept"`, `"treatment": "mitigate"`, `risks[0].accepted_by: is for the treatment accept`},
		"final, open":          {`"protection": "TLS, sealed before it leaves"`, `"protection": ""`, `flows[0].protection: a final register has no open point, this has 1; the first: not said how nightly is protected`},
	} {
		t.Run(name, func(t *testing.T) {
			in := string(file(t))
			require.Contains(t, in, c.from, "the change changes nothing")
			r, err := risk.Parse([]byte(strings.Replace(in, c.from, c.to, 1)))
			require.Nil(t, r)
			require.ErrorContains(t, err, c.want)
			require.ErrorIs(t, err, risk.ErrInvalid)
			var at *risk.Error
			require.ErrorAs(t, err, &at)
			require.Positive(t, at.Line)
			require.Positive(t, at.Column)
		})
	}
	_, err := risk.Parse([]byte(strings.Replace(string(file(t)), `"164.312(d)"`, `"164.312(D)"`, 1)))
	require.ErrorIs(t, err, crosswalk.ErrUnknownID)
	_, err = risk.Parse([]byte(strings.Replace(string(file(t)), `"2026-11-20"`, `"2026-11-31"`, 1)))
	require.ErrorIs(t, err, risk.ErrDate)
}

// What a draft lacks, point by point.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A), 164.308(a)(1)(ii)(B).
func TestOpen(t *testing.T) {
	require.Empty(t, register(t).Open())
	for name, c := range map[string]struct {
		change     func(r *risk.Register)
		path, text string
	}{
		"scope":       {func(r *risk.Register) { r.Scope = "" }, "scope", "not said which systems"},
		"review":      {func(r *risk.Register) { r.ReviewBy = risk.Date{} }, "review_by", "no date for the next review"},
		"acceptable":  {func(r *risk.Register) { r.Acceptable = risk.Unrated }, "acceptable", "management has not said"},
		"asset owner": {func(r *risk.Register) { r.Assets[1].Owner = "" }, "assets[1].owner", "archive has no owner"},
		"agreement":   {func(r *risk.Register) { r.Assets[1].Agreement = "" }, "assets[1].agreement", "no business associate agreement"},
		"asset without risk": {func(r *risk.Register) { r.Assets[2].WithoutEPHI = "" },
			"assets[2]", "status-page counts as holding ePHI and no risk names it"},
		"vulnerability": {func(r *risk.Register) { r.Risks[1].Vulnerabilities = nil }, "vulnerabilities[0]", "no risk names no-second-factor"},
		"unrated":       {func(r *risk.Register) { r.Risks[0].Inherent.Impact = risk.Unrated }, "risks[0].inherent", "the inherent risk of R-2 is not rated"},
		"basis":         {func(r *risk.Register) { r.Risks[0].Residual.Basis = " " }, "risks[0].residual.basis", "rests on"},
		"risk owner":    {func(r *risk.Register) { r.Risks[1].Owner = "" }, "risks[1].owner", "R-1 has no owner"},
		"treatment":     {func(r *risk.Register) { r.Risks[1].Treatment = "" }, "risks[1].treatment", "not decided"},
		"plan":          {func(r *risk.Register) { r.Risks[1].Plan = "" }, "risks[1].plan", "R-1 has no plan"},
		"due":           {func(r *risk.Register) { r.Risks[1].Due = risk.Date{} }, "risks[1].due", "R-1 has no due date"},
		"above acceptable": {func(r *risk.Register) { r.Acceptable = risk.VeryLow },
			"risks[1].residual", "the residual risk of R-1 is Low, above the acceptable Very Low, and nobody has accepted it"},
	} {
		r := register(t)
		c.change(r)
		open := r.Open()
		require.Len(t, open, 1, name)
		require.Equal(t, c.path, open[0].Path, name)
		require.Contains(t, open[0].Text, c.text, name)
		require.ErrorIs(t, r.Validate(), risk.ErrInvalid, name)
		r.Status, r.ApprovedBy, r.ApprovedOn = risk.Draft, "", risk.Date{}
		require.NoError(t, r.Validate(), name)
	}
	empty := &risk.Register{Organisation: "x", Version: 1, Date: day(t, "2026-01-01"), Status: risk.Draft}
	require.NoError(t, empty.Validate())
	require.Len(t, empty.Open(), 4)
}

// Avoiding, sharing and transferring lower a risk by themselves; mitigating
// and accepting do not.
//
// Controls: HIPAA 164.308(a)(1)(ii)(B).
func TestTreatmentsThatLower(t *testing.T) {
	for treatment, lowers := range map[risk.Treatment]bool{
		risk.Avoid: true, risk.Share: true, risk.Transfer: true, risk.Mitigate: false, risk.Accept: false,
	} {
		r := register(t)
		k := &r.Risks[1]
		k.Measures, k.Treatment = []string{"throttle"}, treatment
		if treatment == risk.Accept {
			k.AcceptedBy, k.AcceptedOn, k.Reason = "chief executive", day(t, "2026-11-19"), "it is rare"
		}
		err := r.Validate()
		if lowers {
			require.NoError(t, err, treatment)
			continue
		}
		require.ErrorContains(t, err, "no planned measure or treatment explains it", treatment)
	}
}

// What Parse cannot meet, because a level in a file is text.
func TestValidateLevels(t *testing.T) {
	for _, change := range []func(r *risk.Register){
		func(r *risk.Register) { r.Acceptable = 9 },
		func(r *risk.Register) { r.Vulnerabilities[0].Severity = 9 },
		func(r *risk.Register) { r.Risks[0].Current.Impact = 9 },
	} {
		r := register(t)
		change(r)
		require.ErrorIs(t, r.Validate(), risk.ErrInvalid)
		require.Error(t, r.WriteJSON(failing{}), "nothing is written")
		_, err := r.SHA256()
		require.ErrorIs(t, err, risk.ErrInvalid)
	}
}

// failing is a writer that must not be reached.
type failing struct{}

var errReached = errors.New("reached")

func (failing) Write([]byte) (int, error) { return 0, errReached }

// Controls: HIPAA 164.308(a)(1)(ii)(B), 164.308(a)(8).
func TestDeadlines(t *testing.T) {
	r := register(t)
	require.Equal(t, []risk.Deadline{
		{What: "treatment of R-1", Path: "risks[1].due", On: day(t, "2026-12-31")},
		{What: "review of the risk register", Path: "review_by", On: day(t, "2027-02-20")},
	}, r.Deadlines(day(t, "2026-12-31")))
	overdue := r.Deadlines(day(t, "2027-01-01"))
	require.True(t, overdue[0].Overdue)
	require.False(t, overdue[1].Overdue)
	require.False(t, r.Deadlines(day(t, "2027-02-20"))[1].Overdue, "the last day is in time")
	require.True(t, r.Deadlines(day(t, "2027-02-21"))[1].Overdue)
	r.Risks[1].Done = day(t, "2026-11-20")
	require.Len(t, r.Deadlines(day(t, "2026-12-31")), 1)
}

// The worst is first, and what nobody rated before it.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A).
func TestRanked(t *testing.T) {
	r := register(t)
	ids := func() (ids []string) {
		for _, k := range r.Ranked() {
			ids = append(ids, k.ID)
		}
		return ids
	}
	require.Equal(t, []string{"R-1", "R-2"}, ids())
	r.Risks[0].Current = risk.Rating{}
	require.Equal(t, []string{"R-2", "R-1"}, ids())
}

// A version that was altered after it was final is noticed.
//
// Controls: HIPAA 164.316(b)(1), 164.316(b)(2)(i), 164.308(a)(8).
func TestVersions(t *testing.T) {
	first := register(t)
	next, err := first.Next(day(t, "2027-02-18"))
	require.NoError(t, err)
	require.Equal(t, 2, next.Version)
	require.Equal(t, risk.Draft, next.Status)
	require.Empty(t, next.ApprovedBy)
	require.NoError(t, next.Follows(first))
	require.Error(t, first.Follows(first))

	_, err = next.Next(day(t, "2027-05-18"))
	require.ErrorContains(t, err, "only a final register has a next version")
	_, err = first.Next(day(t, "2026-11-01"))
	require.ErrorContains(t, err, "preceding.date")

	next.Risks[1].Current.Adverse = risk.Low
	require.Equal(t, risk.Moderate, first.Risks[1].Current.Adverse, "a draft shares nothing with its predecessor")

	altered := register(t)
	altered.Risks[1].Title = "nothing to see"
	require.ErrorContains(t, next.Follows(altered), "was altered")
	other := register(t)
	other.Organisation = "Other Practice"
	require.ErrorContains(t, next.Follows(other), "different organisations")
	later := register(t)
	later.Date, later.ApprovedOn = day(t, "2026-11-21"), day(t, "2026-11-22")
	require.ErrorContains(t, next.Follows(later), "another version or date")
}

// Controls: HIPAA 164.308(a)(8), 164.316(b)(2)(iii).
func TestCompare(t *testing.T) {
	before, after := register(t), register(t)
	require.Empty(t, risk.Compare(before, after))
	after.Acceptable = risk.Moderate
	after.Assets = append(after.Assets[:2], risk.Asset{ID: "model", Name: "notes model", Kind: risk.Model})
	after.Flows[0].Protection = "TLS"
	after.Risks[1].Current.Adverse, after.Risks[1].Residual.Impact = risk.VeryLow, risk.VeryLow
	after.Risks[0].Owner = "somebody"
	require.Equal(t, []risk.Change{
		{List: "register", What: "changed", Detail: "acceptable risk"},
		{List: "assets", ID: "model", What: "added"},
		{List: "assets", ID: "status-page", What: "removed"},
		{List: "flows", ID: "nightly", What: "changed"},
		{List: "risks", ID: "R-2", What: "changed"},
		{List: "risks", ID: "R-1", What: "changed", Detail: "current from Moderate to Low; residual from Low to Very Low"},
	}, risk.Compare(before, after))
}

// Controls: HIPAA 164.308(a)(1)(ii)(A), 164.316(b)(2)(iii).
func TestCompareFields(t *testing.T) {
	inventory := register(t).Assets[0].Fields
	missing, gone := risk.CompareFields(inventory, inventory)
	require.Empty(t, missing)
	require.Empty(t, gone)
	ssn := risk.Field{Type: "example.test/chart.Patient", Path: "SSN", Kind: "ssn"}
	unsealed, limited := inventory[0], inventory[0]
	unsealed.Sealed, limited.Limited = false, true
	missing, gone = risk.CompareFields(inventory, []risk.Field{ssn, unsealed})
	require.Equal(t, []risk.Field{ssn}, missing, "no tag says that a field is sealed")
	require.Equal(t, inventory[1:], gone)
	missing, gone = risk.CompareFields(inventory, []risk.Field{ssn, inventory[1], limited})
	require.Equal(t, []risk.Field{limited, ssn}, missing, "new, or with another tag than in the inventory")
	require.Empty(t, gone)
}

// Each package with PHI fields becomes an asset, whatever its path; nothing is
// rated or answered for yet.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A).
func TestNew(t *testing.T) {
	long := strings.Repeat("deep/", 30)
	fields := []risk.Field{
		{Type: "example.test/b/chart.Patient", Path: "MRN", Kind: "mrn"},
		{Type: "example.test/a/chart.Visit[example.test/x.Y]", Path: "At", Kind: "date"},
		{Type: "example.test/b/chart.Patient", Path: "Name", Kind: "name"},
		{Type: long + "one.T", Path: "N", Kind: "name"},
		{Type: long + "two.T", Path: "N", Kind: "name"},
		{Type: "Bare", Path: "N", Kind: "name"},
		{Type: "élan/ü.T", Path: "N", Kind: "name"},
	}
	r, err := risk.New("Test Practice", day(t, "2026-11-20"), &risk.Options{Fields: fields})
	require.NoError(t, err)
	require.Equal(t, risk.Draft, r.Status)
	require.Len(t, r.Assets, 6)
	var names []string
	for _, a := range r.Assets {
		names = append(names, a.Name)
		require.Equal(t, risk.Application, a.Kind)
		require.True(t, a.EPHI())
		require.LessOrEqual(t, len(a.ID), 64)
	}
	require.Equal(t, []string{"Bare", long + "one", long + "two", "example.test/a/chart", "example.test/b/chart", "élan/ü"}, names)
	require.Equal(t, []risk.Field{fields[0], fields[2]}, r.Assets[4].Fields)
	require.Equal(t, "example.test.b.chart", r.Assets[4].ID)
	require.Len(t, r.Open(), 3+2*len(r.Assets), "scope, review, acceptable; each an owner and a risk")
	back, err := risk.Parse(written(t, r))
	require.NoError(t, err)
	require.Equal(t, r, back)

	r, err = risk.New("Test Practice", day(t, "2026-11-20"), nil)
	require.NoError(t, err)
	require.Empty(t, r.Assets)
	_, err = risk.New("", risk.Date{}, nil)
	require.ErrorIs(t, err, risk.ErrInvalid)
	_, err = risk.New("x", day(t, "2026-11-20"), &risk.Options{Fields: []risk.Field{fields[0], fields[0]}})
	require.ErrorContains(t, err, "stands twice")
}

// Whatever Parse accepts, it accepts again when written, and it can be shown.
func FuzzParse(f *testing.F) {
	f.Add(string(file(f)))
	f.Add(`{"organisation": "x", "version": 1, "date": "2026-01-01", "status": "draft"}`)
	f.Add(`{"risks": [{"inherent": {"impact": "High"}}]}`)
	f.Fuzz(func(t *testing.T, in string) {
		r, err := risk.Parse([]byte(in))
		if err != nil {
			require.ErrorIs(t, err, risk.ErrInvalid)
			return
		}
		once := written(t, r)
		again, err := risk.Parse(once)
		require.NoError(t, err)
		require.Equal(t, string(once), string(written(t, again)))
		require.NoError(t, (&risk.Report{Register: r}).WriteMarkdown(&bytes.Buffer{}))
	})
}
