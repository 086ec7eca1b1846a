package crypto

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"slices"
	"sync"
)

// MaxIndexValue is the longest value that an index takes, in bytes.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
const MaxIndexValue = 1024

// A Search is the blind indexes of one table: sealed columns are searched by
// tokens, keyed hashes (HMAC-SHA256) of their values that were cut to a planned
// width. A search finds the rows of its value and some more, of other patients;
// the program compares what was found by [Sealer.Matches], which notes openings
// of the hits alone. Opened by AppendOpen instead, every false positive is in
// the audit log as an access to a patient whom nobody looked for.
//
// Who reads the tokens without the keys cannot compute the token of a value
// and sees nothing across tenants, tables, columns or indexes, or across
// versions of the keys. They do see which rows of one index have the same
// token, and so how frequent the tokens are. Who may ask the service to search
// can test guesses: put searches behind the same access control as openings.
//
// A Search is immutable, safe for concurrent use and never prints. The zero
// Search has no indexes.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Search struct {
	indexes []*BlindIndex
}

// NewSearch returns the indexes of a table, under the keys of s, which must
// have a store for subjects: the root key of each tenant lies there, under
// "search", wrapped under the tenant's keyset. It returns [ErrIndexWidth] for a
// width that tells too much or finds too much, taken over all indexes of a
// column, and for columns of too few values or rows.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func NewSearch(s *Sealer, t IndexedTable) (*Search, error) {
	if s == nil || s.keys == nil {
		return nil, errors.New("crypto: index: no sealer")
	}
	if s.store == nil {
		return nil, errNoStore
	}
	if err := t.validate(); err != nil {
		return nil, err
	}
	if err := t.safe(); err != nil {
		return nil, err
	}
	search := new(Search)
	for _, x := range t.Indexes {
		search.indexes = append(search.indexes, newBlindIndex(s, t.Table, x))
	}
	return search, nil
}

// Index returns the index of a name, nil if there is none.
func (s *Search) Index(name string) *BlindIndex {
	i := slices.IndexFunc(s.indexes, func(x *BlindIndex) bool { return x.spec.Name == name })
	if i < 0 {
		return nil
	}
	return s.indexes[i]
}

// Indexes returns all of them, in the order of their declaration.
func (s *Search) Indexes() []*BlindIndex { return slices.Clone(s.indexes) }

// Format writes a redaction under every verb.
func (*Search) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[search]") }

// A BlindIndex makes the tokens of one index. [NewSearch] makes it. It is safe
// for concurrent use and never prints; ready keys stay in memory for the
// SubjectTTL of the Sealer. The zero BlindIndex makes no tokens.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type BlindIndex struct {
	sealer *Sealer
	table  string
	spec   IndexSpec
	id     string
	ready  *cache[*searchKeys]
}

func newBlindIndex(s *Sealer, table string, x IndexSpec) *BlindIndex {
	x.Parts = slices.Clone(x.Parts)
	for i := range x.Parts {
		x.Parts[i].Transforms = slices.Clone(x.Parts[i].Transforms)
	}
	return &BlindIndex{sealer: s, table: table, spec: x, id: x.id(table), ready: newCache[*searchKeys](indexCache)}
}

// ID names the index in a [TokenStore]: table, name, and eight digits that
// change with what the index is derived from.
func (x *BlindIndex) ID() string { return x.id }

// Format writes a redaction under every verb.
func (*BlindIndex) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[blind index]") }

// AppendToken appends the token of a row's values, one for each part of the
// index, to dst, under the key that writes:
//
//	key version (4, big-endian) | the first bits of the hash, padded with zeros
//
// It makes the tenant's first key. It returns [ErrIndexValue] for a value that
// is empty, longer than [MaxIndexValue] or not what a transform reads, the
// errors of AppendSeal, or what the store or the context returned. It allocates
// nothing where dst has room and the key is ready.
func (x *BlindIndex) AppendToken(ctx context.Context, dst []byte, tenant string, values ...[]byte) ([]byte, error) {
	keys, err := x.keys(ctx, tenant, true)
	if err != nil {
		return nil, err
	}
	return x.appendToken(dst, keys.write, values)
}

// AppendNull appends the token of a row that has no value. No search finds it;
// it says that the row was looked at, so that a backfill leaves it alone.
func (x *BlindIndex) AppendNull(ctx context.Context, dst []byte, tenant string) ([]byte, error) {
	keys, err := x.keys(ctx, tenant, true)
	if err != nil {
		return nil, err
	}
	return binary.BigEndian.AppendUint32(dst, keys.write.version), nil
}

// Tokens returns the tokens to search for, one for each live key, the newest
// first: one, and two during a rotation. It returns none, and no error, for a
// tenant that has no key yet, and so no tokens. Errors are those of
// AppendToken.
func (x *BlindIndex) Tokens(ctx context.Context, tenant string, values ...[]byte) ([][]byte, error) {
	keys, err := x.keys(ctx, tenant, false)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	tokens := make([][]byte, 0, len(keys.live))
	for _, key := range slices.Backward(keys.live) {
		token, err := x.appendToken(nil, key, values)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, token)
	}
	return tokens, nil
}

// Row returns the tokens of a row with one value, or none for a row with no
// values, ready for a [TokenStore]. The Table and Column of ref are not read.
func (x *BlindIndex) Row(ctx context.Context, ref Ref, values ...[]byte) (TokenRow, error) {
	r := TokenRow{Tenant: ref.Tenant, Index: x.id, Row: ref.Row}
	ref.Table, ref.Column = x.table, x.spec.Name
	if err := ref.validate(); err != nil {
		return TokenRow{}, err
	}
	var err error
	if !ref.Subject.none {
		if r.SubjectName, err = x.sealer.SubjectName(ctx, ref.Tenant, ref.Subject.patient); err != nil {
			return TokenRow{}, err
		}
	}
	var token []byte
	if len(values) == 0 {
		token, err = x.AppendNull(ctx, nil, ref.Tenant)
	} else {
		token, err = x.AppendToken(ctx, nil, ref.Tenant, values...)
	}
	if err != nil {
		return TokenRow{}, err
	}
	r.Tokens = [][]byte{token}
	return r, nil
}

// A searchKey is the key of one version in one index of one tenant, as ready
// hashes.
type searchKey struct {
	version uint32
	pool    sync.Pool // of *searchHash
}

// A searchHash is one hash and the memory to transform a value in.
type searchHash struct {
	mac hash.Hash
	buf [3*MaxIndexValue + spare]byte
	sum [sha256.Size]byte
}

// spare is the memory for a value's length in front of it and a Soundex code
// behind it.
const spare = 16

// wipe clears what the transforms of a value of n bytes may have written:
// lower case has at most half as many bytes more.
func (h *searchHash) wipe(n int) { clear(h.buf[:3*n+spare]) }

func newSearchKey(version uint32, key []byte) *searchKey {
	k := &searchKey{version: version}
	k.pool.New = func() any { return &searchHash{mac: hmac.New(sha256.New, key)} }
	return k
}

func (x *BlindIndex) appendToken(dst []byte, key *searchKey, values [][]byte) ([]byte, error) {
	if len(values) != len(x.spec.Parts) {
		return nil, badValue("not one value for each part")
	}
	h := key.pool.Get().(*searchHash)
	defer func() {
		h.mac.Reset() // it holds the last bytes of the value
		key.pool.Put(h)
	}()
	for i, v := range values {
		if err := h.write(v, x.spec.Parts[i].Transforms); err != nil {
			return nil, err
		}
	}
	bits := x.spec.width()
	sum := h.mac.Sum(h.sum[:0])[:(bits+7)/8]
	if odd := bits % 8; odd != 0 {
		sum[len(sum)-1] &= 0xff << (8 - odd)
	}
	dst = binary.BigEndian.AppendUint32(dst, key.version)
	return append(dst, sum...), nil
}

// write hashes one value after its transforms, its length first.
func (h *searchHash) write(value []byte, transforms []Transform) error {
	if len(value) == 0 {
		return badValue("empty")
	}
	if len(value) > MaxIndexValue {
		return badValue("longer than 1024 bytes")
	}
	defer h.wipe(len(value))
	out, err := transform(append(h.buf[:2], value...)[2:], transforms)
	if err != nil {
		return err
	}
	binary.BigEndian.PutUint16(h.buf[:], uint16(len(out)))
	_, _ = h.mac.Write(h.buf[:2+copy(h.buf[2:], out)]) // a hash never fails
	return nil
}
