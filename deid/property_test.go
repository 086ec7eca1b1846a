package deid

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mutate calls f once for each leaf and each member name of a document, with
// that one replaced, and says where it is.
func mutate(v any, path string, replace func(any) any, emit func(path string, undo func())) any {
	switch x := v.(type) {
	case map[string]any:
		for k, child := range x {
			x[k] = mutate(child, path+"."+k, replace, emitAt(x, k, replace, emit))
			emitKey(x, k, path, emit)
		}
	case []any:
		for i, child := range x {
			switch child.(type) {
			case map[string]any, []any:
				mutate(child, path, replace, emit)
			default:
				x[i] = replace(child)
				emit(path, func() { x[i] = child })
				x[i] = child
			}
		}
	}
	return v
}

func emitAt(m map[string]any, k string, replace func(any) any, emit func(string, func())) func(string, func()) {
	switch m[k].(type) {
	case map[string]any, []any:
	default:
		old := m[k]
		m[k] = replace(old)
		emit("."+k, func() { m[k] = old })
		m[k] = old
	}
	return emit
}

func emitKey(m map[string]any, k, path string, emit func(string, func())) {
	v := m[k]
	delete(m, k)
	m[canary] = v
	emit("key", func() {})
	delete(m, canary)
	m[k] = v
}

const (
	canary       = "Zephyrinah Crabtree-Oakes"
	canaryDigits = "7731904468"
)

// Whatever stands at any place, as a string, a number or a member name, does
// not come out, but for the designations of trusted codes, which the package
// documentation names.
//
// Controls: HIPAA 164.514(b)(2)(i).
func TestNothingLeavesFromAPlaceThatIsNotMapped(t *testing.T) {
	e := engine(t, nil)
	for _, value := range []any{canary, canaryDigits, json.Number(canaryDigits), "1987-04-0" + canaryDigits[:1] + "T" + canaryDigits} {
		var doc any
		dec := json.NewDecoder(strings.NewReader(string(read(t, "bundle.json"))))
		dec.UseNumber()
		require.NoError(t, dec.Decode(&doc))
		places, runs := 0, 0
		mutate(doc, "", func(any) any { return value }, func(at string, _ func()) {
			if places++; places%5 != 0 && os.Getenv("SAFEGUARD_SOAK") != "1" {
				return
			}
			src, err := json.Marshal(doc)
			require.NoError(t, err)
			out, report, err := e.FHIR(context.Background(), nil, src)
			if errors.Is(err, ErrUnsupported) {
				require.Nil(t, report)
				return
			}
			require.NoError(t, err)
			runs++
			if !json.Valid(out) {
				t.Fatalf("invalid output after %s", at)
			}
			if strings.HasSuffix(at, ".display") && value == canary {
				return
			}
			text := string(out) + reportText(t, report)
			if strings.Contains(text, canary) || strings.Contains(text, canaryDigits) {
				t.Fatalf("came out from %s", at)
			}
		})
		require.Greater(t, runs, 150)
	}
}

// Controls: HIPAA 164.514(b)(2)(i).
func TestOutputIsAFixedPointButForCodes(t *testing.T) {
	e := engine(t, nil)
	once, _ := transform(t, e, string(read(t, "bundle.json")))
	twice, report := transform(t, e, once)
	strip := func(s string) string { return strings.ReplaceAll(number(s), `"postalCode":"980",`, "") }
	again := strings.NewReplacer(`,"postalCode":"980"`, "", `,"postalCode":"000"`, "").Replace(once)
	require.Equal(t, strip(again), strip(twice), "three digits are no ZIP code, all else stands")
	require.Zero(t, report.N("A", Removed))
}

var notYear = regexp.MustCompile(`\d{4}-\d{2}|\d{2}:\d{2}`)

// Controls: HIPAA 164.514(b)(2)(i).
func FuzzFHIR(f *testing.F) {
	f.Add(string(read(f, "bundle.json")))
	for _, s := range []string{
		`{"resourceType":"Patient","id":"a","birthDate":"1961-08-17"}`,
		`{"resourceType":"Bundle","entry":[{"fullUrl":"http://a/b/Patient/1","resource":{"resourceType":"Patient","id":"1"}}]}`,
		`{"resourceType":"Observation","subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p"}],"valueQuantity":{"value":1e2,"unit":"a"}}`,
		`{"resourceType":"Patient","address":[{"postalCode":"03601","state":"NH"}],"name":[{"text":"\ud83d\ude00 \u00e9"}]}`,
		`[]`, `{"resourceType":`, `{"a":1,"a":2}`, "{\"resourceType\":\"Patient\",\"id\":\"\xff\"}", `{"resourceType":"Patient","extension":[[{}]]}`,
	} {
		f.Add(s)
	}
	e := engine(f, nil)
	prefix := []byte("before")
	f.Fuzz(func(t *testing.T, src string) {
		out, report, err := e.FHIR(context.Background(), prefix, []byte(src))
		if err != nil {
			require.Nil(t, report)
			require.Equal(t, "before", string(out))
			return
		}
		require.True(t, json.Valid([]byte(src)), "accepted what is no JSON")
		body := out[len(prefix):]
		require.True(t, json.Valid(body))
		var doc map[string]any
		require.NoError(t, json.Unmarshal(body, &doc))
		for _, key := range []string{"birthDate", "deceasedDateTime", "effectiveDateTime"} {
			if s, ok := doc[key].(string); ok {
				require.NotRegexp(t, notYear, s)
			}
		}
		require.NotContains(t, doc, "text")
		if doc["resourceType"] == "Patient" {
			require.NotContains(t, doc, "name")
			require.NotContains(t, doc, "telecom")
			require.NotContains(t, doc, "identifier")
		}
		reportText(t, report)
	})
}

// What encoding/json accepts and this parser refuses, and that it never
// accepts what encoding/json refuses.
//
// Controls: none, the JSON reader.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{}`, `[1,2.5e-3,-0,true,false,null,"a\n\u00e9"]`, `{"a":{"b":[]}}`, `01`, `1.`, `-`, `"\x"`, `{"a":1,}`, `[1 2]`, ` 1 `, `1 1`, "\"\x01\"", `"`, `nul`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tree, err := parse([]byte(s))
		if err != nil {
			var in *InputError
			require.ErrorAs(t, err, &in)
			require.LessOrEqual(t, in.Offset, len(s))
			return
		}
		require.True(t, json.Valid([]byte(s)))
		require.NotEmpty(t, tree.nodes)
	})
}
