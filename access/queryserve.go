package access

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
)

// maxForm is the greatest form of a search.
const maxForm = 64 << 10

// queries reports whether a request may ask what it asks for, in its query and
// its form. The handler finds them parsed.
func (c *call) queries(r *http.Request) bool {
	rule := &c.route.rule
	if rule.UncheckedQuery != "" || rule.Query == nil && r.URL.RawQuery == "" {
		return true
	}
	query := Query{}
	if rule.Query != nil {
		query = *rule.Query
	}
	asked, err := c.asked(r)
	if err == nil {
		err = c.decision.CheckQuery(asked, query)
	}
	if err == nil {
		return true
	}
	c.refusedQuery = "?"
	if refused, ok := errors.AsType[*QueryError](err); ok {
		c.refusedQuery = query.word(c.decision.engine.policy, c.request.Resource, refused.Parameter)
	}
	return false
}

// asked returns the parameters of a request.
func (c *call) asked(r *http.Request) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "multipart/form-data" || err != nil && r.Header.Get("Content-Type") != "" {
		return nil, fmt.Errorf("%w: a form that is not read", ErrQuery)
	}
	if kind == "application/x-www-form-urlencoded" && r.Body != nil {
		r.Body = http.MaxBytesReader(c.exit.under, r.Body, maxForm)
	}
	err = r.ParseForm()
	return r.Form, err
}
