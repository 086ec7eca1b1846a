package scim

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// users answers /Users: a search for one account or for all, and a creation.
func (h *Handler) users(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		h.search(w, r)
	case http.MethodPost:
		h.create(w, r)
	default:
		w.Header().Set("Allow", "GET, POST")
		deny(w, r, noMethod)
	}
}

func (h *Handler) search(w http.ResponseWriter, r *http.Request) {
	begin(r, "GET /Users", "search")
	query := r.URL.Query()
	filters := query["filter"]
	if len(filters) == 0 {
		h.list(w, r, query)
		return
	}
	if len(filters) > 1 {
		deny(w, r, badFilter)
		return
	}
	key, value, p := filter(filters[0])
	if p != nil {
		deny(w, r, p)
		return
	}
	start, count, p := page(query)
	if p != nil {
		deny(w, r, p)
		return
	}
	a, err := h.directory.Find(r.Context(), key, value)
	p = nil
	if err != nil {
		p = problemOf(err)
	}
	found := listOf(start)
	switch {
	case p == noAccount:
	case p != nil:
		deny(w, r, p)
		return
	case start > 1 || count == 0:
		found.Total = 1
	default:
		found = listOf(start, h.user(a))
	}
	write(w, http.StatusOK, found)
}

// list answers a question for all accounts, a page at a time.
func (h *Handler) list(w http.ResponseWriter, r *http.Request, query url.Values) {
	lister, ok := h.directory.(Lister)
	if !ok {
		deny(w, r, badListing)
		return
	}
	start, count, p := page(query)
	if p != nil {
		deny(w, r, p)
		return
	}
	accounts, total, err := lister.List(r.Context(), start, count)
	if err != nil {
		deny(w, r, problemOf(err))
		return
	}
	users := make([]any, min(len(accounts), count))
	for i := range users {
		users[i] = h.user(accounts[i])
	}
	found := listOf(start, users...)
	found.Total = total
	write(w, http.StatusOK, found)
}

// maxPage is how many accounts one answer has at most, and by default.
const maxPage = 100

// page reads startIndex and count (RFC 7644, section 3.4.2.4): less than 1 and
// less than 0 count as these.
func page(query url.Values) (start, n int, p *problem) {
	start, n = 1, maxPage
	var err error
	if text := query.Get("startIndex"); text != "" {
		if start, err = strconv.Atoi(text); err != nil {
			return 0, 0, badPage
		}
	}
	if text := query.Get("count"); text != "" {
		if n, err = strconv.Atoi(text); err != nil {
			return 0, 0, badPage
		}
	}
	return max(start, 1), min(max(n, 0), maxPage), nil
}

func (h *Handler) create(w http.ResponseWriter, r *http.Request) {
	by := begin(r, "POST /Users", "create")
	src, p := body(w, r)
	if p != nil {
		deny(w, r, p)
		return
	}
	c, p := replacement(src)
	switch {
	case p != nil:
	case h.opener == nil:
		p = badOpening
	case c.refused != nil:
		p = c.refused
	case c.userName == "":
		p = badValue
	case c.end:
		p = badOpening // an account that begins at its end
	}
	if p != nil {
		deny(w, r, p)
		return
	}
	ctx, cancel := h.lasting(r)
	defer cancel()
	a, err := h.opener.Open(ctx, by, c.userName, c.externalID)
	if err != nil {
		deny(w, r, problemOf(err))
		return
	}
	u := h.user(a)
	if u.Meta.Location != "" {
		w.Header().Set("Location", u.Meta.Location)
	}
	write(w, http.StatusCreated, u)
}

// account answers /Users/{id}.
func (h *Handler) account(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if id == "" || len(id) > maxText {
		deny(w, r, noAccount)
		return
	}
	switch r.Method {
	case http.MethodGet:
		begin(r, "GET /Users/{id}", "read")
		h.show(w, r, id)
	case http.MethodDelete:
		h.remove(w, r, id)
	case http.MethodPut, http.MethodPatch:
		h.change(w, r, id)
	default:
		w.Header().Set("Allow", "GET, PUT, PATCH, DELETE")
		deny(w, r, noMethod)
	}
}

func (h *Handler) show(w http.ResponseWriter, r *http.Request, id string) {
	a, err := h.directory.Find(r.Context(), ByID, id)
	if err != nil {
		deny(w, r, problemOf(err))
		return
	}
	write(w, http.StatusOK, h.user(a))
}

func (h *Handler) remove(w http.ResponseWriter, r *http.Request, id string) {
	by := begin(r, "DELETE /Users/{id}", "delete")
	ctx, cancel := h.lasting(r)
	defer cancel()
	if err := h.directory.Terminate(ctx, by, id); err != nil {
		deny(w, r, problemOf(err))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h *Handler) change(w http.ResponseWriter, r *http.Request, id string) {
	by := begin(r, r.Method+" /Users/{id}", strings.ToLower(r.Method))
	src, p := body(w, r)
	if p != nil {
		deny(w, r, p)
		return
	}
	understand := patch
	if r.Method == http.MethodPut {
		understand = replacement
	}
	c, p := understand(src)
	if p != nil {
		deny(w, r, p)
		return
	}
	ctx, cancel := h.lasting(r)
	defer cancel()
	if p := h.apply(ctx, by, id, c); p != nil {
		deny(w, r, p)
		return
	}
	h.show(w, r.WithContext(ctx), id)
}

// apply does what a change asks for. What ends the account goes first.
func (h *Handler) apply(ctx context.Context, by safeguard.Principal, id string, c change) *problem {
	if c.end {
		if err := h.directory.Terminate(ctx, by, id); err != nil {
			return problemOf(err)
		}
		return nil
	}
	a, err := h.directory.Find(ctx, ByID, id)
	switch {
	case err != nil:
		return problemOf(err)
	case c.refused != nil:
		return c.refused
	case c.userName != "" && !strings.EqualFold(c.userName, a.UserName):
		return badName
	case !c.open || a.Active:
		return nil
	case h.opener == nil:
		return badOpening
	}
	if err := h.opener.Reopen(ctx, by, id); err != nil {
		return problemOf(err)
	}
	return nil
}
