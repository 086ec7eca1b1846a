package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

// shown returns what the decision of r lets out of v: all that a template
// ever gets of a record.
func shown[T any](r *http.Request, v T) (T, error) {
	var out T
	src, err := json.Marshal(v)
	if err != nil {
		return out, fmt.Errorf("clinic: page: %w", err)
	}
	d, _ := access.DecisionFrom(r.Context()) // the zero Decision projects nothing
	projected, err := d.Project(nil, src)
	if err != nil {
		return out, fmt.Errorf("clinic: page: %w", err)
	}
	return out, json.Unmarshal(projected, &out)
}

// page returns the view that every page inside the session begins with.
func (s *site) page(r *http.Request, title string) view {
	p, _ := safeguard.PrincipalFrom(r.Context())
	purpose, _ := purposes().ChosenBy(queryPurpose).Of(r)
	return view{Title: title, User: p.ID, Purpose: purpose, Idle: s.idle}
}

// home lets the caller choose a purpose.
func (s *site) home(w http.ResponseWriter, r *http.Request) {
	s.render(w, http.StatusOK, "home", s.page(r, "Start"))
}

// listPage shows patients, of one unit if one is given.
func (s *site) listPage(w http.ResponseWriter, r *http.Request) {
	charts, err := s.list(r)
	if err == nil {
		charts, err = shown(r, charts)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := s.page(r, "Patients")
	v.Charts, v.Unit = charts, r.URL.Query().Get("unit")
	s.render(w, http.StatusOK, "patients", v)
}

// chartPage shows a chart. Its title names nobody: browsers keep titles.
func (s *site) chartPage(w http.ResponseWriter, r *http.Request) {
	c, err := s.read(r)
	if err == nil {
		c, err = shown(r, c)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := s.page(r, "Chart")
	v.Chart, v.Write = c, see(r).has("notes")
	s.render(w, http.StatusOK, "chart", v)
}

// addNote takes a note from the form on a chart, and shows the chart again.
func (s *site) addNote(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	err := r.ParseForm()
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		err = errLarge
	} else if err != nil {
		err = errRequest // the cause may repeat the input
	}
	if err == nil {
		_, err = s.annotate(r, strings.ReplaceAll(r.PostForm.Get("body"), "\r\n", "\n"))
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Location", "/patients/"+url.PathEscape(r.PathValue("id"))+"?purpose="+url.QueryEscape(r.URL.Query().Get("purpose")))
	w.WriteHeader(http.StatusSeeOther)
}

// refusals shows the refusals of what is inside as pages to people: session
// and access answer with problem documents, which hold no PHI, and of which
// only the status is used. It is inside the audit handler, so such a page, too,
// leaves only when the account of it is durable.
func (s *site) refusals(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") || !strings.Contains(r.Header.Get("Accept"), "text/html") {
			next.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(&refusalWriter{ResponseWriter: w, site: s}, r)
	})
}

// A refusalWriter replaces a problem document by a page.
type refusalWriter struct {
	http.ResponseWriter
	site     *site
	replaced bool
}

// WriteHeader sends the page in place of a problem document, else the status.
func (w *refusalWriter) WriteHeader(status int) {
	if w.Header().Get("Content-Type") != "application/problem+json" {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.replaced = true
	w.site.render(w.ResponseWriter, status, "refused", view{Title: http.StatusText(status), Status: status})
}

// Write drops the problem document.
func (w *refusalWriter) Write(b []byte) (int, error) {
	if w.replaced {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}
