package scim

import (
	"context"
	"errors"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

var (
	// ErrNoAccount reports an account that does not exist. The answer is 404.
	//
	// Controls: none, it reports that there is nothing to do.
	ErrNoAccount = errors.New("scim: no such account")
	// ErrRefused reports what a Directory or an Opener will not do. The answer
	// is 403, so that the provider does not try again.
	//
	// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
	ErrRefused = errors.New("scim: refused")
	// ErrAmbiguous reports that a user name stands for several accounts. The
	// answer is 409, so that somebody looks.
	//
	// Controls: HIPAA 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01.
	ErrAmbiguous = errors.New("scim: several accounts of that name")
)

// An Account is what the endpoint shows of an account. It is a plain value.
//
// Controls: HIPAA 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01.
type Account struct {
	// ID identifies the account for good; it is never reassigned.
	ID string
	// UserName is the name by which the provider finds it.
	UserName string
	// ExternalID is the provider's own identifier, empty if it is not kept.
	ExternalID string
	// Active says that the account may be used.
	Active bool
	// Created and Modified may be zero.
	Created, Modified time.Time
}

// A Key is an attribute by which a provider looks for an account.
//
// Controls: none, names of attributes.
type Key string

// The keys. User names compare without regard to case (RFC 7643, section
// 4.1.1), the others exactly.
//
// Controls: none, names of attributes.
const (
	ByID         Key = "id"
	ByUserName   Key = "userName"
	ByExternalID Key = "externalId"
)

// A Directory holds the accounts that a provider may end. It must be safe for
// concurrent use and return soon after ctx is done.
//
//   - Find returns the account whose key is value, or ErrNoAccount, or
//     ErrAmbiguous if there are several. A Directory that does not keep external
//     ids returns ErrNoAccount for ByExternalID.
//   - Terminate ends the account and returns nil only when nobody can act for
//     it any more, in any process. An account that has ended already is a
//     success, once that is so. by is who asked. Another error than ErrNoAccount
//     and ErrRefused means that it is unknown whether it has ended: the
//     provider is told to try again.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-01, PR.AA-05.
type Directory interface {
	Find(ctx context.Context, key Key, value string) (Account, error)
	Terminate(ctx context.Context, by safeguard.Principal, id string) error
}

// A Lister is an optional power of a Directory: it answers a question for all
// accounts, which some providers ask to try the connection, and to find what they
// have forgotten. Without it that is refused (400).
//
// List returns at most count accounts from the start'th on, of which the first is
// 1, in an order that stays the same from call to call, and how many there are.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-01.
type Lister interface {
	List(ctx context.Context, start, count int) (accounts []Account, total int, err error)
}

// An Opener is an optional power: what creates accounts and ends their
// suspension or termination. Without one both are refused. An account that it
// opens should have no grant. It answers ErrRefused for what it will not do.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.308(a)(3)(ii)(A); NIST CSF 2.0 PR.AA-01, PR.AA-05.
type Opener interface {
	Open(ctx context.Context, by safeguard.Principal, userName, externalID string) (Account, error)
	Reopen(ctx context.Context, by safeguard.Principal, id string) error
}
