package evidence_test

import (
	"bytes"
	"crypto/ed25519"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/evidence"
)

var update = flag.Bool("update", false, "write golden files")

var testKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

// allText returns every file of a pack, one behind the other.
func allText(t testing.TB, p *evidence.Pack) string {
	files, err := p.Files(testKey)
	require.NoError(t, err)
	var b strings.Builder
	for _, f := range files {
		b.WriteString("== " + f.Name + "\n")
		b.Write(f.Data)
	}
	return b.String()
}

func file(t testing.TB, p *evidence.Pack, name string) string {
	files, err := p.Files(testKey)
	require.NoError(t, err)
	for _, f := range files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	require.Failf(t, "no such file", name)
	return ""
}

func golden(t *testing.T, name, got string) {
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// With nothing given, every request has an answer and none is evidence.
//
// Controls: HIPAA 164.316(b)(1).
func TestNothingGivenIsNoEvidence(t *testing.T) {
	p := build(t, input())
	require.Zero(t, p.Summary.Substantive())
	require.Equal(t, 175, p.Summary.Template+p.Summary.NotAvailable+p.Summary.Organisation)
	files := fsOf(t, p)
	for _, a := range p.Artefacts {
		require.NotEmpty(t, a.Statement)
		text := string(files[a.File].Data)
		require.Contains(t, text, "Made")
		require.LessOrEqual(t, len(text), 8<<10, "small files, no compendium")
	}
	for _, pol := range p.Policies {
		require.Equal(t, evidence.Template, pol.Status)
		require.Contains(t, string(files[pol.File].Data), "DRAFT")
	}
	require.Len(t, p.Policies, 11)
	t.Logf("nothing given: %+v", p.Summary)
}

// All 35 requests about 164.312 are answered by documents or an explicit
// statement.
//
// Controls: HIPAA 164.312(a)(1), 164.316(b)(1); NIST CSF 2.0 PR.AA-05.
func TestTechnicalRequests(t *testing.T) {
	p := build(t, input(collect(t, service(t))))
	counts := map[evidence.Status]int{}
	for n := 117; n <= 151; n++ {
		a := answer(p, n)
		require.True(t, strings.HasPrefix(a.Section, "164.312"))
		require.NotEmpty(t, a.Statement)
		require.NotEqual(t, evidence.Organisation, a.Status, "%d: at least a draft or a named component", n)
		counts[a.Status]++
	}
	t.Logf("164.312, a service with audit, ledger and session: %v", counts)
	require.GreaterOrEqual(t, counts[evidence.FromLog], 9)
}

// The same input gives the same bytes, and the documents of a request and of a
// policy look as reviewed.
//
// Controls: HIPAA 164.316(b)(1).
func TestDocuments(t *testing.T) {
	in := func() *evidence.Input {
		i := input()
		i.Observations = observations()
		i.Tables = []evidence.Table{roster(), decisions()}
		i.Entries = []evidence.Entry{entry(132)}
		return i
	}
	p := build(t, in())
	require.Equal(t, allText(t, p), allText(t, build(t, in())))
	golden(t, "132.md", file(t, p, answer(p, 132).File))
	golden(t, "133.md", file(t, p, answer(p, 133).File))
	golden(t, "130.md", file(t, p, answer(p, 130).File))
	golden(t, "access-control.md", file(t, p, "policies/access-control.md"))
	golden(t, "index.md", file(t, p, "index.md"))
	golden(t, "practices.md", file(t, p, "recognised-security-practices.md"))
}

func observations() []safeguard.Observation {
	return []safeguard.Observation{{
		Component: "session", Controls: []safeguard.Control{safeguard.AutomaticLogoff},
		Statement: "Sessions end after the idle limit | and so on.",
		Settings:  map[string]string{"idle": "15m0s", "absolute": "12h0m0s"}, Counters: map[string]uint64{"started": 2},
		Unenforced: []string{"sessions of GET /kiosk until 2026-12-01"},
	}}
}

func roster() evidence.Table {
	return evidence.Table{
		Schema: "access.emergency.roster", Basis: evidence.SelfReported, Source: "access", Collector: "charts 1.4.0",
		Period: january, Population: 1, Sampling: "all", Gaps: []string{"Substitutes are not on it."},
		Rows: [][]string{{"u-17", "u-2", "2000-01-01", "2000-12-31"}},
	}
}

func decisions() evidence.Table {
	return evidence.Table{
		Schema: "gap.decisions", Basis: evidence.Entered, Source: "Ada Osei", Collector: "Ada Osei",
		Period: january, Population: 1, Sampling: "all",
		Rows: [][]string{{"164.312(a)(2)(iii)", "implemented", "walk-up workstations", "", "B. Lind", "2000-01-10", "2000-01-10", "", "2001-01-10"}},
	}
}

func entry(requests ...int) evidence.Entry {
	return evidence.Entry{
		Requests: requests, Document: "Sessions.docx", Version: "3", SHA256: strings.Repeat("ab", 32),
		Statement: "Approved by the board.", By: "B. Lind", Role: "Security Official", Stated: "2000-01-20", Created: "1999-06-01",
	}
}

// A table without rows that a component reports says that there is none.
//
// Controls: HIPAA 164.316(b)(1).
func TestNoneIsSaidByWhoKnows(t *testing.T) {
	in := input()
	none := roster()
	none.Rows, none.Population = nil, 0
	in.Tables = []evidence.Table{none}
	in.Entries = []evidence.Entry{{Requests: []int{11}, None: true, Statement: "No sanction was due.", By: "B. Lind", Stated: "2000-01-20"}}
	p := build(t, in)
	require.Equal(t, evidence.Nothing, answer(p, 130).Status)
	require.Equal(t, evidence.SelfReported, answer(p, 130).Basis)
	require.Equal(t, evidence.Nothing, answer(p, 11).Status)
	require.Equal(t, evidence.Entered, answer(p, 11).Basis)
	require.Equal(t, 3, p.Summary.Nothing, "131 asks for the roster too")
	require.Equal(t, 1, p.Summary.StatedNone)
	require.Equal(t, 2, p.Summary.Substantive(), "what the component reports")
	require.Contains(t, file(t, p, answer(p, 11).File), "No sanction was due.")
}

// What was read from source code is not what the running service reports.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A), 164.316(b)(1); NIST CSF 2.0 ID.RA-01.
func TestSourceCodeIsNoReport(t *testing.T) {
	in := input()
	in.Tables = []evidence.Table{{
		Schema: "crypto.fields", Basis: evidence.FromSource, Source: "phi tags", Collector: "Ada Osei", Period: january,
		Population: 1, Sampling: "all", Rows: [][]string{{"charts.Patient", "MRN", "phi", "yes", "patients", "mrn"}},
	}}
	p := build(t, in)
	require.Zero(t, p.Summary.SelfReported+p.Summary.Entered)
	require.Positive(t, p.Summary.FromSource)
	require.Equal(t, p.Summary.FromSource, p.Summary.Substantive())
	require.Contains(t, file(t, p, "index.md"), "| source | ")
	for _, a := range p.Artefacts {
		if a.Status == evidence.FromSource {
			require.Contains(t, a.Statement, "source code")
			require.NotContains(t, a.Statement, "running service or")
		}
	}
	in.Tables[0].Schema = "workforce.training"
	in.Tables[0].Rows[0] = []string{"u-17", "nurse", "phishing", "2000-01-01", "2000-01-02"}
	_, err := evidence.Build(in)
	require.ErrorIs(t, err, evidence.ErrInput, "no source code shows training")
}

// That there is none is a statement of its own kind where only a person says
// it: counted apart, and no substance.
//
// Controls: HIPAA 164.316(b)(1).
func TestStatedNoneIsNoSubstance(t *testing.T) {
	in := input()
	e := evidence.Entry{None: true, Statement: "There is no such document here.", By: "B. Lind", Stated: "2000-01-20"}
	for n := range 175 {
		e.Requests = append(e.Requests, n+1)
	}
	in.Entries = []evidence.Entry{e}
	none := roster()
	none.Basis, none.Rows, none.Population = evidence.Entered, nil, 0
	in.Tables = []evidence.Table{none}
	p := build(t, in)
	require.Equal(t, 175, p.Summary.Nothing)
	require.Equal(t, 175, p.Summary.StatedNone)
	require.Zero(t, p.Summary.Substantive())
	index := file(t, p, "index.md")
	require.Contains(t, index, "0 of 175 requests have an answer of substance")
	require.Contains(t, index, "175 of the answers \"none\" are the word of a person only")

	for _, says := range []string{"None", "n/a", "-", "...............", "no document"} {
		in.Entries[0].Statement = says
		_, err := evidence.Build(in)
		require.ErrorIs(t, err, evidence.ErrInput, says)
	}
}

// A decision that is not in effect when the pack is made decides nothing, and
// the document of the request says so.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1).
func TestLapsedDecisionIsSaid(t *testing.T) {
	const said = "No decision that was handed over is in effect on 2000-02-01"
	for name, c := range map[string]struct {
		from, last string
		lapsed     bool
	}{
		"in effect":    {"2000-01-10", "", false},
		"until today":  {"2000-01-10", "2000-02-01", false},
		"lapsed":       {"2000-01-10", "2000-01-20", true},
		"not yet":      {"2000-02-02", "", true},
		"without days": {"", "", true},
	} {
		in := input()
		in.Tables = []evidence.Table{decisions()}
		in.Tables[0].Rows[0][6], in.Tables[0].Rows[0][7] = c.from, c.last
		p := build(t, in)
		require.Equal(t, c.lapsed, strings.Contains(file(t, p, answer(p, 133).File), said), name)
	}
}

// What supports an answer is none.
//
// Controls: HIPAA 164.316(b)(1).
func TestSupportDoesNotCount(t *testing.T) {
	in := input()
	in.Observations = observations()
	p := build(t, in)
	require.Len(t, answer(p, 132).Supports, 1, "the settings stand beside the draft of the policy")
	require.Equal(t, evidence.Template, answer(p, 132).Status)
	require.Equal(t, evidence.SelfReported, answer(p, 133).Status)
}

// Every document says which rule it is about, and OCR's caution.
//
// Controls: HIPAA 164.316(b)(1).
func TestEveryDocumentCarriesTheCaution(t *testing.T) {
	files, err := build(t, input()).Files(testKey)
	require.NoError(t, err)
	seen := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name, ".md") {
			continue
		}
		seen++
		text := string(f.Data)
		require.Contains(t, text, "78 FR 5693", f.Name)
		require.Contains(t, text, "alignment does not imply or guarantee compliance", f.Name)
		require.Contains(t, text, "was proposed only", f.Name)
	}
	require.Equal(t, 175+11+2, seen)
	require.NotEmpty(t, crosswalk.Caution)
}

// The HTML form says the same, escapes everything and needs nothing from
// elsewhere.
//
// Controls: HIPAA 164.316(b)(1).
func TestHTML(t *testing.T) {
	in := input()
	in.Format = evidence.HTML
	in.Organisation = `<script>alert("x")</script>`
	in.Observations = observations()
	in.Tables = []evidence.Table{roster()}
	p := build(t, in)
	files, err := p.Files(testKey)
	require.NoError(t, err)
	pages := 0
	for _, f := range files {
		require.NotEqual(t, ".md", filepath.Ext(f.Name))
		if filepath.Ext(f.Name) != ".html" {
			continue
		}
		pages++
		text := string(f.Data)
		require.NotContains(t, text, "<script")
		require.NotContains(t, text, "src=")
		require.NotContains(t, text, "href=")
		require.Contains(t, text, "&lt;script&gt;")
		for _, e := range []string{"ul", "table", "tbody", "main"} {
			require.Equal(t, strings.Count(text, "<"+e+">"), strings.Count(text, "</"+e+">"), "%s in %s", e, f.Name)
		}
	}
	require.Equal(t, 175+11+2, pages)
	golden(t, "133.html", file(t, p, answer(p, 133).File))
	var index strings.Builder
	require.NoError(t, p.WriteHTML(&index))
	require.Equal(t, index.String(), file(t, p, "index.html"))
	in.Format = "docx"
	_, err = evidence.Build(in)
	require.ErrorIs(t, err, evidence.ErrInput)
}

// everything is an input in which each schema that code or a person can fill
// has one made-up row, and each policy is adopted.
func everything(t *testing.T, log *evidence.Log) *evidence.Input {
	in := input(log)
	for _, s := range evidence.Schemas() {
		if s.Name == "policies.adopted" || s.Filler == evidence.FromRecords {
			continue
		}
		if s.Filler == evidence.FromObservations {
			controls := []safeguard.Control{s.Control}
			if s.Control == "" {
				controls = nil
			}
			in.Observations = append(in.Observations, safeguard.Observation{Component: s.Component, Controls: controls, Statement: "A statement."})
			continue
		}
		basis := evidence.SelfReported
		if s.Filler == evidence.FromPerson {
			basis = evidence.Entered
		}
		in.Tables = append(in.Tables, evidence.Table{
			Schema: s.Name, Basis: basis, Source: "a test", Collector: "a test", Period: january,
			Population: 1, Sampling: "all", Rows: [][]string{filled(s)},
		})
	}
	p := build(t, in)
	for _, pol := range p.Policies {
		in.Adoptions = append(in.Adoptions, adoption(p, pol.ID))
	}
	return in
}

// filled is a row with something in every cell.
func filled(s evidence.Schema) []string {
	var row []string
	for _, c := range s.Columns {
		row = append(row, "the "+strings.ToLower(c))
	}
	return row
}

// Once everything reports, more than 60 % of the requests have an answer of
// substance and nothing is a template; what rests on records and reports, and
// what a person enters, stay apart.
//
// Controls: HIPAA 164.316(b)(1), 164.308(a)(8).
func TestWhenEverythingReports(t *testing.T) {
	s := build(t, everything(t, collect(t, service(t)))).Summary
	t.Logf("%+v", s)
	require.GreaterOrEqual(t, s.Substantive(), 105)
	require.GreaterOrEqual(t, s.FromLog+s.SelfReported, 50)
	require.Zero(t, s.Template+s.NotAvailable)
	require.Equal(t, s.Requests, s.Substantive()+s.Organisation)
	require.Zero(t, s.Partial, "nothing is missing when everything reports")
}

// Packs are built from one input at the same time.
//
// Controls: HIPAA 164.316(b)(1).
func TestConcurrentBuilds(t *testing.T) {
	in := everything(t, collect(t, service(t)))
	want := allText(t, build(t, in))
	packs, errs := make([]*evidence.Pack, 4), make([]error, 4)
	var wg sync.WaitGroup
	for i := range packs {
		wg.Go(func() { packs[i], errs[i] = evidence.Build(in) })
	}
	wg.Wait()
	for i, p := range packs {
		require.NoError(t, errs[i])
		require.Equal(t, want, allText(t, p))
	}
}
