package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/session"
)

// TestRoles reads one chart as each role: the answer has the fields that the
// policy lists, and the ledger says that no other column was opened.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestRoles(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s := startAt(t, address, options{})
		for _, c := range []struct{ name, purpose, keys, opened string }{
			{"maria.osei", "TREAT", "birthDate id medications mrn name phone problems unit",
				"patient.birthDate patient.medications patient.mrn patient.name patient.phone patient.problems"},
			{"june.park", "HOPERAT", "birthDate id name phone unit",
				"patient.birthDate patient.name patient.phone"},
			{"tom.reyes", "HPAYMT", "address birthDate coverage id name problems unit",
				"patient.address patient.birthDate patient.coverage patient.name patient.problems"},
		} {
			p := s.signIn(c.name, c.purpose)
			r := p.get("/api/patients/" + p.find("Celestine Varga-Holm"))
			require.Equal(t, http.StatusOK, r.status, r.body)
			var got map[string]any
			require.NoError(t, json.Unmarshal([]byte(r.body), &got))
			require.Equal(t, c.keys, sorted(keysOf(got)), c.name)
			found := s.records(`"action":"read"`, `"id":"`+c.name+`"`)
			require.Len(t, found, 1)
			require.Equal(t, c.opened, sorted(opened(t, found[0])), c.name)
			if c.name == "tom.reyes" {
				require.Contains(t, r.body, "E10.65")
				require.NotContains(t, r.body, "hyperglycemia")
			}
		}
	})
}

func keysOf(m map[string]any) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}

func sorted(s []string) string {
	slices.Sort(s)
	return strings.Join(s, " ")
}

func opened(t *testing.T, record string) []string {
	t.Helper()
	var e struct {
		Data struct {
			Opened []string `json:"opened"`
		} `json:"data"`
	}
	require.NoError(t, json.Unmarshal([]byte(record), &e))
	return e.Data.Opened
}

// TestDenials tries what nobody may: the answer has a status, a code, and
// nothing of a patient; and it is in the ledger.
//
// Controls: HIPAA 164.312(a)(1), 164.312(d), 164.502(b)(1), 164.312(b); NIST CSF 2.0 PR.AA-03, PR.AA-05, PR.PS-04.
func TestDenials(t *testing.T) {
	s := startAt(t, "", options{})
	maria := s.signIn("maria.osei", "TREAT")
	june := s.signIn("june.park", "HOPERAT")
	id := maria.find("Adaeze Thornquist")
	with := func(p *person, purpose string) *person { return &person{s: s, cookie: p.cookie, purpose: purpose} }
	chartPath, note := "/api/patients/"+id, `{"body":"x"}`
	for name, c := range map[string]struct {
		p            *person
		method, path string
		body         any
		status       int
		code         string
	}{
		"no session":        {s.nobody(), "GET", chartPath, nil, 401, "session.missing"},
		"made-up session":   {&person{s: s, cookie: "__Host-session=" + strings.Repeat("a", 63), purpose: "TREAT"}, "GET", chartPath, nil, 401, "session.unknown"},
		"no purpose":        {with(maria, ""), "GET", chartPath, nil, 403, "access.no-purpose"},
		"no such purpose":   {with(maria, "CURIOSITY"), "GET", chartPath, nil, 403, "access.no-purpose"},
		"another's purpose": {with(maria, "HPAYMT"), "GET", chartPath, nil, 403, "access.purpose"},
		"list, no purpose":  {with(june, ""), "GET", "/api/patients", nil, 403, "access.no-purpose"},
		"another's action":  {june, "POST", chartPath + "/notes", note, 403, "access.no-rule"},
		"no such patient":   {maria, "GET", "/api/patients/nobody", nil, 404, ""},
		"note, no patient":  {maria, "POST", "/api/patients/nobody/notes", note, 404, ""},
		"no such route":     {maria, "GET", "/api/doctors", nil, 404, "access.no-route"},
		"no such method":    {maria, "DELETE", chartPath, nil, 404, "access.no-route"},
		"limit too high":    {maria, "GET", "/api/patients?limit=51", nil, 400, ""},
		"limit not a count": {maria, "GET", "/api/patients?limit=all", nil, 400, ""},
		"unit too long":     {maria, "GET", "/api/patients?unit=" + strings.Repeat("u", 65), nil, 400, ""},
		"unknown key":       {maria, "POST", chartPath + "/notes", `{"body":"x","author":"tom.reyes"}`, 400, ""},
		"two documents":     {maria, "POST", chartPath + "/notes", note + note, 400, ""},
		"empty note":        {maria, "POST", chartPath + "/notes", `{"body":" "}`, 400, ""},
		"form for JSON":     {maria, "POST", chartPath + "/notes", url.Values{"body": {"x"}}, 400, ""},
		"long note":         {maria, "POST", chartPath + "/notes", fmt.Sprintf(`{"body":%q}`, strings.Repeat("x", maxNote+1)), 413, ""},
		"huge note":         {maria, "POST", chartPath + "/notes", fmt.Sprintf(`{"body":%q}`, strings.Repeat("x", maxForm)), 413, ""},
	} {
		r := c.p.do(c.method, c.path, c.body)
		require.Equal(t, c.status, r.status, "%s: %s", name, r.body)
		require.Equal(t, "application/problem+json", r.header.Get("Content-Type"), name)
		requireNothingPlanted(t, []byte(r.body))
		if c.code != "" {
			require.Contains(t, r.body, c.code, name)
			require.NotEmpty(t, s.records(c.code), name)
		}
	}
	r := maria.do("POST", chartPath+"/notes", note, "Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, r.status)
	require.NotContains(t, maria.get(chartPath).body, `"notes"`, "no refused note was kept")
}

// TestRoleTakenAway takes the role of somebody who is signed in.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestRoleTakenAway(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s := startAt(t, address, options{})
		june := s.signIn("june.park", "HOPERAT")
		path := "/api/patients/" + june.find("Eunice Blackwood-Ito")
		require.Equal(t, http.StatusOK, june.get(path).status)
		_, err := s.db.Exec("DELETE FROM staff WHERE id = $1", "june.park")
		require.NoError(t, err)
		r := june.get(path)
		require.Equal(t, http.StatusForbidden, r.status)
		require.Contains(t, r.body, "access.no-role")
	})
}

// TestNoRole asks for the roles of who has none here, by whatever name.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-05.
func TestNoRole(t *testing.T) {
	s := startAt(t, "", options{})
	maria := safeguard.Principal{ID: "maria.osei", Kind: safeguard.Person, Tenant: tenant}
	roles, err := s.staff.Roles(t.Context(), maria)
	require.NoError(t, err)
	require.Equal(t, []string{"clinician"}, roles)
	for _, change := range []func(*safeguard.Principal){
		func(p *safeguard.Principal) { p.ID = "MARIA.OSEI" },
		func(p *safeguard.Principal) { p.Kind = safeguard.Service },
		func(p *safeguard.Principal) { p.Tenant = "" },
		func(p *safeguard.Principal) { p.Tenant = "another" },
	} {
		p := maria
		change(&p)
		roles, err := s.staff.Roles(t.Context(), p)
		require.NoError(t, err)
		require.Empty(t, roles)
	}
}

// TestList lists by unit and by number: names are sealed, so the database
// cannot search by them.
func TestList(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s := startAt(t, address, options{})
		june := s.signIn("june.park", "HOPERAT")
		require.Len(t, june.list(""), 6)
		require.Len(t, june.list("?limit=4"), 4)
		require.Empty(t, june.list("?unit=oncology"))
		require.Empty(t, june.list("?unit="+url.QueryEscape("' OR '1'='1")))
		charts := june.list("?unit=endocrinology")
		require.Len(t, charts, 2)
		for _, c := range charts {
			require.Equal(t, "endocrinology", c.Unit)
			require.NotEmpty(t, c.Name)
			require.Empty(t, c.Phone, "a list has less than a chart")
		}
	})
}

// TestNoLedger closes the ledger under the service: nobody signs in, nothing
// of a patient is shown, and no note is written that nobody could account for.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04.
func TestNoLedger(t *testing.T) {
	s := startAt(t, "", options{})
	maria := s.signIn("maria.osei", "TREAT")
	path := "/api/patients/" + maria.find("Adaeze Thornquist")
	require.NoError(t, s.ledger.Close(context.Background()))
	for name, r := range map[string]reply{
		"read":    maria.get(path),
		"page":    maria.page("/patients?purpose=TREAT"),
		"note":    maria.do("POST", path+"/notes", fmt.Sprintf(`{"body":%q}`, plantedNote)),
		"refusal": (&person{s: s, cookie: maria.cookie}).get(path),
		"sign-in": s.nobody().do("POST", "/signin", url.Values{"name": {"maria.osei"}, "password": {s.passwords["maria.osei"]}}),
	} {
		require.Equal(t, http.StatusServiceUnavailable, r.status, name)
		require.Empty(t, r.header.Get("Set-Cookie"), name)
		requireNothingPlanted(t, []byte(r.body))
	}
	var notes int
	require.NoError(t, s.db.QueryRow("SELECT COUNT(*) FROM note").Scan(&notes))
	require.Zero(t, notes)
	require.Error(t, s.clinic.Close(context.Background()), "the last observations are lost, and that is said")
	require.NoError(t, s.db.Close())
	s.closed = true
}

// TestNoDatabase closes the database under the service: whoever cannot be
// shown to have a role is denied.
//
// Controls: HIPAA 164.312(a)(1), 164.312(d); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func TestNoDatabase(t *testing.T) {
	s := startAt(t, "", options{})
	maria := s.signIn("maria.osei", "TREAT")
	path := "/api/patients/" + maria.find("Adaeze Thornquist")
	require.NoError(t, s.db.Close())
	r := maria.get(path)
	require.Equal(t, http.StatusForbidden, r.status)
	require.Contains(t, r.body, "access.role-source")
	r = s.nobody().do("POST", "/signin", url.Values{"name": {"june.park"}, "password": {s.passwords["june.park"]}})
	require.Equal(t, http.StatusServiceUnavailable, r.status)
	require.Len(t, s.records("signin.unavailable"), 1)
}

// TestRenew gives the staff new passwords: the old ones open nothing.
//
// Controls: HIPAA 164.308(a)(5)(ii)(D), 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestRenew(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s := startAt(t, address, options{})
		logins, err := s.populate(context.Background(), true)
		require.NoError(t, err)
		require.Len(t, logins, 3)
		for _, l := range logins {
			r := s.nobody().do("POST", "/signin", url.Values{"name": {l.name}, "password": {s.passwords[l.name]}})
			require.Equal(t, http.StatusUnauthorized, r.status)
			s.passwords[l.name] = l.password
			s.signIn(l.name, "")
		}
		require.Len(t, s.signIn("june.park", "HOPERAT").list(""), 6, "no patient was added again")
	})
}

// TestTogether has people read and write one chart at the same time.
//
// Controls: HIPAA 164.312(c)(1), 164.312(b); NIST CSF 2.0 PR.DS-01, PR.PS-04.
func TestTogether(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s := startAt(t, address, options{})
		maria := s.signIn("maria.osei", "TREAT")
		path := "/api/patients/" + maria.find("Dimitri Achterberg")
		const people, each = 8, 5
		status := make(chan int, 2*people*each)
		var wg sync.WaitGroup
		for i := range people {
			wg.Go(func() {
				for j := range each {
					status <- maria.do("POST", path+"/notes", fmt.Sprintf(`{"body":"note %d of %d"}`, j, i)).status
					status <- maria.get(path).status
				}
			})
		}
		wg.Wait()
		close(status)
		count := map[int]int{}
		for code := range status {
			count[code]++
		}
		require.Equal(t, map[int]int{http.StatusCreated: people * each, http.StatusOK: people * each}, count)
		require.Equal(t, people*each, strings.Count(maria.get(path).body, `"note `))
		require.Len(t, s.records(`"action":"annotate"`, `"decision"`), people*each)
	})
}

// TestEndedSession uses a session after its user has signed out, and after an
// administrator has ended all of a user's.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestEndedSession(t *testing.T) {
	s := startAt(t, "", options{})
	maria, again := s.signIn("maria.osei", "TREAT"), s.signIn("maria.osei", "TREAT")
	path := "/api/patients/" + maria.find("Adaeze Thornquist")

	r := maria.do("POST", "/signout", nil, "Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, r.status, "another site signs nobody out")
	require.Equal(t, http.StatusOK, maria.get(path).status)
	r = maria.do("POST", "/signout", nil)
	require.Equal(t, http.StatusSeeOther, r.status)
	require.Equal(t, "/signin", r.header.Get("Location"))
	require.Contains(t, r.header.Get("Clear-Site-Data"), `"cache"`)
	require.Len(t, s.records(`"action":"sign-out"`, `"id":"maria.osei"`), 2, "the refused one, too")
	r = maria.get(path)
	require.Equal(t, http.StatusUnauthorized, r.status)
	requireNothingPlanted(t, []byte(r.body))
	r = maria.page("/patients?purpose=TREAT")
	require.Equal(t, http.StatusSeeOther, r.status)
	require.Equal(t, "/signin", r.header.Get("Location"))
	require.Equal(t, http.StatusSeeOther, maria.do("POST", "/signout", nil).status, "signing out twice is no error")

	require.Equal(t, http.StatusOK, again.get(path).status, "the other session goes on")
	n, err := s.sessions.EndUser(context.Background(), tenant, "maria.osei", session.Terminated)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, http.StatusUnauthorized, again.get(path).status)
}

// TestAutomaticLogoff lets a quarter of an hour pass, in virtual time.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func TestAutomaticLogoff(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := openAt(t, "", dir, options{})
		defer s.close()
		ask := func(method, path, cookie string, form url.Values) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Cookie", cookie)
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, r)
			return w
		}
		w := ask("POST", "/signin", "", url.Values{"name": {"maria.osei"}, "password": {s.passwords["maria.osei"]}})
		cookie, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
		list := func() int { return ask("GET", "/patients?purpose=TREAT", cookie, nil).Code }
		time.Sleep(14 * time.Minute)
		require.Equal(t, http.StatusOK, list())
		time.Sleep(14 * time.Minute)
		require.Equal(t, http.StatusOK, list())
		time.Sleep(15 * time.Minute)
		require.Equal(t, http.StatusUnauthorized, list())
		require.Len(t, s.records("session.idle", `"id":"maria.osei"`), 1)
	})
}

// TestSignIn guesses: a wrong password and an unknown name look the same, the
// ledger has the attempt without the name, and a sixth guess has to wait.
//
// Controls: HIPAA 164.312(d), 164.308(a)(5)(ii)(C); NIST CSF 2.0 PR.AA-03, PR.PS-04.
func TestSignIn(t *testing.T) {
	s := startAt(t, "", options{})
	try := func(name, password string) reply {
		return s.nobody().do("POST", "/signin", url.Values{"name": {name}, "password": {password}})
	}
	wrong, unknown := try("maria.osei", "guess"), try("nora.unknown", "guess")
	require.Equal(t, http.StatusUnauthorized, wrong.status)
	require.Equal(t, wrong.body, unknown.body)
	require.Equal(t, wrong.status, unknown.status)
	require.Empty(t, wrong.header.Get("Set-Cookie"))
	require.Len(t, s.records("signin.failed"), 2)
	require.Empty(t, s.records("nora.unknown"))
	require.Equal(t, http.StatusBadRequest, try("maria.osei", "").status)
	require.Equal(t, http.StatusUnauthorized, try("maria.osei", strings.Repeat("p", maxPassword+1)).status)

	r := s.nobody().do("POST", "/signin", url.Values{"name": {"maria.osei"}, "password": {s.passwords["maria.osei"]}}, "Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusBadRequest, r.status, "another site signs nobody in")
	require.Empty(t, r.header.Get("Set-Cookie"))

	for range freeAttempts - 2 {
		require.Equal(t, http.StatusUnauthorized, try("maria.osei", "guess").status)
	}
	require.Equal(t, http.StatusUnauthorized, try("june.park", "guess").status, "others go on")
	r = try("maria.osei", s.passwords["maria.osei"])
	require.Equal(t, http.StatusTooManyRequests, r.status)
	require.NotEmpty(t, r.header.Get("Retry-After"))
	require.Len(t, s.records("signin.throttled"), 1)
}

// FuzzNote reads bodies of requests to add a note.
func FuzzNote(f *testing.F) {
	for _, seed := range []string{`{"body":"x"}`, `{"body":"x"}{}`, `{"bodY":1}`, `[]`, ``, `{"body":"\ud800"}`, `{"body":null}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(in))
		r.Header.Set("Content-Type", "application/json")
		body, err := noteFromJSON(httptest.NewRecorder(), r)
		if err != nil {
			require.Empty(t, body)
			require.NotContains(t, err.Error(), "body\"")
			return
		}
		require.True(t, json.Valid([]byte(in)), "what is taken is one JSON document")
	})
}
