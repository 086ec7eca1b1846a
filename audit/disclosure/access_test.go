package disclosure_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/disclosure"
)

type people map[string]disclosure.Person

func (p people) Person(_ context.Context, _, actor string) (disclosure.Person, error) {
	if who, ok := p[actor]; ok {
		return who, nil
	}
	return disclosure.Person{}, disclosure.ErrUnknown
}

type words map[string]string

func (w words) Word(_ context.Context, kind, code string) string { return w[kind+"/"+code] }

func readable() *disclosure.Options {
	return &disclosure.Options{
		Organisation: "Springfield Clinic", Zone: time.FixedZone("clinic", -5*3600),
		People: people{"nurse-7": {Role: "Nurse", Department: "Cardiology"}, "dr-1": {Name: "Dr. Lee", Role: "Physician"}},
		Words:  words{"resource/Chart": "Your chart", "relationship/care-team": "member of your care team"},
	}
}

// told is a log in which a good deal happens to one patient.
func told(t testing.TB) *memory {
	m := memoryOf(t, "p1")
	at := time.Date(2026, 1, 10, 15, 0, 0, 0, time.UTC)
	explained := func(a *audit.Access) { a.Explained = "care-team" }
	for i := range 3 {
		m.access(audit.TypeRead, at.Add(time.Duration(i)*time.Hour), "nurse-7", explained, ann, bob)
	}
	m.access(audit.TypeUpdated, at.AddDate(0, 0, 1), "dr-1", explained, ann)
	m.access(audit.TypeRead, at.AddDate(0, 0, 2), "dr-9", func(a *audit.Access) { a.BreakGlass, a.Purpose = true, safeguard.BreakGlass }, ann)
	m.access(audit.TypeDenied, at.AddDate(0, 0, 3), "clerk-2", func(a *audit.Access) { a.Denied = []string{"access.no-rule"} }, ann)
	m.access(audit.TypeRead, at.AddDate(0, 0, 4), "", func(a *audit.Access) {
		a.Principal = &audit.Actor{ID: "agent-1", Kind: "service", Tenant: "t1", OnBehalfOf: "dr-1"}
	}, ann)
	m.access(audit.TypeIntent, at.AddDate(0, 0, 5), "dr-1", nil, ann)
	m.access(audit.TypeRead, at.AddDate(0, 0, 5), "dr-1", nil, bob)
	m.disclose(at.AddDate(0, 0, 6), audit.Disclosure{Recipient: "health-dept", Basis: "public-health", Purpose: "report-tb", What: "lab"}, ann)
	return m
}

// The reports are those of the golden files.
//
// Controls: HIPAA 164.312(b), 164.528(a), 164.528(b)(2); NIST CSF 2.0 PR.PS-04.
func TestGolden(t *testing.T) {
	m := told(t)
	r := reporter(t, m, readable())
	access, err := r.Access(clerk(t), of(ann))
	require.NoError(t, err)
	golden(t, "access.md", access.Markdown())
	golden(t, "access.html", access.HTML())

	for i := range 50 {
		m.disclose(spring.AddDate(0, 0, i), audit.Disclosure{Recipient: "university", Basis: "research", Purpose: "study-1", What: "lab"},
			safeguard.NewPatient(fmt.Sprintf("MRN-%d", i)))
	}
	m.disclose(spring.AddDate(0, 1, 0), audit.Disclosure{Recipient: "university", Basis: "research", Purpose: "study-1", What: "lab"}, ann)
	m.disclose(spring.AddDate(0, 2, 0), audit.Disclosure{Recipient: "health-dept", Basis: "public-health", Purpose: "report-tb", What: "lab"}, ann)
	m.disclose(spring.AddDate(0, 3, 0), audit.Disclosure{Recipient: "hhs", Basis: "hhs", Request: "R-7", What: "all"}, ann)
	a, err := r.Accounting(clerk(t), of(ann))
	require.NoError(t, err)
	text, err := a.Markdown()
	require.NoError(t, err)
	golden(t, "accounting.md", text)
	page, err := a.HTML()
	require.NoError(t, err)
	golden(t, "accounting.html", page)
}

// What stands in a register or a record is text, whatever it looks like.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestEscape(t *testing.T) {
	const evil = "<script>alert(1)</script> | [x](javascript:1) ![y](http://z) `c` **b** & \"q\" \u202e\u0000\n# h"
	m := memoryOf(t, "p1")
	m.access(audit.TypeRead, spring, "nurse-7", func(a *audit.Access) { a.Resource = evil[:70] }, ann)
	opts := readable()
	opts.Organisation = evil
	opts.People = people{"nurse-7": {Name: evil}}
	r := reporter(t, m, opts)
	access, err := r.Access(clerk(t), of(ann))
	require.NoError(t, err)
	page, text := access.HTML(), access.Markdown()
	require.NotContains(t, page, "<script")
	require.Contains(t, page, "&lt;script&gt;")
	for _, bad := range []string{"\u202e", "\x00", "\n# h"} {
		require.NotContains(t, page+text, bad)
	}
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "|") {
			require.Equal(t, 7, strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"), "a cell is a cell")
		}
		require.NotContains(t, strings.ReplaceAll(line, `\<`, ""), "<")
		require.NotContains(t, strings.ReplaceAll(line, `\[`, ""), "[")
	}
}

// 164.528 answers for one patient; the other of the same record is nowhere in
// what the report holds.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestSubjectScope(t *testing.T) {
	m := told(t)
	r := reporter(t, m, readable())
	access, err := r.Access(clerk(t), of(ann))
	require.NoError(t, err)
	bobs, err := m.keys.Patient(t.Context(), "t1", bob)
	require.NoError(t, err)
	anns, err := m.keys.Patient(t.Context(), "t1", ann)
	require.NoError(t, err)
	whole := fmt.Sprintf("%#v %s %s", *access, access.Markdown(), access.HTML())
	for _, token := range []string{bobs, anns, "MRN"} {
		require.NotContains(t, whole, token)
	}
	for _, a := range access.Accesses {
		require.NotContains(t, a.Indexes, uint64(8), "an access to the other alone")
	}
}

// FuzzEscape: no text breaks out of a cell or of a page.
func FuzzEscape(f *testing.F) {
	f.Add("<b>", "a|b")
	f.Add("\\|", "\r\n|")
	f.Fuzz(func(t *testing.T, a, b string) {
		report := disclosure.AccessReport{Organisation: a, From: asked, To: asked, Accesses: []disclosure.Accessed{{Who: a, What: b, Why: b, Times: 1, First: asked, Last: asked}}}
		plain := disclosure.AccessReport{Organisation: "x", From: asked, To: asked, Accesses: []disclosure.Accessed{{Who: "x", What: "x", Why: "x", Times: 1, First: asked, Last: asked}}}
		require.Equal(t, strings.Count(plain.HTML(), "<"), strings.Count(report.HTML(), "<"))
		require.Equal(t, strings.Count(plain.Markdown(), "\n"), strings.Count(report.Markdown(), "\n"))
	})
}

// No error repeats a record number, a token or what stands in a record.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestErrorsShowNothing(t *testing.T) {
	m := told(t)
	bobs, err := m.keys.Patient(t.Context(), "t1", bob)
	require.NoError(t, err)
	broken := bytes.Replace(m.records[0], []byte(`"entry"`), []byte(`"entry":"MRN-1001-ANN","part"`), 1)
	torn := m.records[1][:len(m.records[1])-5]
	for name, record := range map[string][]byte{"not an access": broken, "torn": torn} {
		m.records[0] = record
		for _, ask := range []func(*disclosure.Reporter) error{
			func(r *disclosure.Reporter) error { _, err := r.Access(clerk(t), of(ann)); return err },
			func(r *disclosure.Reporter) error { _, err := r.Accounting(clerk(t), of(ann)); return err },
		} {
			err := ask(reporter(t, m, nil))
			require.Error(t, err, "%s: what cannot be read is not left out", name)
			for _, secret := range []string{"MRN", bobs, "nurse"} {
				require.NotContains(t, err.Error(), secret)
			}
		}
	}
}
