package access_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/stretchr/testify/require"
)

// Whoever loses the role by which one entry of a Bundle was projected gets
// nothing of the Bundle, though the rules about the Patient still stand.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestLostRoleTakesTheBundleBack(t *testing.T) {
	const policy = `{"version":1,"resources":{"Patient":["chart"],"Condition":["chart"]},"roles":{
		"base":{"allow":[{"id":"B-1","resource":"Patient","actions":["chart"],"purposes":["TREAT"],"fields":["Patient.resourceType"],"because":"x"}]},
		"psych":{"allow":[{"id":"P-1","resource":"Condition","actions":["chart"],"purposes":["TREAT"],"fields":["Condition.code"],"because":"x"}]}}}`
	var lost atomic.Bool
	g := guard(t, policy, roleFunc(func(context.Context, safeguard.Principal) ([]string, error) {
		if lost.Load() {
			return []string{"base"}, nil
		}
		return []string{"base", "psych"}, nil
	}))
	mux := g.Mux()
	rule := access.Rule{Resource: "Patient", Action: "chart", Patient: access.PathPatient("id"), Purpose: anyPurpose}
	mux.HandleFunc("GET /patients/{id}", rule, func(w http.ResponseWriter, r *http.Request) {
		_ = access.WriteJSON(w, r, http.StatusOK, []byte(`{"resourceType":"Bundle","type":"collection","entry":[
			{"resource":{"resourceType":"Patient"}},{"resource":{"resourceType":"Condition","code":{"text":"schizophrenia"}}}]}`))
		lost.Store(true)
	})
	require.NoError(t, g.VerifyRoutes(mux))
	a := serve(t, g, mux).get(t, "GET", "/patients/1", "u", "TREAT")
	require.Equal(t, http.StatusForbidden, a.status)
	require.NotContains(t, a.all, "schizophrenia")
}

// A denied field does not leave in the words beside it.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestDeniedFieldIsNotToldInProse(t *testing.T) {
	for deny, c := range map[string]struct{ doc, kept string }{
		`"Patient.address.line"`: {
			`{"address":[{"line":["12 Elm"],"city":"Salem","text":"12 Elm, Salem"}]}`, `{"address":[{"city":"Salem"}]}`},
		`"Patient.name.family"`: {
			`{"name":[{"family":"Doe","given":["Jane"],"text":"Jane Doe"}]}`, `{"name":[{"given":["Jane"]}]}`},
		`"Patient.maritalStatus.coding"`: {
			`{"maritalStatus":{"coding":[{"code":"M"}],"text":"Married"},"id":"1"}`, `{"id":"1"}`},
		`"Patient.section.entry"`: {
			`{"section":[{"title":"t","text":{"div":"HIV positive"},"entry":[1]}]}`, `{"section":[{"title":"t"}]}`},
	} {
		policy := fmt.Sprintf(`{"version":1,"resources":{"Patient":["read"]},"roles":{"r":{
			"allow":[{"id":"A","resource":"Patient","actions":["read"],"purposes":["TREAT"],
				"fields":["Patient.address","Patient.name","Patient.maritalStatus","Patient.section","Patient.section.text","Patient.id"],"because":"x"}],
			"deny":[{"id":"D","resource":"Patient","actions":["read"],"fields":[%s],"because":"x"}]}}}`, deny)
		g := guard(t, policy, access.Assignments{"u": {"r"}})
		ctx := safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: "u", Kind: safeguard.Person})
		d := g.Decide(ctx, access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment})
		out, err := d.Project(nil, []byte(c.doc))
		require.NoError(t, err)
		require.Equal(t, c.kept, string(out), deny)
	}
}

// A public route is no way around a decision: what it must not have opened
// keeps its answer back.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestPublicRouteThatTouchesPHIIsRefused(t *testing.T) {
	s := route(t, access.Rule{Public: "holds no PHI, somebody thought"}, func(w http.ResponseWriter, r *http.Request) {
		if err := audit.EntryFrom(r.Context()).NoteOpened("patients", "ssn", safeguard.NewPatient("1")); err == nil {
			io.WriteString(w, planted)
		}
	})
	a := s.get(t, "GET", "/patients/1", "carla", "TREAT")
	require.Equal(t, http.StatusForbidden, a.status)
	require.NotContains(t, a.all, planted)
	require.Contains(t, s.accesses(t)[0].Denied, access.CodeUndecided)
}

// Keys chosen to agree at both ends cost no more than others.
func TestSimilarKeysAreCheap(t *testing.T) {
	var doc bytes.Buffer
	doc.WriteByte('{')
	for i := range 2000 {
		if i > 0 {
			doc.WriteByte(',')
		}
		fmt.Fprintf(&doc, `"aaaaaaaa%04d%saaaaaaaa":1`, i, strings.Repeat("a", 200))
	}
	doc.WriteByte('}')
	d := seeing(t, "", "Patient.id")
	_, err := d.Project(nil, doc.Bytes())
	require.NoError(t, err)
	_, err = d.Project(nil, append(bytes.TrimSuffix(doc.Bytes(), []byte("}")), []byte(`,"aaaaaaaa0000`+strings.Repeat("a", 200)+`aaaaaaaa":1}`)...))
	require.ErrorIs(t, err, access.ErrProjection, "a key twice is still found")
}

// What changes data is recorded before it is done, or not done.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04.
func TestChangesAreRecordedBeforeTheyHappen(t *testing.T) {
	g := clinic(t)
	mux := g.Mux()
	var s *service
	changed := 0
	mux.HandleFunc("POST /patients/{id}", readPatient, func(w http.ResponseWriter, r *http.Request) {
		require.Len(t, s.log.Records(), 1)
		changed++
		w.WriteHeader(http.StatusNoContent)
	})
	require.NoError(t, g.VerifyRoutes(mux))
	s = serve(t, g, mux)
	require.Equal(t, http.StatusNoContent, s.get(t, "POST", "/patients/1", "carla", "TREAT").status)
	s.log.Fail(io.ErrShortWrite)
	require.Equal(t, http.StatusServiceUnavailable, s.get(t, "POST", "/patients/1", "carla", "TREAT").status)
	require.Equal(t, 1, changed)
}

// A change by a public route is recorded before it happens too.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04.
func TestPublicChangesAreRecordedBeforeTheyHappen(t *testing.T) {
	g := clinic(t)
	mux := g.Mux()
	changed := false
	mux.HandleFunc("POST /signups", access.Rule{Public: "takes a name, shows nothing"}, func(http.ResponseWriter, *http.Request) { changed = true })
	require.NoError(t, g.VerifyRoutes(mux))
	s := serve(t, g, mux)
	s.log.Fail(io.ErrShortWrite)
	require.Equal(t, http.StatusServiceUnavailable, s.get(t, "POST", "/signups", "carla").status)
	require.False(t, changed)
}

// An empty write sends nothing, so it is none.
func TestEmptyWriteIsNoRawWrite(t *testing.T) {
	s := route(t, readPatient, func(w http.ResponseWriter, r *http.Request) {
		http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusNoContent)
		}), time.Minute, "").ServeHTTP(w, r)
	})
	require.Equal(t, http.StatusNoContent, s.get(t, "GET", "/patients/1", "carla", "TREAT").status)
}
