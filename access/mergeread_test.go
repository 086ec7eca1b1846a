package access_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// What may be read and not written comes back as it was, or not at all, and is
// stored as it was.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestMergeRead(t *testing.T) {
	list := func(f ...string) []string { return f }
	id, name := list("Patient.id"), list("Patient.name.given")
	const whole = `{"id":"1","name":[{"given":"A","family":"F"},{"family":"G"}],"secret":"s","n":1.50}`
	const refused = ""
	for label, c := range map[string]struct {
		write, read         []string
		before, after, want string
	}{
		"as it was":             {id, list("Patient.id", "Patient.n"), whole, `{"id":"1","n":1.50}`, whole},
		"changed beside it":     {id, list("Patient.id", "Patient.n"), `{"id":"1","n":1.50,"s":1}`, `{"id":"2","n":1.50}`, `{"id":"2","n":1.50,"s":1}`},
		"missing":               {id, list("Patient.id", "Patient.n"), `{"id":"1","n":1}`, `{"id":"2"}`, `{"id":"2","n":1}`},
		"changed":               {id, list("Patient.id", "Patient.n"), `{"id":"1","n":1}`, `{"id":"1","n":2}`, refused},
		"written otherwise":     {id, list("Patient.id", "Patient.n"), `{"id":"1","n":1.50}`, `{"id":"1","n":1.5}`, refused},
		"added":                 {id, list("Patient.id", "Patient.n"), `{"id":"1"}`, `{"id":"1","n":2}`, refused},
		"null":                  {id, list("Patient.id", "Patient.n"), `{"id":"1","n":2}`, `{"id":"1","n":null}`, refused},
		"hidden, guessed":       {id, list("Patient.id", "Patient.n"), `{"id":"1","n":1,"s":1}`, `{"id":"1","n":1,"s":1}`, refused},
		"below, as it was":      {name, list("Patient.name"), whole, `{"name":[{"given":"A","family":"F"},{"family":"G"}]}`, whole},
		"below, beside it":      {name, list("Patient.name"), whole, `{"name":[{"given":"B","family":"F"},{"family":"G"}]}`, `{"id":"1","name":[{"given":"B","family":"F"},{"family":"G"}],"secret":"s","n":1.50}`},
		"below, put behind":     {name, list("Patient.name"), `{"name":[{"given":"A","family":"F"}]}`, `{"name":[{"given":"A","family":"F"},{"given":"B"}]}`, `{"name":[{"given":"A","family":"F"},{"given":"B"}]}`},
		"below, changed":        {name, list("Patient.name"), whole, `{"name":[{"given":"A","family":"X"},{"family":"G"}]}`, refused},
		"below, moved":          {name, list("Patient.name"), whole, `{"name":[{"family":"F"},{"given":"A","family":"G"}]}`, refused},
		"below, swapped":        {name, list("Patient.name"), whole, `{"name":[{"family":"G"},{"given":"A","family":"F"}]}`, refused},
		"below, taken":          {name, list("Patient.name"), whole, `{"name":[{"given":"A","family":"F"}]}`, refused},
		"below, family taken":   {name, list("Patient.name"), `{"name":[{"given":"A","family":"F"}]}`, `{"name":[{"given":"A"}]}`, `{"name":[{"given":"A","family":"F"}]}`},
		"below, put with it":    {name, list("Patient.name"), `{"name":[{"given":"A","family":"F"}]}`, `{"name":[{"given":"A","family":"F"},{"given":"B","family":"X"}]}`, refused},
		"written, not read":     {list("Patient.a.w"), list("Patient.a.r"), `{"a":{"w":1,"r":1}}`, `{"a":{"w":2,"r":1}}`, refused},
		"written apart":         {list("Patient.w"), list("Patient.r"), `{"w":1,"r":1}`, `{"w":2,"r":1}`, `{"w":2,"r":1}`},
		"a new one":             {id, list("Patient.id", "Patient.n"), ``, `{"id":"1","n":1}`, refused},
		"a new one, without":    {id, list("Patient.id", "Patient.n"), ``, `{"id":"1"}`, `{"id":"1"}`},
		"meta, redacted":        {id, list("Patient.id", "Patient.meta"), `{"resourceType":"Patient","id":"1","meta":{"versionId":"1"},"s":1}`, `{"resourceType":"Patient","id":"2","meta":{"versionId":"1","security":[` + redactedTag + `]}}`, `{"resourceType":"Patient","id":"2","meta":{"versionId":"1"},"s":1}`},
		"meta, it was there":    {id, list("Patient.id", "Patient.meta"), `{"resourceType":"Patient","id":"1","meta":{"security":[` + redactedTag + `]}}`, `{"resourceType":"Patient","id":"2","meta":{"security":[` + redactedTag + `]}}`, `{"resourceType":"Patient","id":"2","meta":{"security":[` + redactedTag + `]}}`},
		"meta, an empty list":   {id, list("Patient.id", "Patient.meta"), `{"resourceType":"Patient","meta":{"security":[]}}`, `{"resourceType":"Patient","id":"2","meta":{"security":[` + redactedTag + `]}}`, `{"resourceType":"Patient","id":"2","meta":{"security":[]}}`},
		"meta, labelled":        {id, list("Patient.id", "Patient.meta"), `{"resourceType":"Patient","meta":{}}`, `{"resourceType":"Patient","meta":{"security":[` + label("L") + `]}}`, refused},
		"more may be written":   {list("Patient.id", "Patient.n"), id, `{"id":"1","n":1}`, `{"id":"1","n":2}`, `{"id":"1","n":2}`},
		"not to be read at all": {id, list("Patient.x"), `{"id":"1","n":1}`, `{"id":"1","n":1}`, refused},
	} {
		t.Run(label, func(t *testing.T) {
			write, read := seeing(t, "", c.write...), seeing(t, "", c.read...)
			got, err := write.MergeRead(read, []byte(c.before), []byte(c.after))
			if c.want == refused {
				require.ErrorIs(t, err, access.ErrWrite)
				require.Nil(t, got)
				return
			}
			require.NoError(t, err)
			require.JSONEq(t, c.want, string(got))
			require.NoError(t, write.CheckWrite([]byte(c.before), got))
		})
	}
	write, read := seeing(t, "", "Patient.id"), seeing(t, "", "Patient.id", "Patient.n")
	_, err := write.MergeRead(access.Decision{}, []byte(`{"n":1}`), []byte(`{"n":1}`))
	require.ErrorIs(t, err, access.ErrWrite, "a denial shows nothing")
	_, err = access.Decision{}.MergeRead(read, []byte(`{"n":1}`), []byte(`{"n":1}`))
	require.ErrorIs(t, err, access.ErrProjection)
	_, err = write.MergeRead(read, []byte(`{"n":1}`), []byte(`{"n":1,"n":1}`))
	require.ErrorIs(t, err, access.ErrProjection)
}

// Whoever may write labels, and read more under lower ones, does not find out by
// lowering them whether a value was guessed.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestMergeReadByOtherLabels(t *testing.T) {
	rule := func(id, action, fields, ceiling string) string {
		return fmt.Sprintf(`{"id":%q,"resource":"Patient","actions":[%q],"purposes":["TREAT"],"fields":[%s],"labels":{"max":%q},"because":"b"}`, id, action, fields, ceiling)
	}
	g := guard(t, `{"version":1,"resources":{"Patient":["read","update"]},"roles":{"r":{"allow":[`+
		rule("W", "update", `"Patient.meta"`, "R")+`,`+rule("N", "read", `"Patient.diagnosis"`, "N")+`,`+rule("R", "read", `"Patient.meta"`, "R")+`]}}}`,
		access.Assignments{"a": {"r"}})
	reads := read(t, g, "a", safeguard.Treatment)
	writes := g.Decide(as("a"), access.Request{Resource: "Patient", Action: "update", Purpose: safeguard.Treatment})
	before := []byte(`{"diagnosis":"asthma",` + meta(label("R")) + `}`)
	for _, guess := range []string{"asthma", "none"} {
		_, err := writes.MergeRead(reads, before, []byte(`{"diagnosis":"`+guess+`",`+meta(label("N"))+`}`))
		require.ErrorIs(t, err, access.ErrWrite, guess)
	}
	got, err := writes.MergeRead(reads, before, []byte(`{`+meta(label("N"))+`}`))
	require.NoError(t, err)
	require.Contains(t, string(got), "asthma")
}

// On random documents, rules and edits: the copy that was read and not changed
// changes nothing; what may not be written is not changed, and each member that
// was sent is what may be read of the result, or could have been sent without
// reading.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestMergeReadLaws(t *testing.T) {
	w := world{rand.New(rand.NewPCG(13, 8))}
	merged, echoed := 0, 0
	for i := range cases(300, 100_000) {
		writable, deny := w.paths(3), w.paths(1)
		readable := append(w.paths(3), writable...)
		if w.IntN(2) == 0 {
			readable = append([]string{"Patient.*"}, writable...)
		}
		decide := func(allow []string) access.Decision {
			return read(t, guard(t, maskPolicy(append(allow, "Patient.zz"), deny), access.Assignments{"a": {"r"}}), "a", safeguard.Treatment)
		}
		writes, reads := decide(writable), decide(readable)
		doc := w.object(3)
		doc["resourceType"] = "Patient"
		before, err := json.Marshal(doc)
		require.NoError(t, err)
		at := fmt.Sprintf("case %d: write %v read %v deny %v: %s", i, writable, readable, deny, before)
		copied, err := reads.Project(nil, before)
		if err != nil {
			continue
		}
		if _, err := writes.Project(nil, before); err != nil {
			continue
		}
		same, err := writes.MergeRead(reads, before, copied)
		require.NoError(t, err, at)
		require.JSONEq(t, string(before), string(same), at)

		sent, err := json.Marshal(w.edit(decoded(t, copied)))
		require.NoError(t, err)
		at += " sent " + string(sent)
		got, err := writes.MergeRead(reads, before, sent)
		if err != nil {
			continue
		}
		merged++
		require.NoError(t, writes.CheckWrite(before, got), at)
		shown, err := reads.Project(nil, got)
		require.NoError(t, err, at)
		alone, err := writes.Project(nil, sent)
		if err != nil {
			require.ErrorIs(t, err, access.ErrLabel, "an empty label in the copy cannot be read: %s", at)
			continue
		}
		was, is, own := decoded(t, sent).(map[string]any), decoded(t, shown).(map[string]any), decoded(t, alone).(map[string]any)
		for key, v := range was {
			if key == "meta" || reflect.DeepEqual(v, own[key]) {
				continue
			}
			if !isBare(v) {
				require.Equal(t, v, is[key], "%s of %s got %s", key, at, got)
				echoed++
			}
		}
	}
	t.Logf("soak: merges of what was read %d, members that may not be written %d", merged, echoed)
	require.Greater(t, echoed, cases(15, 5_000), "of %d", merged)
}

// isBare reports whether a value holds nothing but empty objects and lists
// somewhere in it.
func isBare(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, inner := range v {
			if isBare(inner) {
				return true
			}
		}
		return len(v) == 0
	case []any:
		for _, inner := range v {
			if isBare(inner) {
				return true
			}
		}
		return len(v) == 0
	}
	return false
}

// A desk that reads a chart and may change its telephone number sends the copy
// back as it has it. It does not get by that what it may not read.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestMergeJSONOfWhatWasRead(t *testing.T) {
	policy := func(actions string) string {
		return `{"version":1,"resources":{"Patient":["read","update"]},"roles":{"desk":{"allow":[
		  {"id":"R","resource":"Patient","actions":["` + actions + `"],"purposes":["HOPERAT"],"fields":["Patient.id","Patient.name"],"because":"b"},
		  {"id":"W","resource":"Patient","actions":["update"],"purposes":["HOPERAT"],"fields":["Patient.telecom"],"because":"b"},
		  {"id":"W2","resource":"Patient","actions":["read"],"purposes":["HOPERAT"],"fields":["Patient.telecom"],"because":"b"}]}}}`
	}
	const before = `{"resourceType":"Patient","id":"1","name":"N","telecom":"1","diagnosis":"asthma"}`
	var stored string
	serve := func(policy string) *service {
		g := guard(t, policy, access.Assignments{"dora": {"desk"}})
		mux := g.Mux()
		mux.HandleFunc("PUT /patients/{id}", access.Rule{Resource: "Patient", Action: "update", Purpose: access.FixedPurpose(safeguard.Operations)},
			func(w http.ResponseWriter, r *http.Request) {
				merged, err := access.MergeJSON(w, r, []byte(before))
				if err != nil {
					return
				}
				stored = string(merged)
				w.WriteHeader(http.StatusNoContent)
			})
		require.NoError(t, g.VerifyRoutes(mux))
		return serve(t, g, mux)
	}
	send := func(s *service, body string) int {
		stored = ""
		return s.send(t, "PUT", "/patients/1", "application/json", body).status
	}
	s := serve(policy("read"))
	const copied = `{"resourceType":"Patient","id":"1","name":"N","telecom":"2",` + redactedMeta + `}`
	require.Equal(t, 204, send(s, copied))
	require.JSONEq(t, `{"resourceType":"Patient","id":"1","name":"N","telecom":"2","diagnosis":"asthma"}`, stored)
	for _, body := range []string{
		`{"resourceType":"Patient","id":"1","name":"M","telecom":"2"}`,
		`{"resourceType":"Patient","id":"1","name":"N","telecom":"2","diagnosis":"asthma"}`,
	} {
		require.Equal(t, 403, send(s, body), body)
		require.Contains(t, s.denied(t), access.CodeWrite)
		require.Empty(t, stored)
	}
	s = serve(policy("update"))
	require.Equal(t, 204, send(s, copied), "all of it may be written")
	s = serve(`{"version":1,"resources":{"Patient":["update"]},"roles":{"desk":{"allow":[
		  {"id":"W","resource":"Patient","actions":["update"],"purposes":["HOPERAT"],"fields":["Patient.telecom"],"because":"b"}]}}}`)
	require.Equal(t, 403, send(s, copied), "the policy does not say what may be read")
}
