package coverage_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"flag"
	stdhtml "html"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

var update = flag.Bool("update", false, "rewrite golden files")

const sdk = "github.com/safeguard-sdk/safeguard"

// sample is a document with something at every level.
func sample(t *testing.T) *coverage.Document {
	t.Helper()
	_, index, problems := read(t, tree("p/p.go", whole, "p/p_test.go", `package p

// TestM exercises it.
//
// Controls: HIPAA 164.312(b), 164.312(d).
func TestM(t *testing.T) {}

// TestO too.
//
// Controls: HIPAA 164.312(b).
func TestO(t *testing.T) {}
`), nil)
	require.Empty(t, problems)
	return &coverage.Document{
		Title:     "Coverage of a sample",
		Service:   "sample service",
		Version:   "v1.2.3",
		Generated: time.Date(2026, 11, 21, 12, 0, 0, 0, time.FixedZone("x", 3600)),
		Indexes: []*coverage.Index{index, {Module: sdk, APIs: []coverage.API{{
			Package: sdk + "/session", Symbol: "New", Kind: coverage.FuncKind, File: "session/session.go",
			Tag: coverage.Tag{HIPAA: []safeguard.Control{safeguard.AutomaticLogoff}, CSF20: []string{"PR.AA-05"}},
		}}}},
		Observations: []safeguard.Observation{{
			Component: "example.org/m/session",
			Controls:  []safeguard.Control{safeguard.AutomaticLogoff},
			Statement: "Sessions end after inactivity.",
			Settings:  map[string]string{"idle": "15m0s", "absolute": "12h0m0s"},
			Counters:  map[string]uint64{"logoffs.idle": 3},
			Since:     time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC),
		}, {
			Component:  "example.org/m/access",
			Controls:   []safeguard.Control{safeguard.AccessControl},
			Statement:  "NOT ENFORCED: the policy is observed.",
			Unenforced: []string{"GET /a until 2026-12-01", "GET /b until 2026-12-01"},
		}},
	}
}

func rendered(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, write(&b))
	return b.String()
}

func markdown(t *testing.T, d *coverage.Document) string { return rendered(t, d.WriteMarkdown) }

func html(t *testing.T, d *coverage.Document) string { return rendered(t, d.WriteHTML) }

// has and hasNot do not print the whole document when they fail.
func has(t *testing.T, text, want string) {
	t.Helper()
	require.True(t, strings.Contains(text, want), "missing: %s", want)
}

func hasNot(t *testing.T, text, never string) {
	t.Helper()
	require.False(t, strings.Contains(text, never), "present: %s", never)
}

func TestDocumentGolden(t *testing.T) {
	d := sample(t)
	for name, write := range map[string]func(io.Writer) error{
		"sample.md": d.WriteMarkdown, "sample.html": d.WriteHTML, "sample.csv": d.WriteCSV, "sample.json": d.WriteJSON,
	} {
		got, path := rendered(t, write), "testdata/"+name
		if *update {
			require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		same(t, name, string(want), got)
	}
}

// same compares line by line, so that a failure shows the first difference and
// not the whole document.
func same(t *testing.T, name, want, got string) {
	t.Helper()
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		require.Equal(t, a[i], b[i], "%s:%d", name, i+1)
	}
	require.Equal(t, len(a), len(b), "%s: lines", name)
}

// The same value gives the same bytes, in spite of the maps in it, and
// nothing of the clock gets in.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestDocumentIsDeterministic(t *testing.T) {
	d := sample(t)
	d.Generated = time.Time{}
	for name, write := range map[string]func(io.Writer) error{
		"md": d.WriteMarkdown, "html": d.WriteHTML, "csv": d.WriteCSV, "json": d.WriteJSON,
	} {
		first := rendered(t, write)
		for range 10 {
			same(t, name, first, rendered(t, write))
		}
		hasNot(t, first, "Generated")
	}
}

// item returns the part of a Markdown document that is about one provision.
func item(t *testing.T, md string, id safeguard.Control) string {
	t.Helper()
	_, rest, ok := strings.Cut(md, "\n#### "+string(id)+" ")
	require.True(t, ok, id)
	rest, _, _ = strings.Cut(rest, "\n#### ")
	return rest
}

// The four levels are kept apart: existing tests are not passed tests, tags
// are not reports, and reports are self-reported.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestDocumentLevels(t *testing.T) {
	d := sample(t)
	md := markdown(t, d)
	audit := item(t, md, safeguard.AuditControls)
	require.Contains(t, audit, "exists, run not known: example.org/m/p: TestM, TestO")
	require.Contains(t, audit, "1 with a line of their own, 5 inherited. API: example.org/m/p (package)")
	require.Contains(t, audit, "**Reported:** no")
	require.Contains(t, audit, "SDK provides:** Nothing", "tagged in the service's code only")
	logoff := item(t, md, safeguard.AutomaticLogoff)
	require.Contains(t, logoff, "**Tagged:** 1 with a line of their own, 0 inherited. API: session: New")
	require.Contains(t, logoff, "**Tested:** no")
	require.Contains(t, logoff, "SDK provides:** What the SDK's tagged code does")
	require.Contains(t, logoff, "**Self-reported by the running service** (example.org/m/session): Sessions end after inactivity.; absolute: 12h0m0s; idle: 15m0s; logoffs.idle: 3; counted since: 2026-11-21T08:00:00Z")
	has(t, md, "Whether it ran is not known to this document, because no test run was given")

	s, err := d.Summary(crosswalk.SecurityRule)
	require.NoError(t, err)
	require.Equal(t, coverage.Summary{Provisions: 68, Mapped: 68, Tagged: 8, Tested: 2, Reported: 1, Shared: 18, SDK: 1}, s)

	d.Passed = []coverage.TestID{{Package: "example.org/m/p", Name: "TestO"}, {Package: "example.org/other", Name: "TestM"}}
	md = markdown(t, d)
	require.Contains(t, item(t, md, safeguard.AuditControls), "passed: example.org/m/p: TestO. Not passed in the given run: example.org/m/p: TestM")
	require.Contains(t, item(t, md, safeguard.PersonOrEntityAuthentication), "exists, none passed in the given run")
	s, err = d.Summary(crosswalk.SecurityRule)
	require.NoError(t, err)
	require.Equal(t, 1, s.Tested)

	d.Passed = []coverage.TestID{}
	s, err = d.Summary(crosswalk.SecurityRule)
	require.NoError(t, err)
	require.Zero(t, s.Tested, "a run in which nothing passed")
}

// beyond matches what a document says of good practice.
var beyond = regexp.MustCompile(`(?m)^(- \*\*Good practice beyond the rule:\*\*|<dt>Good practice beyond the rule</dt>).*$`)

// What every document has to say, in both forms, also when it is empty.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestDocumentSaysWhatItMust(t *testing.T) {
	for _, d := range []*coverage.Document{{}, sample(t)} {
		for _, text := range []string{markdown(t, d), html(t, d)} {
			plain := strings.NewReplacer(`\_`, "_", `\#`, "#", "&#39;", "'", "&#43;", "+", "&#34;", `"`).Replace(text)
			for _, want := range []string{
				"as amended by 78 FR 5693 (2013-01-25)", "was proposed only when the tables were compiled (2026-11-21), and is not reflected here",
				crosswalk.Caution, crosswalk.DerivedNotice,
				"CSF 1.1 (official)", "CSF 2.0 (derived)", "(via DE.AE-3)", "Addressable is not optional",
				"CSF 1.0, OCR 2016 (reconstructed)", crosswalk.ReconstructedNotice, "SP 800-53 Rev. 5 (official)",
				"self-reported by the running service; not an attestation", "OLIR", "SP-800-66-Rev-2-to-Cybersecurity-Framework-v1.1",
			} {
				has(t, plain, want)
			}
			for r := range crosswalk.All() {
				has(t, text, string(r.ID))
			}
			// What is good practice beyond the rule stands apart from all else.
			apart := beyond.ReplaceAllString(plain, "")
			require.Greater(t, len(plain)-len(apart), 1000)
			for _, never := range []string{"AES", "TLS", "annual", "yearly", "once a year", "two factors", "compliant.", "certified", "90 FR 898 would"} {
				hasNot(t, apart, never)
			}
			for _, want := range []string{"AES-256 is nowhere in the rule", "does not say annual training", "TLS 1.2 is nowhere in the rule"} {
				has(t, plain, want)
			}
			hasNot(t, plain, crosswalk.Proposal2025().Notice())
		}
	}
}

// What nobody can serve in code is the organisation's, in every document.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestDocumentDuties(t *testing.T) {
	md := markdown(t, sample(t))
	shared := 0
	for r := range crosswalk.In(crosswalk.SecurityRule) {
		duty := coverage.DutyOf(r.ID)
		require.NotEmpty(t, duty.Organisation, r.ID)
		require.Equal(t, duty.Code, duty.Service != "", r.ID)
		if duty.Code {
			shared++
			continue
		}
		require.NotContains(t, item(t, md, r.ID), "SDK provides")
		has(t, md, "| "+string(r.ID)+" | "+r.Title+" |")
	}
	require.Equal(t, 18, shared)
	require.Contains(t, item(t, md, safeguard.RiskAnalysis), "the organisation does and documents it")
	require.False(t, coverage.DutyOf("164.999").Code)

	// A tag of the library does not make the organisation's work the library's.
	d := &coverage.Document{Indexes: []*coverage.Index{{Module: sdk, APIs: []coverage.API{{
		Package: sdk + "/crosswalk/coverage", Kind: coverage.PackageKind, Tag: coverage.Tag{HIPAA: []safeguard.Control{safeguard.Evaluation}},
	}}}}}
	s, err := d.Summary(crosswalk.SecurityRule)
	require.NoError(t, err)
	require.Equal(t, 1, s.Tagged)
	require.Zero(t, s.SDK)
	require.Contains(t, item(t, markdown(t, d), safeguard.Evaluation), "The tagged code gives input for that and does not discharge it.")
}

// No value that a document is given can become markup, end a table or start
// a link.
func TestDocumentEscapes(t *testing.T) {
	const attack = "</dd><script>alert(1)</script> | x\n# h\n[a](javascript:b) `c` &lt;"
	d := &coverage.Document{
		Title: attack, Service: attack, Version: attack,
		Indexes: []*coverage.Index{{Module: attack, APIs: []coverage.API{{
			Package: attack, Symbol: attack, Kind: coverage.FuncKind, Tag: coverage.Tag{HIPAA: []safeguard.Control{safeguard.AuditControls}},
		}}}},
		Observations: []safeguard.Observation{{
			Component: attack, Statement: attack, Controls: []safeguard.Control{safeguard.AuditControls},
			Settings: map[string]string{attack: attack}, Counters: map[string]uint64{attack: 1}, Unenforced: []string{attack},
		}},
	}
	clean := &coverage.Document{Title: "x", Indexes: []*coverage.Index{{Module: "x", APIs: []coverage.API{{Package: "x", Kind: coverage.FuncKind}}}}}
	require.Equal(t, 1, strings.Count(html(t, d), "<script"), "the page's own")
	hasNot(t, html(t, d), "alert(1)</script>")
	hasNot(t, html(t, d), "<a href=\"javascript")
	for _, never := range []string{"<script", "\n# h", "[a](", " `c`"} {
		hasNot(t, markdown(t, d), never)
	}
	headings := regexp.MustCompile(`(?m)^#+ `)
	require.Equal(t, len(headings.FindAllString(markdown(t, clean), -1)), len(headings.FindAllString(markdown(t, d), -1)))
}

// The HTML is one well-formed page: nothing to load, every link inside the
// page resolves, ids are unique, tables have captions and headers.
func TestHTMLStandsAlone(t *testing.T) {
	page := html(t, sample(t))
	for _, never := range []string{"src=", "fetch(", "XMLHttpRequest", "eval(", "innerHTML", "document.write", "@import", "url(", "http:", "<link", " on"} {
		if never == " on" {
			require.Empty(t, regexp.MustCompile(`<[^>]* on[a-z]+=`).FindString(page))
			continue
		}
		hasNot(t, page, never)
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(`\bid="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		require.False(t, ids[m[1]], m[1])
		ids[m[1]] = true
	}
	links := regexp.MustCompile(`(?:href="#|aria-labelledby=")([^"]*)"`).FindAllStringSubmatch(page, -1)
	require.Greater(t, len(links), 200)
	for _, m := range links {
		require.True(t, ids[m[1]], m[1])
	}
	require.Equal(t, strings.Count(page, "<table>"), strings.Count(page, "<caption>"))
	has(t, page, `<html lang="en">`)
	has(t, page, "@media print")

	dec := xml.NewDecoder(strings.NewReader(page))
	dec.Strict, dec.AutoClose, dec.Entity = false, []string{"meta"}, xml.HTMLEntity
	open := 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		switch token.(type) {
		case xml.StartElement:
			open++
		case xml.EndElement:
			open--
		}
	}
	require.Zero(t, open)
}

// What the tables do not have is refused, and nothing is written.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestDocumentRefuses(t *testing.T) {
	bad := coverage.Tag{HIPAA: []safeguard.Control{"164.312(B)"}}
	unpaired := coverage.Tag{HIPAA: []safeguard.Control{safeguard.MinimumNecessary}, CSF20: []string{"PR.AA-05"}}
	both := coverage.Tag{HIPAA: []safeguard.Control{safeguard.AuditControls}, None: "a reason though"}
	for name, d := range map[string]*coverage.Document{
		"nil index":   {Indexes: []*coverage.Index{nil}},
		"api":         {Indexes: []*coverage.Index{{APIs: []coverage.API{{Tag: bad}}}}},
		"test":        {Indexes: []*coverage.Index{{Tests: []coverage.Test{{Tag: bad}}}}},
		"test none":   {Indexes: []*coverage.Index{{Tests: []coverage.Test{{}}}}},
		"unpaired":    {Indexes: []*coverage.Index{{APIs: []coverage.API{{Tag: unpaired}}}}},
		"both":        {Indexes: []*coverage.Index{{APIs: []coverage.API{{Tag: both}}}}},
		"csf only":    {Indexes: []*coverage.Index{{APIs: []coverage.API{{Tag: coverage.Tag{CSF20: []string{"PR.AA-05"}}}}}}},
		"observation": {Observations: []safeguard.Observation{{Controls: []safeguard.Control{"164.308(a)(7)"}}}},
	} {
		var b bytes.Buffer
		require.ErrorIs(t, d.WriteMarkdown(&b), coverage.ErrIndex, name)
		require.ErrorIs(t, d.WriteHTML(&b), coverage.ErrIndex, name)
		require.ErrorIs(t, d.WriteCSV(&b), coverage.ErrIndex, name)
		require.ErrorIs(t, d.WriteJSON(&b), coverage.ErrIndex, name)
		_, err := d.Summary(crosswalk.SecurityRule)
		require.ErrorIs(t, err, coverage.ErrIndex, name)
		require.Zero(t, b.Len(), name)
	}
}

// The page lets a browser run its own script and style sheet, by their hashes,
// and nothing else.
func TestHTMLPolicy(t *testing.T) {
	page := html(t, sample(t))
	policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)
	require.Len(t, policy, 2)
	allowed := stdhtml.UnescapeString(policy[1])
	require.True(t, strings.HasPrefix(allowed, "default-src 'none'; base-uri 'none'; form-action 'none'; "), allowed)
	for _, tag := range []string{"style", "script"} {
		body := regexp.MustCompile(`(?s)<` + tag + `>(.*?)</` + tag + `>`).FindStringSubmatch(page)
		require.Len(t, body, 2)
		sum := sha256.Sum256([]byte(body[1]))
		require.Contains(t, allowed, tag+"-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	}
	require.NotContains(t, allowed, "unsafe")
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestDocumentReportsWriteErrors(t *testing.T) {
	d := &coverage.Document{}
	require.ErrorIs(t, d.WriteMarkdown(failing{}), io.ErrShortWrite)
	require.ErrorIs(t, d.WriteHTML(failing{}), io.ErrShortWrite)
	require.ErrorIs(t, d.WriteCSV(failing{}), io.ErrShortWrite)
	require.ErrorIs(t, d.WriteJSON(failing{}), io.ErrShortWrite)
	require.ErrorIs(t, (&coverage.Index{}).WriteJSON(failing{}), io.ErrShortWrite)
}

// What a service says it does not enforce is printed in every format, and is
// no report that the provision is served.
//
// Controls: HIPAA 164.308(a)(8).
func TestUnenforcedIsNotReported(t *testing.T) {
	d := sample(t)
	s, err := d.Summary(crosswalk.SecurityRule)
	require.NoError(t, err)
	require.Equal(t, 1, s.Reported, "automatic logoff; access control is named and not enforced")
	entry := item(t, markdown(t, d), safeguard.AccessControl)
	require.Contains(t, entry, "**Reported:** no")
	for _, document := range []string{entry, html(t, d), rendered(t, d.WriteCSV), rendered(t, d.WriteJSON)} {
		require.Contains(t, strings.ToLower(document), "unenforced")
		require.Contains(t, document, "GET /b until 2026-12-01")
	}
}
