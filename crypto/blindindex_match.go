package crypto

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
)

// Matches reports whether the cell that was sealed at ref holds value, both
// taken after transforms: those of an index's part for what a search found by
// it. It is how a program tells the hits of a search from its false positives.
// The cell is opened inside the Sealer, compared in constant time and cleared.
// A hit is an opening, noted in the [audit.Entry] of ctx as one by
// [Sealer.AppendOpen]. A miss is not: the caller learns of a patient only that
// they are somebody else, and a note would say that they were looked at. Misses
// are counted, as "compared" in Report.
//
// It answers a guess, so who may call it without end finds out values. It needs
// an Entry and asks Check as every opening does; put it behind the same access
// control, and bound how often a caller may ask.
//
// It returns [ErrIndexValue] for a value that the transforms refuse; a cell
// that they refuse does not match. Other errors are those of AppendOpen.
func (s *Sealer) Matches(ctx context.Context, sealed, value []byte, ref Ref, transforms ...Transform) (bool, error) {
	if len(transforms) > maxTransforms || slices.ContainsFunc(transforms, func(t Transform) bool { return !t.valid() }) {
		return false, errors.New("crypto: index: unknown transform, or more than 8")
	}
	entry, err := s.admit(ctx, &ref)
	if err != nil {
		return false, err
	}
	if s.keys == nil { // the zero Sealer
		return false, ErrTenant
	}
	hit, err := s.compare(ctx, sealed, value, &ref, transforms)
	if err == nil && !hit {
		s.stats.compared.Add(1)
		return false, nil
	}
	if err == nil {
		if err = entry.NoteOpened(ref.Table, ref.Column, ref.Subject.patient); err != nil {
			err = fmt.Errorf("crypto: open: audit: %w", err)
		}
	}
	if err != nil {
		s.stats.refused.Add(1)
		return false, err
	}
	s.stats.opened.Add(1)
	return true, nil
}

// compare opens a cell and compares it.
func (s *Sealer) compare(ctx context.Context, sealed, value []byte, ref *Ref, transforms []Transform) (bool, error) {
	want, memory, err := transformed(value, transforms)
	defer clear(memory)
	if err != nil {
		return false, err
	}
	buf := s.moving.Get().(*[]byte)
	plaintext, err := s.open(ctx, (*buf)[:0], sealed, ref)
	defer s.forget(buf, plaintext)
	if err != nil {
		return false, err
	}
	got, memory2, err := transformed(plaintext, transforms)
	defer clear(memory2)
	return err == nil && subtle.ConstantTimeCompare(got, want) == 1, nil
}

// transformed returns a value after transforms, and the memory that it is in,
// which the caller clears.
func transformed(value []byte, transforms []Transform) (out, memory []byte, err error) {
	if len(value) == 0 || len(value) > MaxIndexValue {
		return nil, nil, badValue("not 1 to 1024 bytes")
	}
	memory = make([]byte, 3*len(value)+spare)
	out, err = transform(memory[:copy(memory, value)], transforms)
	return out, memory, err
}
