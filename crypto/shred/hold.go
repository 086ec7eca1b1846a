package shred

import (
	"context"
	"errors"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/internal/record"
)

var errReleasing = errors.New("shred: hold: the release of the case is under way; hold again when it is done")

// Hold forbids the destruction of a patient's keys until two persons release
// the case ([ReleaseHold]). One authorised person is enough to place it. The
// case is a reference of 1 to 64 letters, digits and . _ / -, such as a docket
// number; it must not be a name. A patient may be held for several cases, and
// held again for the same one, which changes nothing. A patient without a key
// can be held.
//
// After nil no order for the patient, or for the tenant, is approved while the
// case is open, and none that was approved before begins: it waits until the
// case is released, or it is cancelled. [ErrUnderway] says that one has begun:
// the keys are destroyed, or are about to be.
//
// It holds what is the patient's, not what was or comes to be another's: of
// two charts that are merged, or were, hold both patients for each case.
//
// Beside the register, it marks the patient's record in the store, or makes an
// empty one, so that programs that know nothing of the register leave the keys
// alone, those too that the patient gets later.
func (s *Shredder) Hold(ctx context.Context, tenant string, p safeguard.Patient, caseRef string) error {
	o := Order{Kind: ReleaseHold, Tenant: tenant, Patient: p, Case: caseRef, Reason: "hold"}
	if err := o.validate(); err != nil {
		return err
	}
	o.Reason = ""
	by, err := s.begin(ctx, StepHold, &o)
	if err != nil {
		return err
	}
	if err := s.authorize(ctx, by, StepHold, &o); err != nil {
		return err
	}
	name, err := s.sealer.SubjectName(ctx, tenant, p)
	if err != nil {
		return err
	}
	at := subject{tenant, name}
	err = s.register.add(ctx, func(st *state) (*entry, error) {
		switch {
		case st.begun(at):
			return nil, ErrUnderway
		case st.releasing(at, caseRef):
			return nil, errReleasing
		case st.holds[at][caseRef]:
			return nil, nil
		}
		return &entry{Hold: &holdEntry{Tenant: tenant, Subject: name, Case: caseRef, By: *by}}, nil
	})
	if err != nil {
		return err
	}
	s.stats.held.Add(1)
	return setHeld(ctx, s.store, at, true)
}

// releasing reports whether the release of a case is approved and not done.
func (s *state) releasing(at subject, caseRef string) bool {
	for _, o := range s.orders {
		if o.Kind == ReleaseHold && o.subject() == at && o.Case == caseRef && o.approval != nil && o.certificate == nil {
			return true
		}
	}
	return false
}

// Holds returns the open cases of a patient, ascending.
func (s *Shredder) Holds(ctx context.Context, tenant string, p safeguard.Patient) ([]string, error) {
	name, err := s.sealer.SubjectName(ctx, tenant, p)
	if err != nil {
		return nil, err
	}
	var cases []string
	err = s.register.view(ctx, func(st *state) error {
		cases = sortedKeys(st.holds[subject{tenant, name}])
		return nil
	})
	return cases, err
}

// unmarkHeld takes the mark off the record if the case is the only one. The
// register still has the case open, until its certificate is entered.
func (s *Shredder) unmarkHeld(ctx context.Context, at subject, caseRef string) error {
	others := 0
	err := s.register.view(ctx, func(st *state) error {
		for open := range st.holds[at] {
			if open != caseRef {
				others++
			}
		}
		return nil
	})
	if err != nil || others > 0 {
		return err
	}
	return setHeld(ctx, s.store, at, false)
}

// remark puts the mark back if another hold came while it was taken off.
func (r *Register) remark(ctx context.Context, store crypto.SubjectKeys, at subject) error {
	held := false
	err := r.view(ctx, func(st *state) error {
		held = len(st.holds[at]) > 0
		return nil
	})
	if err != nil || !held {
		return err
	}
	return setHeld(ctx, store, at, true)
}

// setHeld marks the record of a subject as held, or not. To hold a subject that
// has none makes one without keys, which has the mark when it gets its first.
func setHeld(ctx context.Context, store crypto.SubjectKeys, at subject, held bool) error {
	for range attempts {
		old, r, err := readRecord(ctx, store, at)
		if errors.Is(err, crypto.ErrNotFound) {
			old, r, err = nil, new(record.Record), nil
		}
		if err != nil || r.Held == held {
			return err
		}
		r.Held = held
		b, err := r.Encode()
		if err != nil {
			return err
		}
		err = store.Put(ctx, at.tenant, at.name, old, b)
		if err == nil {
			return nil
		}
		if !errors.Is(err, crypto.ErrConflict) {
			return wrap("store", err)
		}
	}
	return wrap("store", crypto.ErrConflict)
}
