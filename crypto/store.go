package crypto

import "context"

// SubjectKeys is a store of wrapped subject keys. [NewDirSubjects] keeps them
// in files; implement it over a database of your own, and run the cases of
// package cryptotest against it. One table does:
// (tenant, name) primary key, record, destroyed.
//
// Records are opaque, at most 64 KiB, and hold no key that is not wrapped.
// Names are 1 to 64 characters of a-z and 0-9. A subject's name has 64 of them,
// made by a keyed hash: neither shows who the subject is. Shorter ones are
// reserved: "index" is the key of that hash, "search" the root key of blind
// indexes, "budget" and eight digits the count of a tenant key. The index comes
// before the first name of 64 characters; a store may refuse to make it where
// such a name has a living record, and should: made anew it hides them. The rules:
//
//   - Get returns the record under (tenant, name). Where nothing was ever
//     stored it returns [ErrNotFound]; where something was destroyed,
//     [ErrShredded]. The two must never be mixed up, nor with an outage.
//   - Put stores record if what is there equals old, byte for byte; a nil old
//     means that nothing is there. Otherwise it changes nothing and returns
//     [ErrConflict], or ErrShredded after a Destroy. Compare and store are one
//     atomic step against other processes.
//   - Destroy removes the record for good and leaves a mark that Get and Put
//     answer with ErrShredded, also where nothing was. It may be repeated.
//   - What Put and Destroy acknowledge survives a crash.
//   - Tenants are apart: no call touches another tenant's records.
//   - A returned or passed slice belongs to the caller; the store copies.
//   - All methods are safe for concurrent use and honour ctx.
//
// Losing the store loses the data: back it up, apart from the data. A restored
// backup may hold keys that were destroyed since.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
type SubjectKeys interface {
	Get(ctx context.Context, tenant, name string) ([]byte, error)
	Put(ctx context.Context, tenant, name string, old, record []byte) error
	Destroy(ctx context.Context, tenant, name string) error
}

// SubjectLister is what a [SubjectKeys] store implements to take part in
// epochs ([Sealer.RewrapSubjects]) and in the shredding of a tenant.
//
// Names returns, in ascending order of their bytes, at most max names of
// living records of the tenant that are greater than after; "" is before all.
// Reserved names are among them, destroyed ones are not. A name that is stored
// while a caller walks through may be missed; one that is there all the time
// is not. Fewer than max names means that there are no more; max is positive.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type SubjectLister interface {
	Names(ctx context.Context, tenant, after string, max int) ([]string, error)
}
