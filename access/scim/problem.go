package scim

import (
	"context"
	"errors"
	"net/http"
)

// A problem is an error in the form of RFC 7644, section 3.12. Its text is
// fixed: nothing of a request is repeated.
type problem struct {
	status int
	kind   string // scimType
	detail string
	code   string // in the audit record
}

var (
	badSyntax   = &problem{400, "invalidSyntax", "the body is not one strict JSON document of this operation", "scim.syntax"}
	badSchema   = &problem{400, "invalidValue", "the schema of the operation is missing", "scim.syntax"}
	badPath     = &problem{400, "invalidPath", "the path is missing or not a text", "scim.syntax"}
	badValue    = &problem{400, "invalidValue", "a value is not understood", "scim.value"}
	badFilter   = &problem{400, "invalidFilter", `filters are: userName, externalId or id, "eq", a text`, "scim.filter"}
	badPage     = &problem{400, "invalidValue", "startIndex and count are whole numbers", "scim.filter"}
	badName     = &problem{400, "mutability", "the user name of an account is not changed", "scim.mutability"}
	badPassword = &problem{400, "mutability", "no password is kept here", "scim.mutability"}
	badWidening = &problem{403, "", "roles and entitlements are not granted by provisioning", "scim.widening"}
	badOpening  = &problem{403, "", "accounts are not opened or reactivated by provisioning", "scim.widening"}
	badListing  = &problem{400, "tooMany", "accounts are looked up one by one, with a filter", "scim.filter"}
	badBody     = &problem{413, "", "the body is too large", "scim.syntax"}
	badType     = &problem{415, "", "the body must be application/scim+json", "scim.syntax"}
	nobody      = &problem{401, "", "not authenticated", "scim.unauthenticated"}
	noAccount   = &problem{404, "", "no such account", "scim.no-account"}
	noEndpoint  = &problem{404, "", "no such endpoint", "scim.no-endpoint"}
	noMethod    = &problem{405, "", "the method is not supported here", "scim.no-endpoint"}
	notOffered  = &problem{501, "", "not offered", "scim.no-endpoint"}
	refused     = &problem{403, "", "refused", "scim.refused"}
	ambiguous   = &problem{409, "uniqueness", "the name stands for several accounts", "scim.ambiguous"}
	unconfirmed = &problem{503, "", "not confirmed; try again", "scim.unconfirmed"}
)

// problemOf returns the answer to an error of a Directory or an Opener. What is
// not known to have happened must be tried again.
func problemOf(err error) *problem {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return unconfirmed
	case errors.Is(err, ErrNoAccount):
		return noAccount
	case errors.Is(err, ErrRefused):
		return refused
	case errors.Is(err, ErrAmbiguous):
		return ambiguous
	}
	return unconfirmed
}

type errorBody struct {
	Schemas []string `json:"schemas"`
	Type    string   `json:"scimType,omitempty"`
	Detail  string   `json:"detail"`
	Status  string   `json:"status"` // a text, by the RFC
}

func (p *problem) write(w http.ResponseWriter) {
	switch p.status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "30")
	}
	write(w, p.status, errorBody{[]string{schemaError}, p.kind, p.detail, itoa(p.status)})
}
