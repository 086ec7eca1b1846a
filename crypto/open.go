package crypto

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/safeguard-sdk/safeguard/audit"
)

// AppendOpen opens a value that was sealed for the place ref and appends the
// plaintext to dst. It is noted in the [audit.Entry] of ctx; if the note is
// refused, so is the value.
//
// It returns [ErrOpen] for every value that is not as it was sealed at ref,
// [ErrShredded] for a Subject whose key was destroyed, [ErrUnaudited] where ctx
// has no Entry, [ErrRef], [ErrTenant], or what Check, the store, the audit or
// the context returned; there is then no plaintext. It never makes a key. It
// allocates nothing where dst has room, does not overlap sealed, the parts of
// ref have less than 230 bytes together, the key is ready, and the Entry has
// the note already.
func (s *Sealer) AppendOpen(ctx context.Context, dst, sealed []byte, ref Ref) ([]byte, error) {
	entry, err := s.admit(ctx, &ref)
	if err != nil {
		return nil, err
	}
	start := len(dst)
	out, err := s.open(ctx, dst, sealed, &ref)
	if err != nil {
		s.stats.refused.Add(1)
		return nil, err
	}
	if err := entry.NoteOpened(ref.Table, ref.Column, ref.Subject.patient); err != nil {
		clear(out[start:])
		s.stats.refused.Add(1)
		return nil, fmt.Errorf("crypto: open: audit: %w", err)
	}
	s.stats.opened.Add(1)
	return out, nil
}

// admit asks all that is asked before an opening, and returns the Entry that
// notes it, nil for UnsafeUnaudited without one.
func (s *Sealer) admit(ctx context.Context, ref *Ref) (*audit.Entry, error) {
	if err := ref.validate(); err != nil {
		return nil, err
	}
	entry := audit.EntryFrom(ctx)
	if entry == nil && !s.unaudited {
		s.stats.refused.Add(1)
		return nil, ErrUnaudited
	}
	if s.check == nil {
		return entry, nil
	}
	return entry, s.ask(ctx, ref)
}

// ask asks Check, of a copy so that no caller's Ref escapes.
func (s *Sealer) ask(ctx context.Context, ref *Ref) error {
	if err := s.check(ctx, *ref); err != nil {
		s.stats.refused.Add(1)
		return fmt.Errorf("crypto: open: check: %w", err)
	}
	return nil
}

// open is AppendOpen without question and note, for a Ref that was validated.
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
	var place [placeSize]byte
	aad := appendField(place[:0], ref, nil)
	ks, err := s.keyset(ctx, ref.Tenant)
	if err != nil {
		return nil, err
	}
	dst = room(dst, sealed, len(sealed)-tinkPrefix-nonceSize-tagSize)
	return ks.open(dst, sealed, unescaped(aad))
}

func (s *Sealer) openSubject(ctx context.Context, dst, sealed []byte, ref *Ref) ([]byte, error) {
	var place [placeSize]byte
	aad := appendField(place[:0], ref, sealed[:subjectPrefix])
	id := subjectID{ref.Tenant, ref.Subject.patient}
	key, err := s.openingKey(ctx, id, binary.BigEndian.Uint32(sealed[tinkPrefix:]))
	if err != nil {
		return nil, err
	}
	dst = room(dst, sealed, len(sealed)-subjectPrefix-nonceSize-tagSize)
	out, err := key.opener.open(dst, sealed[subjectPrefix:], unescaped(aad))
	if err != nil {
		return nil, ErrOpen
	}
	return out, nil
}
