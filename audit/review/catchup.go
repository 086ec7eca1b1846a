package review

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// Records is a log that can be read: a *ledger.Ledger or a *ledger.Reader.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(b); NIST CSF 2.0 PR.PS-04.
type Records interface {
	Records(ctx context.Context, from uint64) iter.Seq2[ledger.Record, error]
}

// CatchUp reads the log from where the Engine is to its present end, writes
// every alert to noter and stores the state. A program calls it on a timer, or
// whenever the log grew; [Resume] makes the Engine go on where the last one
// was.
//
// If noter writes to the log that is read, an alert is written once, whatever
// happens between: the alerts that stand behind the stored place are looked up
// first. If it writes elsewhere, an alert can be written twice after a crash,
// with the same id. One process at a time may do this for a log.
//
// After an error the Engine is to be made anew with Resume.
func (e *Engine) CatchUp(ctx context.Context, log Records, noter audit.Noter, store Store) error {
	if e.broken != nil {
		return e.broken
	}
	err := e.catchUp(ctx, log, noter, store)
	if err != nil {
		e.broken = fmt.Errorf("review: catch up: %w", err)
	}
	return e.broken
}

func (e *Engine) catchUp(ctx context.Context, log Records, noter audit.Noter, store Store) error {
	raised, err := raisedSince(ctx, log, e.next)
	if err != nil {
		return err
	}
	write := func(alerts []Alert) error {
		for _, a := range alerts {
			if raised[a.ID] {
				continue
			}
			if err := a.record(ctx, noter); err != nil {
				return err
			}
			raised[a.ID] = true
		}
		return nil
	}
	unsaved := 0
	for record, err := range log.Records(ctx, e.next) {
		if err != nil {
			return err
		}
		alerts, err := e.Observe(ctx, record.Index, record.Data)
		if err != nil {
			return err
		}
		if err := write(alerts); err != nil {
			return err
		}
		if unsaved++; unsaved < e.opts.Every {
			continue
		}
		unsaved = 0
		if err := e.keep(ctx, store); err != nil {
			return err
		}
	}
	alerts, err := e.Tick(ctx, time.Now())
	if err == nil {
		err = write(alerts)
	}
	if err != nil {
		return err
	}
	return e.keep(ctx, store)
}

func (e *Engine) keep(ctx context.Context, store Store) error {
	state, err := e.Save()
	if err != nil {
		return err
	}
	return store.Store(ctx, state)
}

// raisedSince returns the ids of the alerts that stand in the log from a record
// on.
func raisedSince(ctx context.Context, log Records, from uint64) (map[string]bool, error) {
	raised := map[string]bool{}
	for record, err := range log.Records(ctx, from) {
		if err != nil {
			return nil, err
		}
		if !bytes.Contains(record.Data, []byte(audit.TypeAlert)) {
			continue
		}
		ev, err := audit.ParseEvent(record.Data)
		if err != nil || ev.Type != audit.TypeAlert {
			continue
		}
		var a struct {
			ID string `json:"alert"`
		}
		if json.Unmarshal(ev.Data, &a) == nil {
			raised[a.ID] = true
		}
	}
	return raised, nil
}

// Resume makes an Engine with the state that was stored last. It returns
// [ErrOptions] or [ErrState] as [New] and [Engine.Restore] do; the rules must
// be new ones.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
func Resume(ctx context.Context, store Store, rules []Rule, opts *Options) (*Engine, error) {
	e, err := New(rules, opts)
	if err != nil {
		return nil, err
	}
	state, err := store.Load(ctx)
	if err != nil {
		return nil, err
	}
	if state == nil {
		return e, nil
	}
	return e, e.Restore(state)
}
