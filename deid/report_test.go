package deid

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// A program must not say more than it can know.
//
// Controls: HIPAA 164.514(b)(2)(ii).
func TestReportClaims(t *testing.T) {
	_, report := transform(t, engine(t, nil), `{"resourceType":"Patient","active":true}`)
	require.Equal(t, "Safe-Harbor-transformed", report.Status())
	_, ok := report.Attestation()
	require.False(t, ok)
	claim := func(s string) bool {
		s = strings.ReplaceAll(s, "not a determination that the information is de-identified", "")
		return strings.Contains(strings.ToLower(s), "de-identified")
	}
	require.False(t, claim(reportText(t, report)))
	require.Contains(t, reportText(t, report), "not attested")

	at := time.Date(2026, 11, 21, 22, 0, 0, 0, time.UTC)
	for _, bad := range []Attestation{{}, {By: "privacy-officer"}, {At: at}, {By: "  ", At: at}, {By: "a\nb", At: at}, {By: strings.Repeat("a", 257), At: at}} {
		require.Error(t, report.Attest(bad))
		require.Equal(t, Transformed, report.Status())
	}
	require.NoError(t, report.Attest(Attestation{By: "privacy|officer", At: at}))
	require.Error(t, report.Attest(Attestation{By: "another", At: at}))
	require.Equal(t, Attested, report.Status())
	a, ok := report.Attestation()
	require.True(t, ok)
	require.Equal(t, "privacy|officer", a.By)
	text := reportText(t, report)
	require.False(t, claim(text))
	require.Contains(t, text, `privacy\|officer, 2026-11-21T22:00:00Z`)
	require.Contains(t, text, `"attestation":{"by":"privacy|officer","at":"2026-11-21T22:00:00Z"}`)
}

// Controls: HIPAA 164.514(b)(2)(i).
func TestReportIsReproducible(t *testing.T) {
	src := string(read(t, "bundle.json"))
	_, a := transform(t, engine(t, nil), src)
	_, b := transform(t, engine(t, nil), src)
	require.NotEqual(t, a.Output, b.Output, "other codes")
	a.Output, b.Output = "", ""
	require.Equal(t, a, b)
	js, err := json.Marshal(a)
	require.NoError(t, err)
	require.True(t, json.Valid(js))
	require.Contains(t, string(js), `"status":"Safe-Harbor-transformed"`)
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// Controls: none, the writer's error reaches the caller.
func TestWriteMarkdownFails(t *testing.T) {
	require.EqualError(t, new(Report).WriteMarkdown(failing{}), "disk full")
}

// Controls: HIPAA 164.514(b)(2)(i).
func TestProviderNames(t *testing.T) {
	bundle := func(family, orgType string) string {
		return `{"resourceType":"Bundle","type":"batch","entry":[
{"resource":{"resourceType":"Patient","id":"1","name":[{"family":"Quillfeather","given":["Xanthippe"]}]}},
{"resource":{"resourceType":"Practitioner","id":"2","name":[{"family":"` + family + `","given":["Balthazar"],"text":"call 360-555-0188","extension":[{"url":"x"}]}]}},
{"resource":{"resourceType":"Location","id":"4","name":"Ward 7"}},
{"resource":{"resourceType":"Organization","id":"3","name":"Saint Eulalia Infirmary","type":[{"coding":[{"code":"` + orgType + `"}]}]}}]}`
	}
	out, report := transform(t, engine(t, nil), bundle("Ironmonger", "prov"))
	for _, gone := range []string{"Ironmonger", "Eulalia", "Ward 7", "Quillfeather"} {
		require.NotContains(t, out, gone, "strict by default")
	}
	require.Zero(t, report.N("A", Kept))
	keep := engine(t, &Options{UnsafeKeepProviderNames: true})
	out, report = transform(t, keep, bundle("Ironmonger", "prov"))
	require.Contains(t, out, `"name":[{"family":"Ironmonger","given":["Balthazar"]}]`)
	require.Contains(t, out, `"name":"Saint Eulalia Infirmary"`)
	require.Contains(t, out, `"name":"Ward 7"`)
	require.NotContains(t, out, "Quillfeather")
	require.Equal(t, 4, report.N("A", Kept))
	out, _ = transform(t, keep, bundle("Quillfeather", "bus"))
	require.NotContains(t, out, "Quillfeather", "a provider with the name of the patient")
	require.NotContains(t, out, "Eulalia", "not a provider, perhaps the employer")
}

// Controls: HIPAA 164.514(b)(2)(i).
func TestDisplaysAndLocalCodes(t *testing.T) {
	src := `{"resourceType":"Condition","code":{"coding":[{"system":"http://snomed.info/sct","version":"x-2023-11-05","code":"38341003","display":"Hypertensive disorder","userSelected":true},
{"system":"http://lab.example/tests","code":"GLU-0001","display":"Glucose"}],"text":"hypertensive DISORDER"}}`
	out, _ := transform(t, engine(t, nil), src)
	require.JSONEq(t, `{"resourceType":"Condition","code":{"coding":[{"system":"http://snomed.info/sct","code":"38341003","display":"Hypertensive disorder","userSelected":true}],"text":"hypertensive DISORDER"}}`, out)
	out, _ = transform(t, engine(t, &Options{DropDisplays: true, CodeSystems: []string{"http://lab.example/tests"}}), src)
	require.JSONEq(t, `{"resourceType":"Condition","code":{"coding":[{"system":"http://snomed.info/sct","code":"38341003","userSelected":true},{"system":"http://lab.example/tests","code":"GLU-0001"}]}}`, out)
}

// Controls: HIPAA 164.514(b)(2)(i), 164.514(c).
func TestReferences(t *testing.T) {
	e := engine(t, nil)
	for _, ref := range []string{
		"Patient?identifier=MRN-88412077", "Quillfeather/88412077", "https://ehr.example/Quillfeather", "Quillfeather", "urn:isbn:88412077",
		"ftp://a/Patient/88412077", "a/b/Patient/88412077", "Patient/88412077/x", "Patient/8841 2077", "Patient/88412077#x", "",
	} {
		out, _ := transform(t, e, `{"resourceType":"Observation","status":"final","subject":{"reference":"`+ref+`","type":"Patient","identifier":{"value":"88412077"},"display":"Quillfeather"}}`)
		require.JSONEq(t, `{"resourceType":"Observation","status":"final","subject":{"type":"Patient"}}`, out, ref)
	}
	for ref, want := range map[string]string{
		"Patient/88412077":                         "Patient/code-1",
		"Patient/88412077/_history/3":              "Patient/code-1",
		"https://ehr.example/fhir/Patient/8841207": "Patient/code-1",
		"urn:uuid:7c9e6679-7425-40de-944b-e07fc1f": "urn:uuid:code-1",
		"urn:oid:1.2.3.88412077":                   "urn:uuid:code-1",
		"#88412077":                                "#code-1",
	} {
		out, _ := transform(t, e, `{"resourceType":"Observation","subject":{"reference":"`+ref+`"}}`)
		require.JSONEq(t, `{"resourceType":"Observation","subject":{"reference":"`+want+`"}}`, number(out), ref)
	}
	out, _ := transform(t, e, `{"resourceType":"Bundle","type":"history","entry":[
{"fullUrl":"https://ehr.example/fhir/Patient/1","resource":{"resourceType":"Patient","id":"1"},"request":{"method":"PUT","url":"Patient/1"}},
{"fullUrl":"https://ehr.example/fhir/Observation/9","resource":{"resourceType":"Observation","id":"9","subject":{"reference":"Patient/1"},"performer":[{"reference":"https://other.example/fhir/Patient/1"}]}},
{"fullUrl":"not a URL","resource":{"resourceType":"Location","id":"1"},"request":{"method":"GET","url":"Patient?name=Quillfeather"}},
{"request":{"method":"DELETE","url":"Patient/1"}}]}`)
	require.JSONEq(t, `{"resourceType":"Bundle","type":"history","entry":[
{"fullUrl":"urn:uuid:code-1","resource":{"resourceType":"Patient","id":"code-1"},"request":{"method":"PUT","url":"Patient/code-1"}},
{"fullUrl":"urn:uuid:code-2","resource":{"resourceType":"Observation","id":"code-2","subject":{"reference":"urn:uuid:code-1"},"performer":[{"reference":"Patient/code-3"}]}},
{"resource":{"resourceType":"Location","id":"code-4"},"request":{"method":"GET"}}]}`, number(out))
}

// memory is an audit log in memory.
type memory struct{ records [][]byte }

func (m *memory) Append(_ context.Context, records ...[]byte) error {
	m.records = append(m.records, records...)
	return nil
}

// Controls: HIPAA 164.312(b), 164.514(b)(2)(i); NIST CSF 2.0 PR.PS-04.
func TestAuditEntryNotesThePolicy(t *testing.T) {
	secret := make([]byte, 32)
	rand.Read(secret)
	keys, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "p1", Secret: secret})
	require.NoError(t, err)
	log := new(memory)
	recorder, err := audit.New(log, keys, nil)
	require.NoError(t, err)
	ctx := safeguard.WithPrincipal(context.Background(), safeguard.Principal{ID: "export-job", Kind: safeguard.Service, At: asOf})
	ctx, entry := recorder.Begin(ctx, "export", "")
	e := engine(t, nil)
	out, _, err := e.FHIR(ctx, nil, []byte(`{"resourceType":"Patient","id":"MRN-88412077","active":true}`))
	require.NoError(t, err)
	require.True(t, entry.Dirty(), "nothing may leave before the entry is committed")
	require.NoError(t, entry.Commit(ctx))
	require.NotEmpty(t, out)
	require.NoError(t, recorder.Close(context.Background()))
	text := string(bytes.Join(log.records, nil))
	require.Contains(t, text, "deid:"+e.Policy())
	require.NotContains(t, text, "88412077")
}

func BenchmarkFHIR(b *testing.B) {
	src, e := read(b, "bundle.json"), engine(b, nil)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	dst := make([]byte, 0, len(src))
	for b.Loop() {
		if _, _, err := e.FHIR(context.Background(), dst, src); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStruct(b *testing.B) {
	e, in := engine(b, nil), sample()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Struct(context.Background(), e, in); err != nil {
			b.Fatal(err)
		}
	}
}
