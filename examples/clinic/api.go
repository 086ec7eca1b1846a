package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

// Bounds of a request to the API. What is beyond is refused, not cut.
const (
	defaultLimit = 20
	maxLimit     = 50
	maxUnit      = 64
	maxNote      = 16 << 10
)

// apiList answers GET /api/patients?unit=…&limit=….
func (s *site) apiList(w http.ResponseWriter, r *http.Request) {
	charts, err := s.list(r)
	s.answer(w, r, http.StatusOK, charts, err)
}

// apiRead answers GET /api/patients/{id}.
func (s *site) apiRead(w http.ResponseWriter, r *http.Request) {
	c, err := s.read(r)
	s.answer(w, r, http.StatusOK, c, err)
}

// apiAddNote answers POST /api/patients/{id}/notes with a JSON body that has
// one key, "body".
func (s *site) apiAddNote(w http.ResponseWriter, r *http.Request) {
	body, err := noteFromJSON(w, r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	n, err := s.annotate(r, body)
	s.answer(w, r, http.StatusCreated, chart{Notes: []note{n}}, err)
}

// answer lets the parts of v out that the decision of r allows.
func (s *site) answer(w http.ResponseWriter, r *http.Request, status int, v any, err error) {
	var body []byte
	if err == nil {
		body, err = json.Marshal(v)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	_ = access.WriteJSON(w, r, status, body) // has answered, whatever it returns
}

// see returns what the decision of r lets out.
func see(r *http.Request) fields {
	d, _ := access.DecisionFrom(r.Context())
	return d.Fields
}

// list returns the patients that r asks for, opened as far as they may be
// seen.
func (s *site) list(r *http.Request) ([]chart, error) {
	q, limit := r.URL.Query(), defaultLimit
	if q.Has("limit") {
		n, err := strconv.Atoi(q.Get("limit"))
		if err != nil || n < 1 || n > maxLimit {
			return nil, errRequest
		}
		limit = n
	}
	if len(q.Get("unit")) > maxUnit {
		return nil, errRequest
	}
	return s.store.list(r.Context(), q.Get("unit"), limit, see(r))
}

// read returns the chart that r asks for, opened as far as it may be seen.
func (s *site) read(r *http.Request) (chart, error) {
	return s.store.chart(r.Context(), r.PathValue("id"), see(r))
}

// annotate adds a note of the caller's to the chart that r names.
func (s *site) annotate(r *http.Request, body string) (note, error) {
	body = strings.TrimSpace(body)
	p, ok := safeguard.PrincipalFrom(r.Context())
	switch {
	case len(body) > maxNote:
		return note{}, errLarge
	case !ok || body == "" || !utf8.ValidString(body):
		return note{}, errRequest
	}
	return s.store.addNote(r.Context(), r.PathValue("id"), p.ID, body)
}

// noteFromJSON reads the body of a request to add a note, strictly.
func noteFromJSON(w http.ResponseWriter, r *http.Request) (string, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return "", fmt.Errorf("%w: content type", errRequest)
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxForm))
	dec.DisallowUnknownFields()
	var in struct {
		Body string `json:"body"`
	}
	err := dec.Decode(&in)
	if err == nil {
		if _, end := dec.Token(); end != io.EOF {
			err = errRequest
		}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return "", errLarge
	}
	if err != nil {
		return "", errRequest // the cause may repeat the input
	}
	return in.Body, nil
}
