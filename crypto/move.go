package crypto

import (
	"context"
	"fmt"
)

// maxMoving bounds a buffer that is kept for the next value that is moved.
const maxMoving = 64 << 10

var errVersions = fmt.Errorf("%w: the Subject has as many versions as it may; prune", ErrLimit)

// AppendRewrap opens a value that was sealed at ref, seals it again for the
// same place under the newest key, and appends that to dst. The result carries
// the key id that [Sealer.Current] returns; a Subject whose key was not made
// under it gets a new version. The plaintext leaves the Sealer neither to the
// caller nor to a buffer that is not cleared, so that it is no opening: neither
// Check nor an Entry is asked.
//
// A value that is not stale is sealed again too, which costs a message of the
// key: ask [KeyID] first. It returns the errors of [Sealer.AppendOpen] and
// [Sealer.AppendSeal]; dst is then not to be used, and sealed is as it was. It
// allocates what they allocate.
func (s *Sealer) AppendRewrap(ctx context.Context, dst, sealed []byte, ref Ref) ([]byte, error) {
	if err := ref.validate(); err != nil {
		return nil, err
	}
	return s.move(ctx, dst, sealed, &ref, &ref)
}

// AppendRebind is [Sealer.AppendRewrap] from one place to another of the same
// tenant, for instance when two records turn out to be one patient, or were
// taken for one. The result opens at to only. The old value goes on opening at
// from until the program has replaced it, in backups also.
//
// Whether the data belongs to the patient of to is for the program to decide
// and to record. It returns [ErrRef] for another tenant, and for what would
// take a patient's data to NoSubject, where shredding does not reach it.
func (s *Sealer) AppendRebind(ctx context.Context, dst, sealed []byte, from, to Ref) ([]byte, error) {
	if err := from.validate(); err != nil {
		return nil, err
	}
	if err := to.validate(); err != nil {
		return nil, err
	}
	if from.Tenant != to.Tenant {
		return nil, fmt.Errorf("%w: Tenant differs", ErrRef)
	}
	if to.Subject.none && !from.Subject.none {
		return nil, fmt.Errorf("%w: Subject is a patient at from only", ErrRef)
	}
	return s.move(ctx, dst, sealed, &from, &to)
}

// move seals at to what was sealed at from, under the newest key. Both were
// validated. The plaintext is in a buffer of the Sealer's, which is cleared.
func (s *Sealer) move(ctx context.Context, dst, sealed []byte, from, to *Ref) ([]byte, error) {
	if s.keys == nil { // the zero Sealer
		return nil, ErrTenant
	}
	switch {
	case rowForm.prefixSize(sealed) > 0:
		return s.moveRow(ctx, dst, sealed, from, to)
	case blobForm.prefixSize(sealed) > 0:
		return s.moveBlob(ctx, dst, sealed, from, to)
	}
	buf := s.moving.Get().(*[]byte)
	plaintext, err := s.open(ctx, (*buf)[:0], sealed, from)
	if err == nil {
		err = s.renew(ctx, to)
	}
	if err == nil {
		dst, err = s.seal(ctx, dst, plaintext, to)
	}
	s.forget(buf, plaintext)
	if err != nil {
		return nil, err
	}
	return dst, nil
}

// forget clears the plaintext that was opened into buf, and keeps the larger of
// the two for the next value.
func (s *Sealer) forget(buf *[]byte, plaintext []byte) {
	clear(plaintext)
	if cap(plaintext) > cap(*buf) && cap(plaintext) <= maxMoving {
		*buf = plaintext[:0]
	}
	s.moving.Put(buf)
}

// renew makes sure that a Subject seals with a key that was made under the
// primary.
func (s *Sealer) renew(ctx context.Context, ref *Ref) error {
	if ref.Subject.none {
		return nil
	}
	ks, err := s.keyset(ctx, ref.Tenant)
	if err != nil {
		return err
	}
	id := subjectID{ref.Tenant, ref.Subject.patient}
	ready, err := s.subject(ctx, id, true)
	if err != nil || ready.sealing.born == ks.primary.id {
		return err
	}
	ready, err = s.loadSubject(ctx, id, need{sealing: true, newest: true})
	if err == nil && ready.sealing.born != ready.primary {
		return errVersions
	}
	return err
}
