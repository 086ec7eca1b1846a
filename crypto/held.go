package crypto

import (
	"context"
	"errors"

	"github.com/safeguard-sdk/safeguard"
)

// Held reports whether the keys of a patient are under a legal hold, as the
// store has it at this moment; those of a patient without keys are not. It
// returns [ErrShredded] for keys that are destroyed, or are about to be, and
// the error of the Keys or the store. A hold that is kept elsewhere, such as in
// the register of package shred before it was applied to this store, is not
// seen.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func (s *Sealer) Held(ctx context.Context, tenant string, p safeguard.Patient) (bool, error) {
	name, err := s.SubjectName(ctx, tenant, p)
	if errors.Is(err, ErrNotFound) {
		return false, nil // the tenant has no subjects
	}
	if err != nil {
		return false, err
	}
	_, rec, err := s.readRecord(ctx, tenant, name)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil && rec.Held, err
}
