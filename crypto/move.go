package crypto

import (
	"context"
)

// AppendRewrap opens a value that was sealed at ref, seals it again for the
// same place under the newest key, and appends that to dst.
func (s *Sealer) AppendRewrap(ctx context.Context, dst, sealed []byte, ref Ref) ([]byte, error) {
	return s.AppendRebind(ctx, dst, sealed, ref, ref)
}

// AppendRebind moves a value from one place to another of the same tenant.
func (s *Sealer) AppendRebind(ctx context.Context, dst, sealed []byte, from, to Ref) ([]byte, error) {
	return nil, ErrOpen
}
