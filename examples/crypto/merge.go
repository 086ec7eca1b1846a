package main

import "context"

// merge moves a value from one patient to another. Package rekey does it for
// whole tables, with a journal to undo it by.
func (s *story) merge(ctx context.Context) error {
	s.say("\n== Two charts of one person")
	from, to := place("notes", "text", "n-1", "Patient/ada-2"), place("notes", "text", "n-1", "Patient/ada")
	sealed, err := s.AppendSeal(ctx, nil, []byte("seen in the emergency room"), from)
	if err != nil {
		return err
	}
	moved, err := s.AppendRebind(ctx, nil, sealed, from, to)
	if err != nil {
		return err
	}
	_, err = s.AppendOpen(ctx, nil, moved, to)
	s.say("   Moved to the chart that stays, it opens there: %v", err)
	_, err = s.AppendOpen(ctx, nil, moved, from)
	s.say("   and no more in the other: %v", err)
	_, err = s.AppendRebind(ctx, nil, sealed, place("notes", "text", "n-2", "Patient/ada-2"), to)
	s.say("   A value of another place cannot be moved: %v", err)
	return nil
}
