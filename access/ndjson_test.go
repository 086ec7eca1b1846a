package access_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// Each line is projected by its own type; what may not be seen leaves no line.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestProjectNDJSON(t *testing.T) {
	d := seeing(t, "", "Patient.id")
	src := strings.Join([]string{
		`{"resourceType":"Patient","id":"1","name":"S"}`, ``, ` {"id":"2","x":"S"} `, `{"resourceType":"Observation","status":"final","code":"S"}`,
		`{"resourceType":"Visit","id":"S"}`, `{"id":"3","resourceType":"Patient"}` + "\r", `{"resourceType":"Patient","modifierExtension":[]}`,
		`{"resourceType":"Patient","id":"S",` + meta(label("V")) + `}`, `{"resourceType":"Bundle","type":"searchset","entry":[]}`, "\t",
		`{"resourceType":"Pati\u0065nt","id":"S"}`, `{"id":"last"}`,
	}, "\n")
	want := []string{
		`{"resourceType":"Patient","id":"1",` + redactedMeta + `}`, `{"id":"2"}`, `{"resourceType":"Observation","status":"final",` + redactedMeta + `}`,
		`{"id":"3","resourceType":"Patient",` + redactedMeta + `}`, `{"id":"last"}`, ``,
	}
	for name, r := range map[string]io.Reader{
		"whole": strings.NewReader(src), "byte by byte": iotest.OneByteReader(strings.NewReader(src)), "with an end": strings.NewReader(src + "\n"),
		"the end with data": iotest.DataErrReader(strings.NewReader(src)),
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			counts, err := d.ProjectNDJSON(&out, r)
			require.NoError(t, err)
			require.Equal(t, strings.Join(want, "\n"), out.String())
			require.Equal(t, access.Counts{Written: 5, Withheld: 5}, counts)
		})
	}
}

// A malformed line ends the stream, and nothing of it leaves.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestProjectNDJSONRefuses(t *testing.T) {
	d := seeing(t, "", "Patient.id")
	const first = `{"id":"1"}` + "\n"
	for name, line := range map[string]string{
		"cut short": `{"id":"` + planted, "an array": `[{"id":"` + planted + `"}]`, "a string": `"` + planted + `"`, "two": `{"id":"` + planted + `"}{}`, "a key twice": `{"id":"` + planted + `","id":1}`,
		"split": "{\"id\":\n\"" + planted + "\"}", "byte order mark": "\ufeff{\"id\":\"" + planted + `"}`, "of no type": `{"resourceType":1,"id":"` + planted + `"}`,
		"another case": `{"resourcetype":"Patient","id":"` + planted + `"}`, "hidden and malformed": `{"resourceType":"Visit","a":"` + planted + `",}`,
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			counts, err := d.ProjectNDJSON(&out, strings.NewReader(first+line+"\n"+first))
			require.ErrorIs(t, err, access.ErrProjection)
			require.NotContains(t, err.Error(), planted)
			require.Equal(t, first, out.String())
			require.Equal(t, access.Counts{Written: 1}, counts)
		})
	}
	broken := errors.New("broken")
	_, err := d.ProjectNDJSON(io.Discard, iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
	_, err = d.ProjectNDJSON(failing{broken}, strings.NewReader(first))
	require.ErrorIs(t, err, broken)
	_, err = access.Decision{}.ProjectNDJSON(io.Discard, strings.NewReader(first))
	require.ErrorIs(t, err, access.ErrProjection)
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// endless is one line without an end.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read += len(p)
	return len(p), nil
}

// A line without an end is refused before it fills the memory, and long lines
// do not cost an allocation each.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestProjectNDJSONIsBounded(t *testing.T) {
	d := seeing(t, "", "Patient.id")
	src := new(endless)
	_, err := d.ProjectNDJSON(io.Discard, src)
	require.ErrorContains(t, err, "too long")
	require.Less(t, src.read, 17<<20)
	long := `{"id":"1","x":"` + strings.Repeat("x", 200<<10) + `"}` + "\n"
	var out bytes.Buffer
	counts, err := d.ProjectNDJSON(&out, strings.NewReader(strings.Repeat(long, 3)))
	require.NoError(t, err)
	require.Equal(t, 3, counts.Written)
	if raceEnabled { // a pool drops things at random then
		return
	}
	lines := strings.Repeat(`{"resourceType":"Patient","id":"1","x":"y"}`+"\n", 2000)
	require.Less(t, testing.AllocsPerRun(5, func() {
		if _, err := d.ProjectNDJSON(io.Discard, strings.NewReader(lines)); err != nil {
			panic(err)
		}
	}), 20.0, "for 2,000 lines")
}

// Whatever the bytes, a stream is what its lines are one by one.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func FuzzProjectNDJSON(f *testing.F) {
	f.Add([]byte("{\"id\":1}\n\n{\"resourceType\":\"Observation\",\"status\":\"x\"}\r\n{"))
	f.Add([]byte("{\"resourceType\":\"Visit\"}\n[1]\n"))
	d := seeing(f, "", "Patient.id")
	f.Fuzz(func(t *testing.T, src []byte) {
		var out, want bytes.Buffer
		_, err := d.ProjectNDJSON(&out, iotest.OneByteReader(bytes.NewReader(src)))
		var last error
		for line := range bytes.Lines(src) {
			if _, last = d.ProjectNDJSON(&want, bytes.NewReader(line)); last != nil {
				break
			}
		}
		require.Equal(t, last == nil, err == nil)
		require.Equal(t, want.String(), out.String())
	})
}

// A bulk export, of which a researcher sees two fields.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func ExampleDecision_ProjectNDJSON() {
	policy, err := access.ParsePolicy([]byte(`{
	  "version": 1,
	  "resources": {"Visit": ["export"], "Note": ["export"]},
	  "roles": {"planner": {"allow": [
	    {"id": "R-1", "resource": "Visit", "actions": ["export"], "purposes": ["HOPERAT"],
	     "fields": ["Visit.day", "Visit.room"], "because": "plans rooms"}
	  ]}}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{"pia": {"planner"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	decision := guard.Decide(as("pia"), access.Request{Resource: "Visit", Action: "export", Purpose: safeguard.Operations})
	export := "{\"day\":\"2026-03-02\",\"room\":4,\"name\":\"A. Example\"}\n{\"resourceType\":\"Note\",\"text\":\"asthma\"}\n"
	var out strings.Builder
	counts, err := decision.ProjectNDJSON(&out, strings.NewReader(export))
	fmt.Print(out.String())
	fmt.Println(counts.Written, "written,", counts.Withheld, "withheld,", err)
	// Output:
	// {"day":"2026-03-02","room":4}
	// 1 written, 1 withheld, <nil>
}
