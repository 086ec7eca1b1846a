package crypto

import "context"

// Verify opens a value that was sealed at ref, a whole row of [Rows] or the
// header of a blob (the segments behind it are not read), and drops what was
// in it: nil says that it opens. It is for jobs that prove stored values. The
// plaintext does not leave the Sealer, so that it is no opening: neither Check
// nor an Entry is asked. It returns the errors of [Sealer.AppendOpen].
func (s *Sealer) Verify(ctx context.Context, sealed []byte, ref Ref) error {
	if err := ref.validate(); err != nil {
		return err
	}
	if s.keys == nil { // the zero Sealer
		return ErrTenant
	}
	switch {
	case rowForm.prefixSize(sealed) > 0:
		return s.verifyRow(ctx, sealed, &ref)
	case blobForm.prefixSize(sealed) > 0:
		fileKey, err := s.openFileKey(ctx, sealed, &ref)
		clear(fileKey)
		return err
	}
	buf := s.moving.Get().(*[]byte)
	plaintext, err := s.open(ctx, (*buf)[:0], sealed, &ref)
	s.forget(buf, plaintext)
	return err
}

func (s *Sealer) verifyRow(ctx context.Context, sealed []byte, ref *Ref) error {
	if !wellFormedRow(sealed) {
		return ErrOpen
	}
	key, err := s.bindOpen(ctx, rowForm, sealed, ref)
	if err != nil {
		return err
	}
	row := SealedRow{sealed}
	return row.items(func(item rowItem) error {
		plain, err := key.openItem(item, ref)
		clear(plain)
		return err
	})
}
