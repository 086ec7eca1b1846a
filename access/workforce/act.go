package workforce

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/safeguard-sdk/safeguard"
)

// Bounds of the texts of a fact, in bytes.
//
// Controls: none, sizes.
const (
	MaxName = 256
	MaxText = 1024
)

// An Act is who changes something, and why. Reason and Ticket are free text of
// an administrator, at most [MaxText] and [MaxName] bytes; they are kept for
// ever and must not hold PHI.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-05.
type Act struct {
	// By is who does it. The zero Principal means the one in the context.
	// Package workforce does not decide whether By may do it: guard the
	// route that calls.
	By safeguard.Principal
	// Reason says why. It is required.
	Reason string
	// Ticket names the request that this answers, if there is one.
	Ticket string
}

// An Actor is who did something, as a fact keeps it.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-05.
type Actor struct {
	Tenant     string `json:"tenant,omitempty"`
	ID         string `json:"id"`
	Kind       string `json:"kind"`
	OnBehalfOf string `json:"on_behalf_of,omitempty"`
}

// person returns the account that answers for what a did: whoever acts on
// behalf of somebody counts as that one.
func (a Actor) person() key {
	if a.OnBehalfOf != "" {
		return key{a.Tenant, a.OnBehalfOf}
	}
	return key{a.Tenant, a.ID}
}

// act is an Act in the body of a fact. Bodies embed it.
type act struct {
	By     Actor  `json:"by"`
	Reason string `json:"reason"`
	Ticket string `json:"ticket,omitempty"`
}

// act checks a and completes it out of ctx. The principal is for the audit
// record.
func (a Act) act(ctx context.Context) (act, safeguard.Principal, error) {
	by := a.By
	if by == (safeguard.Principal{}) {
		by, _ = safeguard.PrincipalFrom(ctx)
	}
	switch {
	case by.Validate() != nil:
		return act{}, by, refuse("nobody says who does it")
	case !text(a.Reason, MaxText):
		return act{}, by, refuse("the reason is missing or no text of at most 1024 bytes")
	case a.Ticket != "" && !text(a.Ticket, MaxName):
		return act{}, by, refuse("the ticket is no text of at most 256 bytes")
	}
	who := Actor{by.Tenant, by.ID, by.Kind.String(), by.OnBehalfOf}
	return act{who, a.Reason, a.Ticket}, by, nil
}

// fault says what is wrong with an act in a fact.
func (a act) fault() string {
	k := key{a.By.Tenant, a.By.ID}
	switch {
	case k.fault() != "" || a.By.Kind != "person" && a.By.Kind != "service":
		return "who did it is nobody"
	case !text(a.Reason, MaxText) || a.Ticket != "" && !text(a.Ticket, MaxName):
		return "the reason or the ticket is no text"
	}
	return ""
}

// text reports whether s is readable text of at most limit bytes.
func text(s string, limit int) bool {
	return len(s) <= limit && utf8.ValidString(s) && strings.TrimSpace(s) != "" &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError })
}
