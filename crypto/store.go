package crypto

import "context"

// SubjectKeys is a store of wrapped subject keys. [NewDirSubjects] keeps them
// in files; implement it over a database of your own, and run the cases of
// package cryptotest against it. One table does:
// (tenant, name) primary key, record, destroyed.
//
// Records are opaque, at most 64 KiB, and encrypted. Names are 1 to 64
// characters of a-z and 0-9, made by a keyed hash: neither shows who the
// subject is. The first record of a tenant is always that under "index", the
// key of that hash; a store may refuse to make it where others are, and should:
// made anew it hides them. The rules:
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
