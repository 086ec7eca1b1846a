package smart_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// documents are read alike by a scope and by a projection, or by neither.
func documents() []string {
	members := func(n int) string {
		var s strings.Builder
		for i := range n {
			fmt.Fprintf(&s, `"k%d":%d,`, i, i)
		}
		return s.String()
	}
	typed := func(rest string) string { return `{"resourceType":"Observation",` + rest + `}` }
	return []string{
		typed(`"id":"o","category":[{"coding":[{"code":"laboratory"}]}],"valueQuantity":{"value":-1.5e+10,"unit":"\u00b5g"},"x":[true,false,null]`),
		typed(`"note":"\ud83d\ude00 \"\\\/\b\f\n\r\t é"`), typed(`"note":"\ud83d"`), typed(`"note":"\ud83d\u0041"`), typed(`"note":"\u12"`), typed(`"note":"\x41"`),
		typed(`"a":1,"a":2`), typed(`"a":1,"\u0061":2`), typed(`"a":1,"A":2`), typed(members(100) + `"k99":0`), typed(members(100) + `"k\u0039\u0039":0`),
		typed(members(2047) + `"k":0`), typed(members(2046) + `"k":0`), typed(`"a":` + deep(62)), typed(`"a":` + deep(63)), typed(`"a":` + deep(64)),
		typed(`"` + strings.Repeat("k", 251) + `\u0041":0`), typed(`"` + strings.Repeat("k", 252) + `\u0041":0`), typed(`"` + strings.Repeat("k", 300) + `":0`),
		typed(`"a":01`), typed(`"a":1.`), typed(`"a":.5`), typed(`"a":-`), typed(`"a":1e`), typed(`"a":0e0`), typed(`"a":+1`), typed(`"a":NaN`), typed(`"a":tru`),
		typed(`"a":"` + "\x01" + `"`), typed(`"a":"` + "\x7f\xc2\x80" + `"`), typed(`"a":"` + "\xed\xa0\x80" + `"`), typed(`"a":` + "\v1"), "\ufeff" + typed(`"a":1`),
		" \t\r\n" + typed(`"a":1`) + " \n", typed(`"a":1`) + "\x00", typed(`"a":1,`), typed(`,"a":1`), typed(`"a":[1,]`), typed(`"a":[1}`), typed(`"a"`), typed(`a:1`), typed(`'a':1`), `{`, ``,
		`{"resource\u0054ype":"Observation","a":1}`, `{"resourceType":"\u004fbservation","a":1}`, `{"a":{"resourceType":"Observation"},"resourceType":"Patient"}`,
	}
}

// readAlike compares a scope that asks for nothing but the type with a
// projection that shows everything.
func readAlike(tb testing.TB) func(tb testing.TB, document string) (both bool) {
	policy, err := access.ParsePolicy([]byte(`{"version":1,"resources":{"Observation":["read"]},"roles":{"r":{"allow":[
		{"id":"A","resource":"Observation","actions":["read"],"purposes":["TREAT"],"fields":"all","justification":"j","because":"b"}]}}}`))
	require.NoError(tb, err)
	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{"p": {"r"}}})
	require.NoError(tb, err)
	ctx := safeguard.WithPrincipal(tb.Context(), safeguard.Principal{ID: "p", Kind: safeguard.Person})
	d := guard.Decide(ctx, access.Request{Resource: "Observation", Action: "read", Purpose: safeguard.Treatment})
	require.True(tb, d.Allowed)
	scope := scopeOf(tb, "user/Observation.r", nil)
	return func(tb testing.TB, document string) bool {
		_, err := d.Project(nil, []byte(document))
		projected := err == nil || errors.Is(err, access.ErrLabel)
		held := scope.Holds("Observation", "read", []byte(document))
		typed := strings.HasPrefix(document, `{"resourceType":"Observation",`)
		stricter := strings.Contains(document, "kkk") || strings.Contains(document, "modifierExtension") || strings.Contains(document, `Type":"\u`)
		if projected && !held && typed || held && !projected && !stricter {
			tb.Errorf("held %v, projected %v: %q", held, projected, document[:min(len(document), 200)])
		}
		return held && projected
	}
}

// What a projection reads a scope reads, and what one refuses the other does:
// a document that they took for different ones would pass both.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestReadAsProjectionsDo(t *testing.T) {
	alike := readAlike(t)
	both := 0
	for _, document := range documents() {
		if alike(t, document) {
			both++
		}
	}
	require.Equal(t, 13, both)
	cases := 20_000
	if os.Getenv("SAFEGUARD_SOAK") != "" {
		cases = 5_000_000
	}
	random := rand.New(rand.NewPCG(5, 5))
	seeds := documents()[:6]
	const alphabet = `{}[]",:\0159.eEu+-nftr a` + "\x00\x80\xc3\n"
	for range cases {
		document := []byte(seeds[random.IntN(len(seeds))])
		for range 1 + random.IntN(3) {
			document[random.IntN(len(document))] = alphabet[random.IntN(len(alphabet))]
		}
		if alike(t, string(document)) {
			both++
		}
	}
	require.Greater(t, both, 100)
	t.Logf("soak: documents read as projections do %d", cases)
}

// FuzzRead compares the two ways to read a document.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func FuzzRead(f *testing.F) {
	for _, document := range documents() {
		f.Add(document)
	}
	alike := readAlike(f)
	f.Fuzz(func(t *testing.T, document string) { alike(t, document) })
}
