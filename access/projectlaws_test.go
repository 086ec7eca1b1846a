package access_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// The reference says the same as the package in the plainest way: no tree, no
// sets, every path compared with every other.

// referenceProject projects a plain object, or a resource without entries,
// through encoding/json. Paths begin with "Patient"; "Patient.*" is all.
func referenceProject(allow, deny []string, src []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber()
	var doc map[string]any
	if err := dec.Decode(&doc); err != nil {
		return nil, err
	}
	if len(deny) > 0 {
		deny = slices.Concat(deny, prose(allow, deny), siblings(deny), []string{"Patient.text.div"})
	}
	r := reference{allow, deny}
	kept, whole := r.object("Patient", "", doc, slices.Contains(allow, "Patient.*"))
	if !whole {
		return nil, errors.New("left out")
	}
	return json.Marshal(kept)
}

// siblings returns where the extensions of denied places are.
func siblings(deny []string) []string {
	var all []string
	for _, d := range deny {
		at := strings.LastIndex(d, ".") + 1
		all = append(all, d[:at]+"_"+d[at:])
	}
	return all
}

// prose returns what tells denied places again in words.
func prose(allow, deny []string) []string {
	var all []string
	for _, d := range deny {
		parts := strings.Split(d, ".")
		for n := 2; n < len(parts); n++ {
			text := strings.Join(parts[:n], ".") + ".text"
			all = append(all, text+".div")
			if !slices.Contains(allow, text) {
				all = append(all, text)
			}
		}
	}
	return all
}

type reference struct{ allow, deny []string }

// object returns what is kept of an object, and false if it must go whole.
func (r reference) object(path, key string, doc map[string]any, open bool) (map[string]any, bool) {
	kept := map[string]any{}
	for k, v := range doc {
		at := path + "." + k
		if path == "Patient" && k == "resourceType" {
			kept[k] = v
			continue
		}
		out, ok := r.value(at, k, v, open && !r.leak(path, key, k, v))
		if ok {
			kept[k] = out
		} else if k == "modifierExtension" || k == "resourceType" {
			return nil, false
		}
	}
	return kept, true
}

func (r reference) leak(path, parent, k string, v any) bool {
	_, isMap := v.(map[string]any)
	_, isList := v.([]any)
	switch k {
	case "text":
		return path == "Patient" || isMap || isList
	case "display":
		return parent != "coding" && parent != "valueCoding"
	case "identifier":
		return path != "Patient"
	case "div", "extension", "modifierExtension", "contained", "resourceType":
		return true
	}
	return strings.HasPrefix(k, "_")
}

// value returns what is kept of what stands at a path.
func (r reference) value(path, key string, v any, open bool) (any, bool) {
	for _, d := range r.deny {
		if path == d || strings.HasPrefix(path, d+".") {
			return nil, false
		}
	}
	open = open || slices.Contains(r.allow, path)
	parent := key
	if !open {
		parent = "" // only a coding that is open shows its display
	}
	return r.content(path, parent, v, open)
}

func (r reference) content(path, key string, v any, open bool) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		kept, ok := r.object(path, key, v, open)
		return kept, ok && (len(kept) > 0 || open && len(v) == 0)
	case []any:
		kept := []any{}
		for _, item := range v {
			if out, ok := r.content(path, key, item, open); ok {
				kept = append(kept, out)
			}
		}
		return kept, len(kept) > 0 || open && len(v) == 0
	}
	return v, open
}

// world makes random documents and rules over few names, so that they meet.
type world struct{ *rand.Rand }

func (w world) key() string {
	keys := []string{
		"a", "b", "c", "name", "coding", "valueCoding", "display", "text", "div", "extension", "contained", "_a",
		"modifierExtension", "resourceType", "identifier",
	}
	if w.IntN(3) > 0 {
		return keys[w.IntN(6)]
	}
	return keys[w.IntN(len(keys))]
}

func (w world) path() string {
	p := "Patient"
	for range 1 + w.IntN(3) {
		p += "." + w.key()
	}
	return p
}

func (w world) paths(n int) []string {
	var out []string
	for range w.IntN(n + 1) {
		if p := w.path(); !slices.Contains(out, p) && p != "Patient.resourceType" {
			out = append(out, p)
		}
	}
	return out
}

func (w world) value(depth int) any {
	n := w.IntN(6)
	if depth <= 0 {
		n = 2 + w.IntN(4)
	}
	switch n {
	case 0:
		return w.object(depth - 1)
	case 1:
		list := []any{}
		for range w.IntN(3) {
			list = append(list, w.value(depth-1))
		}
		return list
	case 2:
		return w.IntN(2) == 0
	case 3:
		return nil
	case 4:
		return w.IntN(1000) - 500
	}
	return []string{"x", "é\n\"\\", "", "plain text of more than eight bytes"}[w.IntN(4)]
}

func (w world) object(depth int) map[string]any {
	o := map[string]any{}
	for range w.IntN(5) {
		o[w.key()] = w.value(depth)
	}
	return o
}

func quoted(names []string) string {
	b, _ := json.Marshal(names)
	return string(b)
}

// maskPolicy returns a policy with one rule for each path, in the given order.
func maskPolicy(allow, deny []string) string {
	rules := []string{}
	for i, p := range allow {
		fields := quoted([]string{p})
		if p == "Patient.*" {
			fields = `"all","justification":"j"`
		}
		rules = append(rules, fmt.Sprintf(`{"id":"A%d","resource":"Patient","actions":["read"],"purposes":["TREAT"],"fields":%s,"because":"b"}`, i, fields))
	}
	denials := []string{}
	for i, p := range deny {
		denials = append(denials, fmt.Sprintf(`{"id":"D%d","resource":"Patient","actions":["read"],"fields":%s,"because":"b"}`, i, quoted([]string{p})))
	}
	return `{"version":1,"resources":{"Patient":["read"]},"roles":{"r":{"allow":[` + strings.Join(rules, ",") + `],"deny":[` + strings.Join(denials, ",") + `]}}}`
}

// project returns the projection, or nil if it was refused.
func project(t testing.TB, allow, deny []string, src []byte) []byte {
	d := read(t, guard(t, maskPolicy(allow, deny), access.Assignments{"a": {"r"}}), "a", safeguard.Treatment)
	out, err := d.Project(nil, src)
	if err != nil {
		require.ErrorIs(t, err, access.ErrProjection)
		return nil
	}
	return out
}

// On random documents and rules the projection is what the reference says,
// is part of the document, does not depend on the order of the rules, grows
// with an allow rule and never with a deny rule.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestProjectLaws(t *testing.T) {
	w := world{rand.New(rand.NewPCG(1, 2))}
	shown := 0
	for i := range cases(600, 1_000_000) {
		allow, deny := w.paths(4), w.paths(2)
		if w.IntN(4) == 0 || len(allow) == 0 {
			allow = append(allow, "Patient.*")
		}
		doc := w.object(3)
		delete(doc, "resourceType")
		src, err := json.Marshal(doc)
		require.NoError(t, err)
		got := project(t, allow, deny, src)
		want, err := referenceProject(allow, deny, src)
		if err != nil {
			require.Nil(t, got, "case %d: allow %v deny %v: %s", i, allow, deny, src)
			continue
		}
		require.JSONEq(t, string(want), string(got), "case %d: allow %v deny %v: %s", i, allow, deny, src)
		require.True(t, within(decoded(t, got), decoded(t, src)), "case %d: not a part", i)
		if len(got) > 2 {
			shown++
		}
		slices.Reverse(allow)
		slices.Reverse(deny)
		require.Equal(t, string(got), string(project(t, allow, deny, src)), "case %d: order matters", i)
		if narrower := project(t, allow, append(deny, w.path()), src); narrower != nil {
			require.True(t, within(decoded(t, narrower), decoded(t, got)), "case %d: a deny rule widened", i)
		}
	}
	t.Logf("soak: projections beside a naive one %d, %d show something", cases(600, 1_000_000), shown)
	require.Greater(t, shown, cases(600, 1_000_000)/10, "too few documents show anything")
}

func decoded(t testing.TB, src []byte) any {
	var v any
	require.NoError(t, json.Unmarshal(src, &v))
	return v
}

// unmarked returns a document without the label REDACTED, which is the one
// thing that a projection adds.
func unmarked(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			v[k] = unmarked(inner)
		}
		if meta, ok := v["meta"].(map[string]any); ok && v["resourceType"] != nil {
			if list, ok := meta["security"].([]any); ok {
				list = slices.DeleteFunc(list, func(c any) bool {
					code, _ := c.(map[string]any)
					return code["code"] == "REDACTED"
				})
				if meta["security"] = list; len(list) == 0 {
					delete(meta, "security")
				}
			}
			if len(meta) == 0 {
				delete(v, "meta")
			}
		}
	case []any:
		for i, inner := range v {
			v[i] = unmarked(inner)
		}
	}
	return v
}

// within reports whether a is b with things left out.
func within(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		whole, ok := b.(map[string]any)
		for k, v := range a {
			other, there := whole[k]
			ok = ok && there && within(v, other)
		}
		return ok
	case []any:
		whole, ok := b.([]any)
		i := 0
		for _, v := range a {
			for i < len(whole) && !within(v, whole[i]) {
				i++
			}
			if i++; i > len(whole) {
				return false
			}
		}
		return ok
	}
	return a == b
}

// Whatever the bytes, a projection is refused or is valid JSON that holds no
// more than the document does; what encoding/json refuses is refused.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func FuzzProject(f *testing.F) {
	for _, seed := range []string{
		`{"resourceType":"Patient","a":{"b":[1,{"c":"d"}]},"text":{"div":"x"}}`,
		`{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient","a":1}}]}`,
		`{"meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"N"}]},"resourceType":"Patient","a":1}`,
		`{"a":{"meta":{"security":[{"code":"`, `{"resourceType":"Bundle","type":"searchset","meta":{"security":[`,
		`[{"a":"\ud83d\ude00"},{"\u0061":-1.5e3}]`, `{"a":{"coding":[{"display":"x"}]},"b":null}`, `{"a":1,"a":2}`, `{"a":"\ud800"}`,
		`{"entry":[{"resource":{"a":1,"resourceType":"Patient"}}],"type":"collection","resourceType":"Bundle"}`,
	} {
		f.Add([]byte(seed))
	}
	some := seeing(f, "Patient.a.x", "Patient.a", "Patient.b.c")
	all := seeing(f, "Patient.b", "all")
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, d := range []access.Decision{some, all} {
			out, err := d.Project(nil, src)
			if err != nil {
				require.ErrorIs(t, err, access.ErrProjection)
				require.Nil(t, out)
				continue
			}
			require.True(t, json.Valid(src))
			require.True(t, within(unmarked(decoded(t, out)), decoded(t, src)))
			again, err := d.Project(nil, out)
			require.NoError(t, err)
			require.Equal(t, string(out), string(again))
		}
	})
}
