package workforce

import "context"

// A Cutter ends what is in flight of an account in this process: it returns
// once nothing of it can leave any more. A *access.Guard is one. It must be
// safe for concurrent use, may be called twice for one account, and returns
// soon after ctx is done, with an error if something may still leave.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
type Cutter interface {
	Cut(ctx context.Context, tenant, id string) error
}

// A Revoker ends the sessions of an account, wherever they are kept. It has
// the rules of a Cutter.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
type Revoker interface {
	Revoke(ctx context.Context, tenant, account string) error
}
