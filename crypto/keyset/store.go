package keyset

import "context"

// A Store keeps the keyset files of tenants. [NewDirStore] keeps them in a
// directory; implement it over a database of your own, and run the cases of
// package keysettest against it. One table does: tenant primary key, content.
//
// Files are opaque, at most 1 MiB, and hold no key that is not encrypted. The
// rules:
//
//   - Read returns the file of a tenant. Where none is, it returns
//     [crypto.ErrTenant], which must never be mixed up with an outage.
//   - Write stores content if what is there equals old, byte for byte; a nil
//     old means that nothing is there. Otherwise it changes nothing and returns
//     [ErrConflict]. Compare and store are one atomic step against other
//     processes, and a crash leaves the old file or the new one, whole.
//   - Tenants returns at most max tenants that have a file and are greater
//     than after, in ascending order of their bytes; "" is before all. Fewer
//     than max means that there are no more; max is positive.
//   - What Write acknowledges survives a crash.
//   - Nothing removes a file: a keyset that was destroyed leaves one that says
//     so.
//   - A returned or passed slice belongs to the caller; the store copies.
//   - All methods are safe for concurrent use and honour ctx.
//
// Losing the store loses the data: back it up (package custody), apart from
// the data and from the key-encryption key.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
type Store interface {
	Read(ctx context.Context, tenant string) ([]byte, error)
	Write(ctx context.Context, tenant string, old, content []byte) error
	Tenants(ctx context.Context, after string, max int) ([]string, error)
}
