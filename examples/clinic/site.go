package main

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/throttle"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/session"
)

//go:embed web
var webFiles embed.FS

// rendered is why pages are not written by access.WriteJSON. The service
// prints it at its start, and its guard lists it.
const rendered = "HTML, rendered by a template from the JSON that Decision.Project let through, and from nothing else of the record"

// A site is the handlers of the service: pages, and the JSON API beside them.
type site struct {
	*clinic
	pages   map[string]*template.Template
	style   []byte
	origins *http.CrossOriginProtection
	signIns *throttle.SignIns
	hashing hashing
	idle    time.Duration
}

func newSite(c *clinic, idle time.Duration) (*site, error) {
	style, err := webFiles.ReadFile("web/style.css")
	if err != nil {
		return nil, fmt.Errorf("clinic: pages: %w", err)
	}
	signIns, err := newSignIns()
	if err != nil {
		return nil, err
	}
	s := &site{
		clinic: c, pages: map[string]*template.Template{}, style: style,
		origins: http.NewCrossOriginProtection(), signIns: signIns, hashing: newHashing(), idle: cmp.Or(idle, session.DefaultIdle),
	}
	for _, name := range []string{"signin", "home", "patients", "chart", "refused"} {
		s.pages[name], err = template.ParseFS(webFiles, "web/base.html", "web/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("clinic: pages: %w", err)
		}
	}
	return s, nil
}

// outside lists the paths that need no session.
func (s *site) outside() []string { return []string{"/signin", "/signout", "/style.css"} }

// routes gives every route its rule. Those of front are outside of the
// session, those of charts inside.
func (s *site) routes(front, charts *access.Mux) {
	public := func(why string) access.Rule { return access.Rule{Public: why} }
	front.HandleFunc("GET /signin", public("an empty form"), s.signInPage)
	front.HandleFunc("POST /signin", public("takes a name and a password, and gives a session"), s.signIn)
	front.HandleFunc("POST /signout", public("ends the caller's own session"), s.signOut)
	front.HandleFunc("GET /style.css", public("a file of the program"), s.styleSheet)

	charts.HandleFunc("GET /{$}", public("names the caller, and purposes to choose from"), s.home)
	charts.HandleFunc("GET /api/patients", access.Rule{Resource: "Patient", Action: "search", Purpose: purposes(), Query: lists()}, s.apiList)
	charts.HandleFunc("GET /api/patients/{id}", access.Rule{
		Resource: "Patient", Action: "read", Patient: access.PathPatient("id"), Purpose: purposes(),
	}, s.apiRead)
	charts.HandleFunc("POST /api/patients/{id}/notes", access.Rule{
		Resource: "Patient", Action: "annotate", Patient: access.PathPatient("id"), Purpose: purposes(),
	}, s.apiAddNote)

	charts.HandleFunc("GET /patients", access.Rule{
		Resource: "Patient", Action: "search", Purpose: purposes().ChosenBy(queryPurpose), Query: lists(), Unprojected: rendered,
	}, s.listPage)
	charts.HandleFunc("GET /patients/{id}", access.Rule{
		Resource: "Patient", Action: "read", Patient: access.PathPatient("id"), Purpose: purposes().ChosenBy(queryPurpose),
		Query: pages(), Unprojected: rendered,
	}, s.chartPage)
	charts.HandleFunc("POST /patients/{id}/notes", access.Rule{
		Resource: "Patient", Action: "annotate", Patient: access.PathPatient("id"), Purpose: purposes().ChosenBy(queryPurpose),
		Headers: []string{"Location"}, UncheckedQuery: "nothing is searched; the purpose and the form of a note are all that the handler reads",
	}, s.addNote)
}

// purposes are those that the clinic uses charts for. The choice of a request
// is a claim, bounded by the caller's rules, and recorded.
func purposes() access.Purposes {
	return access.PurposeChoice(safeguard.Treatment, safeguard.Payment, safeguard.Operations)
}

// lists says what the parameters of a list look at, and pages those of a page.
func lists() *access.Query {
	return &access.Query{Parameters: access.SearchParameters{
		"Patient.unit": {Paths: []string{"unit"}}, "Patient.limit": {NoData: true}, "Patient.purpose": {NoData: true},
	}}
}

func pages() *access.Query {
	return &access.Query{Parameters: access.SearchParameters{"Patient.purpose": {NoData: true}}}
}

// queryPurpose returns what a page was asked for with: a browser that follows a
// link cannot send the header that the API wants.
func queryPurpose(r *http.Request) []string { return r.URL.Query()["purpose"] }

// Errors about a request, without anything of it.
var (
	errRequest = errors.New("clinic: request: not as it should be")
	errLarge   = errors.New("clinic: request: too large")
)

// fail answers a request whose handler could not do its work.
func (s *site) fail(w http.ResponseWriter, r *http.Request, err error) {
	_ = access.Error(w, r, statusOf(r, err)) // nothing is left to do if it cannot be sent
}

func statusOf(r *http.Request, err error) int {
	switch {
	case errors.Is(err, errNoPatient):
		return http.StatusNotFound
	case errors.Is(err, errRequest):
		return http.StatusBadRequest
	case errors.Is(err, errLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, crypto.ErrShredded):
		return http.StatusGone
	}
	// The texts of errors of this program and of Safeguard hold no PHI.
	slog.Error("clinic: request failed", "route", r.Pattern, "err", err)
	return http.StatusInternalServerError
}

// A view is what a page shows.
type view struct {
	Title   string
	User    string
	Problem string
	Purpose safeguard.Purpose
	Idle    time.Duration
	Unit    string
	Chart   chart
	Charts  []chart
	Write   bool // offer to add a note
	Status  int
}

// render writes a page as a whole, or a bare 500.
func (s *site) render(w http.ResponseWriter, status int, page string, v view) {
	var b bytes.Buffer
	if err := s.pages[page].ExecuteTemplate(&b, "base.html", v); err != nil {
		slog.Error("clinic: page failed", "page", page)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	secure(h)
	if v.User != "" {
		// A page that is left open closes itself after the session has ended.
		// The sign-in page is outside of the session, so this is no activity.
		h.Set("Refresh", fmt.Sprintf("%d; url=/signin?closed=1", int((v.Idle+2*time.Second-1)/time.Second)))
	}
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the connection's failure
}

// secure sets what every page says about itself: not to be stored, sniffed,
// framed or referred from, and to load nothing but the style sheet.
func secure(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}

func (s *site) styleSheet(w http.ResponseWriter, _ *http.Request) {
	secure(w.Header())
	w.Header().Set("Cache-Control", "public, max-age=3600")
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(s.style)
}
