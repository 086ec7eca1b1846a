package disclosure

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
)

// withheld returns the recipients for whom a suspension lasts now.
func (r *Reporter) withheld(ctx context.Context, q Question, now time.Time) (map[string]bool, error) {
	if r.opts.Suspensions == nil {
		return nil, nil
	}
	list, err := r.opts.Suspensions.Suspensions(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("disclosure: suspensions: %w", err)
	}
	out := map[string]bool{}
	for _, s := range list {
		end, err := s.end(r.opts.Zone)
		if err != nil {
			return nil, err
		}
		if now.Before(s.Stated) || !now.Before(end) {
			continue
		}
		for _, id := range s.Recipients {
			out[id] = true
		}
	}
	return out, nil
}

// withhold takes out what a suspension speaks of: disclosures to those
// recipients, to a health oversight agency or for law enforcement, with all
// records of the same request but its other disclosures. A disclosure to the
// same recipient on another basis stays.
func (s *scan) withhold(recipients map[string]bool) {
	if len(recipients) == 0 {
		return
	}
	speaks := func(f found) bool {
		d := f.access.Disclosure
		return d != nil && recipients[d.Recipient] && ruleOf(d.Basis).suspends
	}
	requests := map[string]bool{}
	for _, f := range s.found {
		if f.access.Entry != "" && speaks(f) {
			requests[f.access.Entry] = true
		}
	}
	s.found = slices.DeleteFunc(s.found, func(f found) bool {
		if f.kind == audit.TypeDisclosed && f.access.Disclosure != nil {
			return speaks(f)
		}
		return requests[f.access.Entry]
	})
}
