package deid

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite golden files")

// asOf is the reference date of tests that compare years.
var asOf = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)

func engine(t testing.TB, opts *Options) *Engine {
	t.Helper()
	if opts == nil {
		opts = &Options{}
	}
	if opts.AsOf.IsZero() {
		opts.AsOf = asOf
	}
	e, err := New(opts)
	require.NoError(t, err)
	return e
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return b
}

func planted(t testing.TB) []string {
	list := strings.Fields(strings.ReplaceAll(string(read(t, "planted.txt")), " ", "\x00"))
	require.Greater(t, len(list), 80)
	for i, p := range list {
		list[i] = strings.ReplaceAll(p, "\x00", " ")
		require.GreaterOrEqual(t, len(list[i]), 8)
	}
	return list
}

// run transforms one document and checks what always holds.
func transform(t testing.TB, e *Engine, src string) (string, *Report) {
	t.Helper()
	out, report, err := e.FHIR(context.Background(), nil, []byte(src))
	require.NoError(t, err)
	require.True(t, json.Valid(out), "valid JSON")
	return string(out), report
}

func reportText(t testing.TB, r *Report) string {
	t.Helper()
	js, err := json.Marshal(r)
	require.NoError(t, err)
	var md bytes.Buffer
	require.NoError(t, r.WriteMarkdown(&md))
	return string(js) + md.String()
}

// The attack is the test: identifiers of all kinds at every place that the
// set can think of, looked for in everything that comes out.
//
// Controls: HIPAA 164.514(b)(2)(i).
func TestPlantedIdentifiersAreGone(t *testing.T) {
	src := string(read(t, "bundle.json"))
	out, report := transform(t, engine(t, nil), src)
	text := reportText(t, report)
	for _, p := range planted(t) {
		require.True(t, strings.Contains(src, p) || strings.Contains(src, strings.ReplaceAll(p, "&", `\u0026`)), "not planted: %s", p)
		require.NotContains(t, out, p)
		require.NotContains(t, text, p)
	}
	lower := strings.ToLower(out + text)
	for _, word := range []string{"xanthippe", "quillfeather", "ironmonger", "snoqualmie", "eulalia", "larkspur", "quill.example", "47.5419", "1961-", "2023-1", "98065"} {
		require.NotContains(t, lower, word)
	}
}

// Controls: HIPAA 164.514(b)(2)(i).
func TestUtility(t *testing.T) {
	out, _ := transform(t, engine(t, nil), string(read(t, "bundle.json")))
	for _, keep := range []string{
		`"value":165.10,"unit":"cm"`, `"value":1.18E2`, `"value":91`, `"unit":"mm[Hg]"`, `"value":0.9`, `"code":"mg/dL"`,
		`"code":"8480-6","display":"Systolic blood pressure"`, `"text":"Systolic blood pressure"`,
		`"code":"44054006"`, `"code":"38341003","display":"Hypertensive disorder"`, `"code":"266919005"`,
		`"birthDate":"1961"`, `"deceasedDateTime":"2025"`, `"gender":"female"`, `"state":"WA"`, `"postalCode":"980"`,
		`"postalCode":"000"`, `"country":"DE"`, `"recordedDate":"2019"`, `"start":"2023","end":"2023"`,
		`"valueString":"White"`, `"multipleBirthBoolean":false`, `"contentType":"text/plain"`, `"onsetAge":{"value":58`,
		`"value":31,"unit":"hours"`, `"code":"en-US","display":"English"`,
	} {
		require.Contains(t, out, keep)
	}
	require.NotContains(t, out, "in Quillfeather family", "a designation with a name of the record goes, its code stays")
}

var uuids = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// number gives random codes numbers in the order in which they occur.
func number(s string) string {
	seen := map[string]string{}
	return uuids.ReplaceAllStringFunc(s, func(u string) string {
		if seen[u] == "" {
			seen[u] = fmt.Sprintf("code-%d", len(seen)+1)
		}
		return seen[u]
	})
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile("testdata/"+name, []byte(got), 0o644))
	}
	require.Equal(t, string(read(t, name)), got, "run with -update and read the difference")
}

// Controls: HIPAA 164.514(b)(2)(i), 164.514(c).
func TestGolden(t *testing.T) {
	out, report := transform(t, engine(t, nil), string(read(t, "bundle.json")))
	var pretty bytes.Buffer
	require.NoError(t, json.Indent(&pretty, []byte(number(out)), "", " "))
	golden(t, "bundle.golden.json", pretty.String()+"\n")
	report.Policy, report.Output = "sha256:…", "…"
	var md bytes.Buffer
	require.NoError(t, report.WriteMarkdown(&md))
	golden(t, "report.golden.md", md.String())
}

// Controls: HIPAA 164.514(c).
func TestCodesReferToEachOther(t *testing.T) {
	e := engine(t, nil)
	src := string(read(t, "bundle.json"))
	out, _ := transform(t, e, src)
	var b struct {
		Entry []struct {
			FullURL  string
			Resource struct {
				ResourceType, ID string
				Subject          struct{ Reference string }
				Contained        []struct{ Patient struct{ Reference string } }
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out), &b))
	full := map[string]string{}
	for _, e := range b.Entry {
		require.Equal(t, "urn:uuid:"+e.Resource.ID, e.FullURL)
		full[e.FullURL] = e.Resource.ResourceType
	}
	require.Len(t, b.Entry, 15, "AuditEvent and the unknown type are gone")
	require.Len(t, full, 15)
	for _, e := range b.Entry[2:] {
		if e.Resource.Subject.Reference != "" {
			require.Equal(t, "Patient", full[e.Resource.Subject.Reference])
		}
	}
	require.Equal(t, "#", b.Entry[0].Resource.Contained[0].Patient.Reference)
	again, _ := transform(t, e, src)
	require.NotEqual(t, out, again, "codes of two runs cannot be joined")
	require.Equal(t, number(out), number(again))
}

// Controls: HIPAA 164.514(c).
func TestCodesKeptByTheCaller(t *testing.T) {
	codes := new(Codes)
	e := engine(t, &Options{Codes: codes})
	one := `{"resourceType":"Patient","id":"p-77120045"}`
	two := `{"resourceType":"Observation","status":"final","subject":{"reference":"Patient/p-77120045"}}`
	out1, _ := transform(t, e, one)
	out2, _ := transform(t, e, two)
	code := uuids.FindString(out1)
	require.Contains(t, out2, `"Patient/`+code+`"`)
	was, ok := codes.Reveal(code)
	require.True(t, ok)
	require.Equal(t, "Patient/p-77120045", was)
	_, ok = codes.Reveal("p-77120045")
	require.False(t, ok)
	require.Equal(t, 1, codes.Len())
	js, err := json.Marshal(codes)
	require.NoError(t, err)
	for _, s := range []string{fmt.Sprint(codes), fmt.Sprintf("%#v %+v %s %d", codes, codes, codes, codes), string(js)} {
		require.NotContains(t, s, "p-77120045")
		require.NotContains(t, s, code)
	}
}

// A derived code gives itself away by being the same in two runs.
//
// Controls: HIPAA 164.514(c).
func TestCodesAreNotDerived(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		code, err := new(Codes).code("Patient/1")
		require.NoError(t, err)
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, code)
		require.False(t, seen[code])
		seen[code] = true
	}
}

// Controls: HIPAA 164.514(c).
func TestCodesFull(t *testing.T) {
	codes := new(Codes)
	codes.table().limit = 1
	e := engine(t, &Options{Codes: codes})
	out, report, err := e.FHIR(context.Background(), nil, []byte(`{"resourceType":"Patient","id":"1","link":[{"other":{"reference":"Patient/2"},"type":"refer"}]}`))
	require.ErrorIs(t, err, ErrCodes)
	require.Nil(t, report)
	require.Empty(t, out)
	_, _, err = Struct(context.Background(), e, map[string]base{"MRN-88412077": {"MRN-99912077"}})
	require.ErrorIs(t, err, ErrCodes)
}

// Controls: HIPAA 164.514(b)(2)(i), 164.514(c).
func TestConcurrentUse(t *testing.T) {
	e := engine(t, &Options{Codes: new(Codes)})
	src := read(t, "bundle.json")
	want, _ := transform(t, e, string(src))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			out, _, err := e.FHIR(context.Background(), nil, src)
			if err != nil || string(out) != want {
				t.Error("another result beside other calls")
			}
			if _, _, err := Struct(context.Background(), e, sample()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
