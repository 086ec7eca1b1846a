package crypto

import "context"

// groups returns how many groups there are in row. The first must open at
// place, so that a forged row costs no message of the key that it would move to.
func (b *bound) groups(row SealedRow, place *Ref) (n uint64, err error) {
	err = row.items(func(item rowItem) error {
		if n++; n > 1 {
			return nil
		}
		plain, err := b.openItem(item, place)
		clear(plain)
		return err
	})
	return n, err
}

// moveRow opens every group of a row that was sealed at from, seals it
// again for to under the newest key, and appends the row to dst.
func (s *Sealer) moveRow(ctx context.Context, dst, sealed []byte, from, to *Ref) ([]byte, error) {
	if !wellFormedRow(sealed) {
		return nil, ErrOpen
	}
	row := SealedRow{sealed}
	old, err := s.bindOpen(ctx, rowForm, sealed, from)
	if err != nil {
		return nil, err
	}
	groups, err := old.groups(row, from)
	if err != nil {
		return nil, err
	}
	if err := s.renew(ctx, to); err != nil {
		return nil, err
	}
	key, err := s.bindSeal(ctx, rowForm, to, groups)
	if err != nil {
		return nil, err
	}
	w := rowWriter{sealer: s, key: key, ref: *to, aad: s.scratch.Get().(*[]byte)}
	defer s.scratch.Put(w.aad)
	w.place()
	w.dst = append(room(dst, sealed, len(sealed)+subjectPrefix), key.head()...)
	if err := row.items(func(item rowItem) error { return w.move(&old, item, from) }); err != nil {
		return nil, err
	}
	return w.dst, nil
}
