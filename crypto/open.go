package crypto

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/safeguard-sdk/safeguard/audit"
)

// AppendOpen opens a value that was sealed for the place ref and appends the
// plaintext to dst. A value opened is noted in the [audit.Entry] of ctx; if
// the note is refused, so is the value.
//
// It returns [ErrOpen] for every value that is not as it was sealed at ref,
// [ErrShredded] for a Subject whose key was destroyed, [ErrRef], [ErrTenant],
// or what the store, the audit or the context returned; there is then no
// plaintext. It never makes a key. It allocates nothing where dst has room,
// does not overlap sealed, the key is ready and ctx has no Entry.
func (s *Sealer) AppendOpen(ctx context.Context, dst, sealed []byte, ref Ref) ([]byte, error) {
	if err := ref.validate(); err != nil {
		return nil, err
	}
	start := len(dst)
	out, err := s.open(ctx, dst, sealed, &ref)
	if err != nil {
		s.stats.refused.Add(1)
		return nil, err
	}
	if err := audit.EntryFrom(ctx).NoteOpened(ref.Table, ref.Column, ref.Subject.patient); err != nil {
		clear(out[start:])
		s.stats.refused.Add(1)
		return nil, fmt.Errorf("crypto: open: audit: %w", err)
	}
	s.stats.opened.Add(1)
	return out, nil
}

func (s *Sealer) open(ctx context.Context, dst, sealed []byte, ref *Ref) ([]byte, error) {
	if !wellFormed(sealed) || (sealed[0] == formatTink) != ref.Subject.none {
		return nil, ErrOpen
	}
	if ref.Subject.none {
		return s.openTenant(ctx, dst, sealed, ref)
	}
	return s.openSubject(ctx, dst, sealed, ref)
}

func (s *Sealer) openTenant(ctx context.Context, dst, sealed []byte, ref *Ref) ([]byte, error) {
	ks, err := s.keyset(ctx, ref.Tenant)
	if err != nil {
		return nil, err
	}
	aad := s.scratch.Get().(*[]byte)
	defer s.scratch.Put(aad)
	*aad = appendField((*aad)[:0], ref, nil)
	dst = room(dst, sealed, len(sealed)-tinkPrefix-nonceSize-tagSize)
	return ks.open(dst, sealed, *aad)
}

func (s *Sealer) openSubject(ctx context.Context, dst, sealed []byte, ref *Ref) ([]byte, error) {
	key, err := s.openingKey(ctx, sealed, ref)
	if err != nil {
		return nil, err
	}
	aad := s.scratch.Get().(*[]byte)
	defer s.scratch.Put(aad)
	*aad = appendField((*aad)[:0], ref, sealed[:subjectPrefix])
	dst = room(dst, sealed, len(sealed)-subjectPrefix-nonceSize-tagSize)
	out, err := key.aead.Open(dst, nil, sealed[subjectPrefix:], *aad)
	if err != nil {
		return nil, ErrOpen
	}
	return out, nil
}

// openingKey returns the key that sealed names. A version newer than the
// ready ones may have been made by another process, so it is looked for once
// in the store.
func (s *Sealer) openingKey(ctx context.Context, sealed []byte, ref *Ref) (*subjectKey, error) {
	id := subjectID{ref.Tenant, ref.Subject.patient}
	version := binary.BigEndian.Uint32(sealed[5:])
	keys, err := s.subject(ctx, id, false)
	if err == nil && version > keys[len(keys)-1].version {
		keys, err = s.loadSubject(ctx, id, false)
	}
	if errors.Is(err, ErrNotFound) {
		return nil, ErrOpen
	}
	if err != nil {
		return nil, err
	}
	if key := keys.find(version); key != nil {
		return key, nil
	}
	return nil, ErrOpen
}
