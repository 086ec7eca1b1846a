package crypto

import (
	"context"
)

// A SubjectsReport counts what one call of [Sealer.RewrapSubjects] or
// [Sealer.PruneSubjects] did.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type SubjectsReport struct {
	// Records is how many living records were looked at.
	Records int
	// Changed is how many of them were written anew.
	Changed int
	// Keys is how many keys were wrapped anew, or dropped.
	Keys int
	// Held is how many records were left alone because of a legal hold.
	Held int
}

// RewrapSubjects wraps the keys of up to n records under the primary.
func (s *Sealer) RewrapSubjects(ctx context.Context, tenant, after string, n int) (next string, r SubjectsReport, err error) {
	return "", r, ErrNotListed
}

// PruneSubjects drops the versions that were born under the tenant key id.
func (s *Sealer) PruneSubjects(ctx context.Context, tenant string, id uint32, after string, n int) (next string, r SubjectsReport, err error) {
	return "", r, ErrNotListed
}
