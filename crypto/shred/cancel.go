package shred

import "context"

// Cancel takes an order back of which nothing was carried out yet, as the
// person in ctx: an order that waits for its approval, or, for keys, one that is
// approved and could not begin, because its export fails or a hold came. o must
// be what was requested. One person who is authorised for [StepCancel] is
// enough, also one of the two. To cancel again changes nothing.
//
// It returns [ErrUnknown], [ErrOrder], [ErrDenied], or [ErrUnderway] if it was
// too late.
func (s *Shredder) Cancel(ctx context.Context, id string, o Order) error {
	if err := o.validate(); err != nil {
		return err
	}
	by, err := s.begin(ctx, StepCancel, &o)
	if err != nil {
		return err
	}
	if err := s.authorize(ctx, by, StepCancel, &o); err != nil {
		return err
	}
	requested, err := s.requested(ctx, id)
	if err != nil {
		return err
	}
	if err := s.meant(ctx, requested, &o); err != nil {
		return err
	}
	return s.register.add(ctx, func(st *state) (*entry, error) {
		switch o := st.orders[id]; {
		case o.cancelled:
			return nil, nil
		case o.begun():
			return nil, ErrUnderway
		}
		return &entry{Cancel: &cancelEntry{ID: id, By: *by}}, nil
	})
}
