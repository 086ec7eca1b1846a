package main

import (
	"context"

	"github.com/safeguard-sdk/safeguard/crypto/rekey"
)

// merge gives the rows of one patient to another, and back.
func (s *story) merge(ctx context.Context) error {
	s.say("\n== Two charts of one person")
	twice, stays := patient(3), patient(4)
	report, err := rekey.Rebind(ctx, s.sealer, s.table, "merge-1", twice, stays, nil)
	if err != nil {
		return err
	}
	s.say("   Merged: rows changed %d, complete %t; the chart that stays has %d", report.RowsChanged, report.Complete, s.table.count(stays))
	if report, err = rekey.Unbind(ctx, s.sealer, s.table, "merge-1", twice, stays, nil); err != nil {
		return err
	}
	s.say("   It was a mistake: rows changed %d, complete %t; the charts have %d and %d",
		report.RowsChanged, report.Complete, s.table.count(twice), s.table.count(stays))
	_, err = s.verify(ctx)
	return err
}
