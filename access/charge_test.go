package access_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/stretchr/testify/require"
)

// purse is a Throttle of a fixed number of patients.
type purse struct {
	mu      sync.Mutex
	left    int
	charges []int
}

func (p *purse) Ready(safeguard.Principal) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.left > 0
}

func (p *purse) Charge(_ safeguard.Principal, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left -= n
	p.charges = append(p.charges, n)
}

func (p *purse) RetryAfter(safeguard.Principal) time.Duration { return 1500 * time.Millisecond }

func (p *purse) total() (n int) {
	for _, c := range p.charges {
		n += c
	}
	return n
}

func throttled(t *testing.T, rule access.Rule, left int, h http.HandlerFunc) (*service, *purse) {
	t.Helper()
	p := &purse{left: left}
	g, err := access.New(parsed(t, clinicPolicy), &access.Options{Roles: people(), Throttle: p})
	require.NoError(t, err)
	mux := g.Mux()
	mux.HandleFunc("GET /patients/{id}", rule, h)
	require.NoError(t, g.VerifyRoutes(mux))
	return serve(t, g, mux), p
}

// An answer costs as many patients as are in it, one at least, each once;
// nothing that shows none costs anything. A caller without anything left gets a
// 429 that says when to come again.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.AA-05.
func TestThrottleIsCharged(t *testing.T) {
	search := access.Rule{Resource: "Patient", Action: "search", Purpose: anyPurpose, Query: &access.Query{}}
	about := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for i := range n {
				audit.EntryFrom(r.Context()).AddPatient(safeguard.NewPatient(fmt.Sprint(i)))
				audit.EntryFrom(r.Context()).AddPatient(safeguard.NewPatient(fmt.Sprint(i)))
			}
			answerChart(w, r)
		}
	}
	for name, c := range map[string]struct {
		rule access.Rule
		h    http.HandlerFunc
		who  string
		want int
	}{
		"one":          {readPatient, answerChart, "carla", 1},
		"of the route": {readPatient, about(1), "carla", 2},
		"many":         {search, about(7), "carla", 7},
		"nobody named": {search, answerChart, "carla", 1},
		"a denial":     {readPatient, answerChart, "gone", 0},
		"an error":     {readPatient, func(w http.ResponseWriter, r *http.Request) { _ = access.Error(w, r, 404) }, "carla", 0},
		"no document":  {readPatient, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, "carla", 0},
		"a raw write":  {readPatient, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, chart) }, "carla", 0},
		"unprojected": {unprojected(), func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, chart)
			_, _ = io.WriteString(w, chart)
		}, "carla", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, p := throttled(t, c.rule, 100, c.h)
			_ = s.get(t, "GET", "/patients/1", c.who, "TREAT")
			require.Equal(t, c.want, p.total())
		})
	}
	s, p := throttled(t, readPatient, 1, answerChart)
	require.Equal(t, http.StatusOK, s.get(t, "GET", "/patients/1", "carla", "TREAT").status)
	a := s.get(t, "GET", "/patients/1", "carla", "TREAT")
	require.Equal(t, http.StatusTooManyRequests, a.status)
	require.Contains(t, a.body, access.CodeThrottle)
	require.Equal(t, "2", a.header.Get("Retry-After"))
	require.Equal(t, 1, p.total())
}

// A stream pays as it goes, and ends when there is nothing left. What was paid
// for leaves whole: a request is not ended by its own charge.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.AA-05.
func TestStreamPaysAsItGoes(t *testing.T) {
	sent := 0
	s, p := throttled(t, access.Rule{Resource: "Patient", Action: "search", Purpose: anyPurpose, Query: &access.Query{}}, 3, func(w http.ResponseWriter, r *http.Request) {
		stream, err := access.NewStream(w, r)
		for i := 0; err == nil; i++ {
			audit.EntryFrom(r.Context()).AddPatient(safeguard.NewPatient(fmt.Sprint(i / 2))) // two resources each
			if err = stream.Send([]byte(chart)); err == nil {
				sent++
			}
		}
	})
	res, err := s.ask(t, "/patients/1", "carla")
	require.NoError(t, err)
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	require.Error(t, err)
	require.Contains(t, s.deniedAtLast(t), access.CodeThrottle)
	require.Equal(t, 6, sent)
	require.Equal(t, []int{1, 1, 1}, p.charges)
}

// A list that leaves while nobody is noted is flagged: a review and the throttle
// do not know how many it was about.
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.PS-04.
func TestListOfNobody(t *testing.T) {
	const bundle = `{"resourceType":"Bundle","type":"searchset","entry":[`
	for body, flagged := range map[string]bool{
		`{"id":"1"}`:                  false,
		`[]`:                          false,
		` [ ] `:                       false,
		`[{"id":"1"}]`:                true,
		` [ {"diagnosis":"asthma"} ]`: true,
		bundle + `]}`:                 false,
		bundle + `{"resource":{"resourceType":"Patient","id":"1"}}]}`:   true,
		bundle + `{"resource":{"resourceType":"Practitioner","a":1}}]}`: false,
	} {
		for _, noted := range []bool{false, true} {
			search := access.Rule{Resource: "Patient", Action: "search", Purpose: anyPurpose, Query: &access.Query{}}
			s, p := throttled(t, search, 9, func(w http.ResponseWriter, r *http.Request) {
				if noted {
					audit.EntryFrom(r.Context()).AddPatient(safeguard.NewPatient("1"))
				}
				require.NoError(t, access.WriteJSON(w, r, http.StatusOK, []byte(body)))
			})
			require.Equal(t, http.StatusOK, s.get(t, "GET", "/patients/1", "carla", "TREAT").status)
			all := s.accesses(t)
			require.Equal(t, flagged && !noted, slices.Contains(all[len(all)-1].Flags, "no-patient-noted"), "%s %v", body, noted)
			require.Equal(t, flagged || body == `{"id":"1"}`, p.total() == 1, "%s %v", body, noted)
		}
	}
}
