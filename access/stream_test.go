package access_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/stretchr/testify/require"
)

// streamed returns a handler that sends resources as kind.
func streamed(kind string, ended *error, resources ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if kind != "" {
			w.Header().Set("Content-Type", kind)
		}
		w.Header().Set("X-Patient", planted)
		stream, err := access.NewStream(w, r)
		for _, resource := range resources {
			if err == nil {
				err = stream.Send([]byte(resource))
			}
		}
		*ended = err
	}
}

// A stream has what each resource may show, one a line or an event, with the
// headers of every other answer and a record of all that leaves.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestStream(t *testing.T) {
	spread := strings.ReplaceAll(chart, ",", ",\r\n ")
	for kind, want := range map[string]struct{ kind, before, after string }{
		"":                                      {"application/x-ndjson", "", "\n"},
		"application/fhir+ndjson; a=" + planted: {"application/fhir+ndjson", "", "\n"},
		"text/html":                             {"application/x-ndjson", "", "\n"},
		"text/event-stream":                     {"text/event-stream", "data: ", "\n\n"},
	} {
		var err error
		s := route(t, readPatient, streamed(kind, &err, chart, spread, chart))
		a := s.get(t, "GET", "/patients/1", "sam", "TREAT")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, a.status)
		require.Equal(t, want.kind, a.header.Get("Content-Type"))
		require.Equal(t, "private, no-store", a.header.Get("Cache-Control"))
		require.NotContains(t, a.all, planted)
		parts := strings.SplitAfter(a.body, want.after)
		require.Len(t, parts, 4)
		for _, part := range parts[:3] {
			require.True(t, strings.HasPrefix(part, want.before+"{"))
			onlyID(t, strings.TrimPrefix(part, want.before))
			require.Equal(t, strings.Count(want.after, "\n"), strings.Count(part, "\n"))
		}
		require.Equal(t, []string{"Patient.id"}, s.accesses(t)[0].Fields)
	}
}

// An empty stream is an answer, and says what it is.
func TestEmptyStream(t *testing.T) {
	var err error
	a := route(t, readPatient, streamed("text/event-stream", &err)).get(t, "GET", "/patients/1", "sam", "TREAT")
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, "text/event-stream", a.header.Get("Content-Type"))
	require.Empty(t, a.body)
}

// The patients of a stream are recorded before what is about them leaves.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestStreamRecordsFirst(t *testing.T) {
	rule := access.Rule{Resource: "Patient", Action: "search", Purpose: anyPurpose, Query: &access.Query{}}
	var s *service
	var counts []int
	var failed error
	s = route(t, rule, func(w http.ResponseWriter, r *http.Request) {
		stream, err := access.NewStream(w, r)
		if err != nil {
			panic(err)
		}
		for i := range 3 {
			audit.EntryFrom(r.Context()).AddPatient(safeguard.NewPatient(fmt.Sprint(i)))
			if i == 2 {
				s.log.Fail(errors.New("disk full"))
			}
			failed = stream.Send([]byte(chart))
			counts = append(counts, len(s.log.Records()))
		}
	})
	req, err := http.NewRequest("GET", s.URL+"/patients/1", nil)
	require.NoError(t, err)
	req.Header.Set("User", "carla")
	req.Header.Set("Purpose-Of-Use", "TREAT")
	res, err := s.Client().Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.Error(t, err, "the client must not take two for all")
	require.Equal(t, 2, strings.Count(string(body), "\n"))
	s.Close()
	require.Equal(t, []int{1, 2, 2}, counts)
	require.ErrorIs(t, failed, access.ErrStream)
	s.log.Fail(nil)
	for i, a := range s.accesses(t)[:2] {
		require.Len(t, a.Patients, 1, i)
	}
}

// What ends a stream: each leaves an answer that nobody takes for whole, and
// nothing more in it.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(3)(ii)(C), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestStreamEnds(t *testing.T) {
	for name, c := range map[string]struct {
		disturb func(w http.ResponseWriter, r *http.Request, lost *atomic.Bool)
		then    string // what is sent after it
		code    string
		err     error
	}{
		"the role is lost": {func(_ http.ResponseWriter, _ *http.Request, lost *atomic.Bool) { lost.Store(true) },
			chart, access.CodeNoRole, access.ErrStream},
		"a raw write":  {func(w http.ResponseWriter, _ *http.Request, _ *atomic.Bool) { _, _ = io.WriteString(w, planted) }, chart, access.CodeRawWrite, access.ErrRawWrite},
		"no JSON":      {nil, planted, access.CodeProjection, access.ErrProjection},
		"of its type":  {nil, `{"resourceType":"Encounter"}`, access.CodeProjection, access.ErrProjection},
		"two at once":  {nil, chart + chart, access.CodeProjection, access.ErrProjection},
		"too many":     {nil, `{"id":"1","id":"2"}`, access.CodeProjection, access.ErrProjection},
		"a late write": {func(w http.ResponseWriter, _ *http.Request, _ *atomic.Bool) { fmt.Fprint(w, planted) }, "", access.CodeRawWrite, nil},
	} {
		for _, first := range []bool{true, false} {
			t.Run(fmt.Sprint(name, first), func(t *testing.T) {
				var lost atomic.Bool
				g := guard(t, clinicPolicy, roleFunc(func(context.Context, safeguard.Principal) ([]string, error) {
					if lost.Load() {
						return nil, nil
					}
					return []string{"staff"}, nil
				}))
				mux := g.Mux()
				var sent error
				mux.HandleFunc("GET /patients/{id}", readPatient, func(w http.ResponseWriter, r *http.Request) {
					stream, err := access.NewStream(w, r)
					if err != nil {
						panic(err)
					}
					if !first && stream.Send([]byte(chart)) != nil {
						panic("not sent")
					}
					if c.disturb != nil {
						c.disturb(w, r, &lost)
					}
					if c.then != "" {
						sent = stream.Send([]byte(c.then))
						if again := stream.Send([]byte(chart)); again == nil {
							panic("goes on")
						}
					}
				})
				require.NoError(t, g.VerifyRoutes(mux))
				s := serve(t, g, mux)
				req, err := http.NewRequest("GET", s.URL+"/patients/1", nil)
				require.NoError(t, err)
				req.Header.Set("User", "u")
				req.Header.Set("Purpose-Of-Use", "TREAT")
				res, err := s.Client().Do(req)
				require.NoError(t, err)
				defer res.Body.Close()
				body, err := io.ReadAll(res.Body)
				require.NotContains(t, string(body), planted)
				if first {
					require.NoError(t, err)
					require.GreaterOrEqual(t, res.StatusCode, 400)
				} else {
					require.Error(t, err)
					require.Equal(t, 1, strings.Count(string(body), "\n"))
				}
				require.Contains(t, s.deniedAtLast(t), c.code)
				require.ErrorIs(t, sent, c.err)
			})
		}
	}
}

// A request has one answer: a document or a stream.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestStreamIsTheOneAnswer(t *testing.T) {
	for name, h := range map[string]func(w http.ResponseWriter, r *http.Request) error{
		"after a document": func(w http.ResponseWriter, r *http.Request) error {
			answerChart(w, r)
			_, err := access.NewStream(w, r)
			return err
		},
		"after a status": func(w http.ResponseWriter, r *http.Request) error {
			w.WriteHeader(http.StatusNoContent)
			_, err := access.NewStream(w, r)
			return err
		},
		"twice": func(w http.ResponseWriter, r *http.Request) error {
			_, _ = access.NewStream(w, r)
			_, err := access.NewStream(w, r)
			return err
		},
		"a document after it": func(w http.ResponseWriter, r *http.Request) error {
			_, _ = access.NewStream(w, r)
			return access.WriteJSON(w, r, http.StatusOK, []byte(chart))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			s := route(t, readPatient, func(w http.ResponseWriter, r *http.Request) { err = h(w, r) })
			require.Less(t, s.get(t, "GET", "/patients/1", "sam", "TREAT").status, 300)
			require.ErrorIs(t, err, access.ErrAnswer)
		})
	}
	var err error
	a := route(t, access.Rule{Public: "nothing"}, streamed("", &err, chart)).get(t, "GET", "/patients/1", "")
	require.Equal(t, http.StatusInternalServerError, a.status)
	require.ErrorIs(t, err, access.ErrAnswer)
	a = route(t, unprojected(), streamed("", &err, chart)).get(t, "GET", "/patients/1", "sam", "TREAT")
	require.NoError(t, err)
	onlyID(t, a.body)
}

// onlyID checks that a document is what staff may see of the chart.
func onlyID(t *testing.T, document string) {
	t.Helper()
	var got map[string]any
	require.NoError(t, json.Unmarshal([]byte(document), &got))
	delete(got, "meta") // says that something was left out
	require.Equal(t, map[string]any{"resourceType": "Patient", "id": "1"}, got)
}
