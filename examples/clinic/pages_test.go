package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPages reads pages as each role: what a template gets went through the
// projection, so a page holds no more than the API's answer.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestPages(t *testing.T) {
	s := startAt(t, "", options{})
	for _, c := range []struct {
		name, purpose string
		has, hasNot   []string
	}{
		{"maria.osei", "TREAT", []string{"KX-4471-2210", "E10.65", "hyperglycemia", "Insulin lispro", "Add a note"},
			[]string{"BCM-88119902", "Ropewalk"}},
		{"june.park", "HOPERAT", []string{"1989-06-14", "617 555 0112"},
			[]string{"KX-4471-2210", "E10.65", "Insulin", "BCM-88119902", "Ropewalk", "Add a note"}},
		{"tom.reyes", "HPAYMT", []string{"E10.65", "BCM-88119902", "Ropewalk"},
			[]string{"KX-4471-2210", "hyperglycemia", "Insulin", "617 555 0112", "Add a note"}},
	} {
		p := s.signIn(c.name, c.purpose)
		list := p.page("/patients?purpose=" + c.purpose)
		require.Equal(t, http.StatusOK, list.status, list.body)
		link := regexp.MustCompile(`<a href="([^"]+)">Celestine Varga-Holm</a>`).FindStringSubmatch(list.body)
		require.NotNil(t, link, c.name)
		r := p.page(link[1])
		require.Equal(t, http.StatusOK, r.status)
		require.Contains(t, r.body, "<h1>Celestine Varga-Holm</h1>")
		require.Contains(t, r.body, "<title>Chart – Clinic</title>", "browsers keep titles")
		for _, text := range c.has {
			require.Contains(t, r.body, strings.ReplaceAll(text, "+", "&#43;"), c.name)
		}
		for _, text := range c.hasNot {
			require.NotContains(t, r.body, text, c.name)
		}
		requireSafe(t, r)
		require.Equal(t, "901; url=/signin?closed=1", r.header.Get("Refresh"), "just after the session")
	}
}

// requireSafe checks what every page says about itself.
func requireSafe(t *testing.T, r reply) {
	t.Helper()
	for name, value := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Referrer-Policy": "no-referrer", "Content-Type": "text/html; charset=utf-8",
	} {
		require.Equal(t, value, r.header.Get(name), name)
	}
	policy := r.header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	require.NotContains(t, policy, "unsafe")
	require.NotContains(t, r.body, "<script")
	require.NotContains(t, r.body, "style=")
}

// TestRefusedPages shows refusals to people as pages, without a word of any
// patient, and to programs as problem documents.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestRefusedPages(t *testing.T) {
	s := startAt(t, "", options{})
	june := s.signIn("june.park", "HOPERAT")
	id := june.find("Dimitri Achterberg")
	for path, status := range map[string]int{
		"/patients?purpose=TREAT":                                   http.StatusForbidden,
		"/patients":                                                 http.StatusForbidden,
		"/patients?purpose=HOPERAT&purpose=TREAT":                   http.StatusForbidden,
		"/patients/" + id + "?purpose=HPAYMT":                       http.StatusForbidden,
		"/patients/nobody?purpose=HOPERAT":                          http.StatusNotFound,
		"/nowhere":                                                  http.StatusNotFound,
		"/patients?purpose=HOPERAT&limit=0":                         http.StatusBadRequest,
		"/patients?purpose=HOPERAT&unit=" + strings.Repeat("u", 65): http.StatusBadRequest,
	} {
		r := june.page(path)
		require.Equal(t, status, r.status, path)
		require.Contains(t, r.body, `role="alert"`, path)
		requireNothingPlanted(t, []byte(r.body))
		requireSafe(t, r)
		r = june.get(path)
		require.Equal(t, status, r.status, path)
		require.Equal(t, "application/problem+json", r.header.Get("Content-Type"), path)
	}
}

// TestNoteForm adds a note by the form: it is shown as text, whatever it is.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestNoteForm(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s := startAt(t, address, options{})
		maria := s.signIn("maria.osei", "TREAT")
		path := "/patients/" + maria.find("Adaeze Thornquist")
		for _, body := range []string{plantedNote, "second\r\nline", `<script>alert("x")</script>`} {
			r := maria.do("POST", path+"/notes?purpose=TREAT", url.Values{"body": {body}})
			require.Equal(t, http.StatusSeeOther, r.status, r.body)
			require.Equal(t, path+"?purpose=TREAT", r.header.Get("Location"))
		}
		r := maria.page(path + "?purpose=TREAT")
		require.Contains(t, r.body, plantedNote)
		require.Contains(t, r.body, "second\nline")
		require.Contains(t, r.body, "&lt;script&gt;")
		requireSafe(t, r)
		require.Less(t, strings.Index(r.body, "&lt;script"), strings.Index(r.body, "second\nline"), "the newest first")
		require.Less(t, strings.Index(r.body, "second\nline"), strings.Index(r.body, plantedNote))

		r = maria.do("POST", path+"/notes?purpose=TREAT", url.Values{"body": {strings.Repeat("x", maxForm)}})
		require.Equal(t, http.StatusRequestEntityTooLarge, r.status)
		r = maria.do("POST", path+"/notes?purpose=TREAT", url.Values{"body": {plantedNote}}, "Sec-Fetch-Site", "cross-site")
		require.Equal(t, http.StatusForbidden, r.status)
		june := s.signIn("june.park", "HOPERAT")
		r = june.do("POST", path+"/notes?purpose=HOPERAT", url.Values{"body": {"x"}})
		require.Equal(t, http.StatusForbidden, r.status)
	})
}

// TestPublicPages reads what needs no session.
func TestPublicPages(t *testing.T) {
	s := startAt(t, "", options{})
	r := s.nobody().page("/signin")
	require.Equal(t, http.StatusOK, r.status)
	requireSafe(t, r)
	require.Empty(t, r.header.Get("Refresh"))
	for _, field := range regexp.MustCompile(`<input id="([^"]+)"`).FindAllStringSubmatch(r.body, -1) {
		require.Contains(t, r.body, `<label for="`+field[1]+`"`)
	}
	require.Contains(t, s.nobody().page("/signin?closed=1").body, "you have been signed out")
	r = s.nobody().get("/style.css")
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, "text/css; charset=utf-8", r.header.Get("Content-Type"))
	for _, path := range []string{"/", "/patients?purpose=TREAT", "/favicon.ico"} {
		require.Equal(t, http.StatusUnauthorized, s.nobody().get(path).status, path)
	}
}

// TestRoutes holds the list of what is served without a projection or without
// a session against the one that was reviewed.
//
// Controls: HIPAA 164.312(a)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestRoutes(t *testing.T) {
	s := startAt(t, "", options{})
	var public, unprojected []string
	for _, r := range s.guard.Routes() {
		if r.Public != "" {
			public = append(public, r.Pattern)
		}
		if r.Unprojected != "" {
			unprojected = append(unprojected, r.Pattern)
		}
	}
	require.Equal(t, []string{"GET /patients", "GET /patients/{id}"}, unprojected)
	require.Equal(t, []string{"GET /signin", "GET /style.css", "GET /{$}", "POST /signin", "POST /signout"}, public)
	require.Len(t, s.guard.Routes(), 11)
}
