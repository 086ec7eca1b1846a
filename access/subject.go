package access

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// A Subject is what is known of a principal now. A SubjectSource makes a new
// one whenever something changes: once returned, a Subject must not be changed
// any more, and it must not be copied. The zero Subject is not active, and
// every decision about it is a denial.
//
// Controls: HIPAA 164.308(a)(3)(ii)(A), 164.308(a)(3)(ii)(B), 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
type Subject struct {
	// Active says that the account may be used. It is false once it was
	// terminated, suspended, or never opened.
	Active bool
	// Roles are the roles that are granted now.
	Roles []string
	// Trained says when each course was last completed. A time more than a
	// minute ahead is none.
	Trained map[string]time.Time
	// Epoch grows whenever what was given out to the principal before
	// (a token, a session) must no longer count.
	Epoch uint64

	compiled atomic.Pointer[standing]
}

// A SubjectSource is a RoleSource that knows more of a principal than its
// roles: whether the account is active, and what training it has. A Guard asks
// it instead of Roles. It keeps to the rules of RoleSource; an unknown principal
// is nil without an error, and is denied.
//
// Controls: HIPAA 164.308(a)(3)(ii)(A), 164.308(a)(3)(ii)(B), 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
type SubjectSource interface {
	RoleSource
	Subject(ctx context.Context, p safeguard.Principal) (*Subject, error)
}
