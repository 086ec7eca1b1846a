package disclosure

import (
	"context"
	"errors"
	"time"
)

// A Register resolves the ids and codes that stand in records. A method returns
// an error that unwraps to [ErrUnknown] for one that it does not have. What it
// returns is shown to the patient. It must be safe for concurrent use.
//
// Controls: HIPAA 164.528(b)(2).
type Register interface {
	// Recipient returns who received something.
	Recipient(ctx context.Context, tenant, id string) (Recipient, error)
	// Description returns the brief description of what was disclosed.
	Description(ctx context.Context, tenant, code string) (string, error)
	// Purpose returns the brief statement of a purpose "that reasonably informs
	// the individual of the basis for the disclosure".
	Purpose(ctx context.Context, tenant, code string) (string, error)
}

// A Recipient is an entity or person who received information.
//
// Controls: HIPAA 164.528(b)(2).
type Recipient struct {
	// Name is required.
	Name string
	// Address is stated "if known".
	Address string
}

// ErrUnknown is what a [Register] returns for an id or code that it does not
// have.
//
// Controls: HIPAA 164.528(b)(2).
var ErrUnknown = errors.New("disclosure: register: not there")

// Protocols is an optional power of a [Register]: research disclosures for 50
// or more individuals may then be stated by protocol (164.528(b)(4)). code is
// the purpose of the records.
//
// Controls: HIPAA 164.528(b)(2).
type Protocols interface {
	Protocol(ctx context.Context, tenant, code string) (Protocol, error)
}

// A Protocol is what 164.528(b)(4)(i) asks for. All fields are required.
//
// Controls: HIPAA 164.528(b)(2).
type Protocol struct {
	// Name is that of the protocol or other research activity (A).
	Name string
	// Description is in plain language, with the purpose of the research and the
	// criteria for selecting records (B).
	Description string
	// Types is a brief description of the type of information (C).
	Types string
	// Sponsor and Researcher are whom to reach (E).
	Sponsor, Researcher Contact
}

// A Contact is a name with address and telephone number.
//
// Controls: HIPAA 164.528(b)(2).
type Contact struct {
	Name, Address, Telephone string
}

func (c Contact) complete() bool { return c.Name != "" && c.Address != "" && c.Telephone != "" }

func (p Protocol) complete() bool {
	return p.Name != "" && p.Description != "" && p.Types != "" && p.Sponsor.complete() && p.Researcher.complete()
}

// Suspensions knows which statements of agencies and officials are on file for
// a patient.
//
// Controls: HIPAA 164.528(a).
type Suspensions interface {
	Suspensions(ctx context.Context, q Question) ([]Suspension, error)
}

// A Suspension is the statement of a health oversight agency or law enforcement
// official that an accounting would be reasonably likely to impede its
// activities (164.528(a)(2)). While it lasts, disclosures to its recipients
// under 164.512(d) or (f) are left out, and nothing shows that.
//
// Controls: HIPAA 164.528(a).
type Suspension struct {
	// Recipients are the ids, in the register, that it speaks of.
	Recipients []string
	// Official is who made the statement; an oral one must be documented with
	// it (164.528(a)(2)(ii)(A)).
	Official string
	// Stated is when.
	Stated time.Time
	// Oral says that it was not made in writing: it then lasts 30 days at most
	// (164.528(a)(2)(ii)(C)). A written one that follows is another Suspension.
	Oral bool
	// Until is the time that the agency specified; a written statement must, an
	// oral one may.
	Until time.Time
}

// ErrSuspension reports a statement on file that is not what the rule asks for.
// Nothing is answered then: left out, it could impede an investigation; kept
// in, it could withhold what a patient has a right to.
//
// Controls: HIPAA 164.528(a).
var ErrSuspension = errors.New("disclosure: suspension: wants recipients, an official, a date, and of a written one the time specified")

// end is when the suspension ends. An oral one ends on the 30th day after the
// statement; days are those of the organisation.
func (s Suspension) end(zone *time.Location) (time.Time, error) {
	if len(s.Recipients) == 0 || s.Official == "" || s.Stated.IsZero() {
		return time.Time{}, ErrSuspension
	}
	if !s.Oral && !s.Until.After(s.Stated) {
		return time.Time{}, ErrSuspension
	}
	if !s.Oral {
		return s.Until, nil
	}
	limit := dayAfter(s.Stated, 31, zone)
	if s.Until.IsZero() || s.Until.After(limit) {
		return limit, nil
	}
	return s.Until, nil
}

// dayAfter is when the day begins that is n after that of t.
func dayAfter(t time.Time, n int, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d+n, 0, 0, 0, 0, zone)
}
