package crypto

import (
	"context"
	"encoding/binary"
)

// A TokenEraser forgets a subject's tokens. Shredding a subject calls it: a
// token is a keyed hash of a value and outlives the subject's key otherwise.
//
// EraseTokens removes every token of every index that was stored for
// subjectName ([Sealer.SubjectName]) in tenant, returns how many there were,
// and may be repeated. From then on the store refuses new ones for that subject
// with [ErrShredded], so that a late writer brings none back.
//
// Controls: HIPAA 164.310(d)(2)(i).
type TokenEraser interface {
	EraseTokens(ctx context.Context, tenant, subjectName string) (n int64, err error)
}

// A TokenRow is the tokens of one row in one index. It holds no value, but who
// reads it learns which rows may be equal: treat it as PHI at rest.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type TokenRow struct {
	// Tenant and Index ([BlindIndex.ID]) are the index. Row is the row, as in
	// a Ref. None is empty.
	Tenant, Index, Row string
	// SubjectName is whose row it is ([Sealer.SubjectName]), empty for
	// nobody's.
	SubjectName string
	// Tokens are one for each value of the row, all of one version. A row
	// without a value has the single token of [BlindIndex.AppendNull]; no
	// tokens at all remove the row from the index.
	Tokens [][]byte
}

// A TokenStore keeps the tokens of blind indexes apart from the data. Package
// cryptotest has its conformance suite; the one table is
//
//	(tenant, index, row, token) primary key, subject
//
// with indexes on (tenant, index, token) and (tenant, subject), and one of the
// erased (tenant, subject). A program may instead keep the token in a column
// beside the sealed one, and needs then only a [TokenEraser] of its own. The
// rules:
//
//   - Tokens are opaque bytes, 4 to 36 of them, and compare bytewise. The first
//     four are the version of the index key, big-endian ([TokenVersion]), so
//     that the tokens of older versions are one range of the index.
//   - Put makes r.Tokens the only tokens of the row in that index.
//   - Fill does the same, and reports true, where the row has no token of the
//     version of r.Tokens or a later one; otherwise it changes nothing and
//     reports false. Compare and store are one atomic step, so that a backfill
//     never overwrites what the application wrote meanwhile.
//   - After EraseTokens of a subject, Put and Fill for it return [ErrShredded].
//   - Find returns the rows that have one of tokens, each once, in ascending
//     order of the row's bytes, after the row after ("" is the start), at most
//     max. No tokens find no rows.
//   - Stale returns in the same way the rows that have a token of a version
//     before version.
//   - Tenants and indexes are apart. A returned or passed slice belongs to the
//     caller. All methods are safe for concurrent use and honour ctx; what
//     they acknowledge survives a crash.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type TokenStore interface {
	TokenEraser
	Put(ctx context.Context, r TokenRow) error
	Fill(ctx context.Context, r TokenRow) (bool, error)
	Find(ctx context.Context, tenant, index string, tokens [][]byte, after string, max int) ([]string, error)
	Stale(ctx context.Context, tenant, index string, version uint32, after string, max int) ([]string, error)
}

// tokenPrefix is the length of the version in front of a token.
const tokenPrefix = 4

// TokenVersion returns the version of the index key that made a token, and
// false for bytes that are no token.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TokenVersion(token []byte) (uint32, bool) {
	if len(token) < tokenPrefix {
		return 0, false
	}
	version := binary.BigEndian.Uint32(token)
	return version, version != 0
}
