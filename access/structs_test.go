package access_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

const structPolicy = `{"version":1,"resources":{"Chart":["read"]},
  "categories":{"contact":["Chart.phone","Chart.mail"],"billing":["Chart.payer","Chart.amount"]},
  "roles":{"r":{"allow":[{"id":"R","resource":"Chart","actions":["read"],"purposes":["TREAT"],"because":"b",
    "fields":["Chart.name","Chart.labs","Chart.seen","contact","Chart.payer","Chart.visits.day","Chart.byWard"]}],
   "deny":[{"id":"D","resource":"Chart","actions":["read"],"fields":["Chart.secret"],"because":"b"}]}}}`

func charting(t testing.TB) access.Decision {
	t.Helper()
	d := guard(t, structPolicy, access.Assignments{"a": {"r"}}).Decide(as("a"), access.Request{Resource: "Chart", Action: "read", Purpose: safeguard.Treatment})
	require.True(t, d.Allowed, d.Explain())
	return d
}

type visit struct {
	Day   string  `json:"day"`
	Note  string  `json:"note"`
	Value float64 `json:"value" phi:"clinical,group=labs"`
}

// Base is embedded.
type Base struct {
	Home   string `json:"home" phi:"phone,group=contact"`
	Shared string `json:"shared" phi:"phone,group=contact"`
}

type chartStruct struct {
	*Base
	Name    string            `json:"name" phi:"name,group=none"`
	A1c     float64           `json:"a1c" phi:"clinical,group=labs"`
	Secret  string            `json:"secret" phi:"clinical,group=labs"`
	Cell    string            `json:"cell" phi:"phone,group=contact"`
	Amount  int               `json:"amount" phi:"clinical,group=billing"`
	Born    time.Time         `json:"born,omitzero" phi:"birthdate"`
	Free    string            `json:"free"`
	Shard   int               `json:"shard" phi:"-"`
	Shared  any               `json:"shared"`
	Seen    *string           `json:"seen"`
	Visits  []visit           `json:"visits"`
	ByWard  map[string]visit  `json:"byWard"`
	ByDay   map[string]*visit `json:"byDay"`
	Any     any               `json:"any"`
	Dropped string            `json:"-"`
	NoTag   string
	inner   string
}

// A field leaves by its path, or by the group that its tag names; what has
// neither does not, whatever its tag.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestProjectStruct(t *testing.T) {
	d := charting(t)
	seen := "today"
	full := chartStruct{
		Base: &Base{Home: "555-1", Shared: "S"}, Name: "N", A1c: 6.5, Secret: "S", Cell: "555-2", Amount: 7, Born: time.Unix(0, 0), Free: "S", Shard: 4, Shared: map[string]any{"x": "S"},
		Seen: &seen, Visits: []visit{{"1", "S", 1}, {"2", "S", 2}}, ByWard: map[string]visit{"A": {"3", "listed", 3}}, ByDay: map[string]*visit{"S": {"S", "S", 4}},
		Any: visit{"S", "S", 5}, Dropped: "S", NoTag: "S", inner: "S",
	}
	want := `{"home":"555-1","name":"N","a1c":6.5,"cell":"555-2","seen":"today","visits":[{"day":"1","value":1},{"day":"2","value":2}],"byWard":{"A":{"day":"3","note":"listed","value":3}}}`
	for _, src := range []any{full, &full} {
		out, err := d.ProjectStruct(src)
		require.NoError(t, err)
		require.JSONEq(t, want, string(out))
	}
	pointer := &full
	for _, src := range []any{[]chartStruct{full}, []*chartStruct{&full}, [1]chartStruct{full}, &pointer} {
		out, err := d.ProjectStruct(src)
		require.NoError(t, err)
		if out[0] == '{' {
			out = []byte("[" + string(out) + "]")
		}
		require.JSONEq(t, "["+want+"]", string(out))
	}
	out, err := d.ProjectStruct(chartStruct{})
	require.NoError(t, err)
	require.JSONEq(t, `{"name":"","a1c":0,"cell":"","seen":null,"byWard":null}`, string(out), "nil pointers, embedded ones too")
}

type chained struct {
	Value float64  `json:"value" phi:"clinical,group=labs"`
	Next  *chained `json:"next"`
}

type unexported struct {
	Home string `json:"home"`
}

type opaque struct {
	Value float64 `json:"value" phi:"clinical,group=labs"`
}

func (opaque) MarshalJSON() ([]byte, error) { return []byte(`{"value":"S","name":"N"}`), nil }

type refusing struct{}

func (refusing) MarshalJSON() ([]byte, error) { return nil, fmt.Errorf("%s", planted) }

// What cannot be told by a type is told by paths, and what cannot be encoded is
// refused without a word of it.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestProjectStructCorners(t *testing.T) {
	d := charting(t)
	out, err := d.ProjectStruct(opaque{1})
	require.NoError(t, err)
	require.JSONEq(t, `{"name":"N"}`, string(out), "a type that writes itself")
	out, err = d.ProjectStruct(struct {
		*unexported
		Deep struct {
			Home string `json:"home" phi:"phone,group=contact"`
		} `json:"visits"`
		Name string `json:"name"`
	}{&unexported{"S"}, struct {
		Home string `json:"home" phi:"phone,group=contact"`
	}{"S"}, "N"})
	require.NoError(t, err)
	require.JSONEq(t, `{"name":"N"}`, string(out), "an embedded pointer that cannot be read")
	link := &chained{1, &chained{2, nil}}
	out, err = d.ProjectStruct(link)
	require.NoError(t, err)
	require.JSONEq(t, `{"value":1,"next":{"value":2}}`, string(out))
	link.Next.Next = link
	for name, src := range map[string]any{
		"a cycle": link, "nothing": nil, "a string": planted, "a map": map[string]any{"name": planted}, "a nil pointer": (*chartStruct)(nil),
		"a channel": struct{ C chan int }{}, "a type that refuses": struct{ Name refusing }{}, "a list of strings": []string{planted}, "a nil slice": []chartStruct(nil),
		"a tag that does not hold": struct {
			A string `phi:"nmae"`
		}{planted},
		"another resource": struct {
			Type string `json:"resourceType"`
		}{planted},
	} {
		out, err := d.ProjectStruct(src)
		require.ErrorIs(t, err, access.ErrProjection, name)
		require.NotContains(t, err.Error(), planted, name)
		require.Nil(t, out, name)
	}
	_, err = access.Decision{Allowed: true}.ProjectStruct(chartStruct{})
	require.ErrorIs(t, err, access.ErrProjection)
}

// ProjectStruct never shows what neither a path nor a group opens, and all
// that a path does.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestProjectStructShowsWhatProjectDoes(t *testing.T) {
	d := charting(t)
	src := chartStruct{Base: &Base{}, Name: "N", Visits: []visit{{Day: "1"}}}
	doc, err := json.Marshal(src)
	require.NoError(t, err)
	byPath, err := d.Project(nil, doc)
	require.NoError(t, err)
	byBoth, err := d.ProjectStruct(src)
	require.NoError(t, err)
	require.True(t, within(decoded(t, byPath), decoded(t, byBoth)))
	require.True(t, within(decoded(t, byBoth), decoded(t, doc)))
}

// The policy speaks of groups, and the type says which field is in which.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func ExampleDecision_ProjectStruct() {
	type chart struct {
		Name  string  `json:"name" phi:"name,group=demographics"`
		A1c   float64 `json:"a1c" phi:"clinical,group=labs"`
		Notes string  `json:"notes"`
	}
	policy, err := access.ParsePolicy([]byte(`{
	  "version": 1,
	  "resources": {"Chart": ["read"]},
	  "roles": {"lab": {"allow": [
	    {"id": "R-1", "resource": "Chart", "actions": ["read"], "purposes": ["TREAT"],
	     "fields": ["Chart.labs"], "because": "checks results"}
	  ]}}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{"lara": {"lab"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	decision := guard.Decide(as("lara"), access.Request{Resource: "Chart", Action: "read", Purpose: safeguard.Treatment})
	out, err := decision.ProjectStruct(chart{Name: "A. Example", A1c: 6.5, Notes: "anxious"})
	fmt.Println(string(out), err)
	// Output:
	// {"a1c":6.5} <nil>
}
