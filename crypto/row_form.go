package crypto

import (
	"context"
	"crypto/cipher"
	"encoding/binary"
)

// A form is a kind of container: what its key is used for, and the first byte
// of one sealed under a tenant's key and of one sealed under a subject's.
type form struct{ purpose, tenant, subject byte }

// bound is a key and the prefix that a container under it begins with: the
// first byte, the tenant key id and, for a subject, the key version. The first
// five bytes are laid out as those of a sealed value, so that one index finds
// what is stale of both.
type bound struct {
	form
	aead   cipher.AEAD
	prefix [subjectPrefix]byte
	size   int // of the prefix
}

func (b *bound) head() []byte { return b.prefix[:b.size] }

// bindSeal returns the key that seals for ref, with so many messages of it
// spent, at least one.
func (s *Sealer) bindSeal(ctx context.Context, f form, ref *Ref, messages uint64) (bound, error) {
	b := bound{form: f}
	if !ref.Subject.none {
		key, err := s.sealingKeyFor(ctx, subjectID{ref.Tenant, ref.Subject.patient}, messages)
		if err != nil {
			return b, err
		}
		b.set(f.subject, key.born, key.aead)
		b.version(key.version)
		return b, nil
	}
	ks, err := s.keyset(ctx, ref.Tenant)
	if err != nil {
		return b, err
	}
	if err := s.spendN(ctx, ref.Tenant, ks.primary, messages); err != nil {
		return b, err
	}
	b.set(f.tenant, ks.primary.id, ks.primary.aead)
	return b, nil
}

// bindOpen returns the key that a container was sealed under. It must be long
// enough for a prefix.
func (s *Sealer) bindOpen(ctx context.Context, f form, sealed []byte, ref *Ref) (bound, error) {
	b := bound{form: f}
	if n := f.prefixSize(sealed); n == 0 || (n == tinkPrefix) != ref.Subject.none {
		return b, ErrOpen
	}
	id := binary.BigEndian.Uint32(sealed[1:])
	if !ref.Subject.none {
		version := binary.BigEndian.Uint32(sealed[tinkPrefix:])
		key, err := s.openingKey(ctx, subjectID{ref.Tenant, ref.Subject.patient}, version)
		if err != nil {
			return b, err
		}
		b.set(f.subject, id, key.aead)
		b.version(version)
		return b, nil
	}
	ks, err := s.keyset(ctx, ref.Tenant)
	if err != nil {
		return b, err
	}
	key := ks.find(id)
	if key == nil {
		return b, ErrOpen
	}
	b.set(f.tenant, id, key.aead)
	return b, nil
}

// prefixSize returns the length of the prefix of a container of the form, or
// 0 if sealed does not begin with one.
func (f form) prefixSize(sealed []byte) int {
	switch {
	case len(sealed) >= tinkPrefix && sealed[0] == f.tenant:
		return tinkPrefix
	case len(sealed) >= subjectPrefix && sealed[0] == f.subject:
		return subjectPrefix
	}
	return 0
}

func (b *bound) set(first byte, id uint32, aead cipher.AEAD) {
	b.aead, b.prefix[0], b.size = aead, first, tinkPrefix
	binary.BigEndian.PutUint32(b.prefix[1:], id)
}

func (b *bound) version(v uint32) {
	binary.BigEndian.PutUint32(b.prefix[tinkPrefix:], v)
	b.size = subjectPrefix
}

// appendPlace appends the associated data of a container at ref: that of a
// field, but with the purpose of the form and always with the prefix.
func (b *bound) appendPlace(dst []byte, ref *Ref) []byte {
	place := *ref
	place.purpose = b.purpose
	dst = appendField(dst, &place, nil)
	return append(dst, b.head()...)
}
