package scim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// write answers with a JSON document. What the workforce looks like is nobody
// else's, so no cache keeps it.
func write(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status, text = http.StatusInternalServerError, nil
	}
	h := w.Header()
	h.Set("Content-Type", "application/scim+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// The answer is final whatever Write returns.
	_, _ = w.Write(text)
}

type user struct {
	Schemas    []string `json:"schemas"`
	ID         string   `json:"id"`
	ExternalID string   `json:"externalId,omitempty"`
	UserName   string   `json:"userName"`
	Active     bool     `json:"active"`
	Meta       meta     `json:"meta"`
}

type meta struct {
	Type     string    `json:"resourceType"`
	Created  time.Time `json:"created,omitzero"`
	Modified time.Time `json:"lastModified,omitzero"`
	Location string    `json:"location,omitempty"`
}

type list struct {
	Schemas   []string `json:"schemas"`
	Total     int      `json:"totalResults"`
	Start     int      `json:"startIndex"`
	PerPage   int      `json:"itemsPerPage"`
	Resources []any    `json:"Resources"`
}

func listOf(start int, resources ...any) list {
	if resources == nil {
		resources = []any{}
	}
	return list{[]string{schemaList}, len(resources), start, len(resources), resources}
}

func (h *Handler) user(a Account) user {
	return user{
		Schemas: []string{schemaUser}, ID: a.ID, ExternalID: a.ExternalID, UserName: a.UserName, Active: a.Active,
		Meta: meta{"User", a.Created.UTC(), a.Modified.UTC(), h.location("Users/" + url.PathEscape(a.ID))},
	}
}

func (h *Handler) location(path string) string {
	if h.base == "" {
		return ""
	}
	return h.base + "/" + path
}
