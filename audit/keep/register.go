package keep

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// A holdRecord is the data of a log.hold.set record.
type holdRecord struct {
	Hold
	Why string `json:"why"`
}

// A releaseRecord is the data of a log.hold.released record.
type releaseRecord struct {
	Case string `json:"case"`
	Why  string `json:"why"`
}

// ErrNoHold reports the release of a case that holds nothing.
//
// Controls: HIPAA 164.316(b)(2)(i).
var ErrNoHold = errors.New("keep: release: no hold of that case")

// SetHold sets a hold and returns the id of the record of it, which is durable
// then. why is a code, like Case. The context says who; nobody is refused.
func (k *Keeper) SetHold(ctx context.Context, h Hold, why string) (id string, err error) {
	if err := errors.Join(h.check(), checkCode("why", why)); err != nil {
		return "", fmt.Errorf("keep: hold: %w", err)
	}
	return k.note(ctx, audit.TypeHoldSet, h.Case, holdRecord{h, why})
}

// ReleaseHold releases all holds of a case. why is a code. The context says
// who; nobody is refused. It returns [ErrNoHold] if the case holds nothing.
// Whether that person may, and whether a second one must agree, is the
// program's to decide before it calls this.
func (k *Keeper) ReleaseHold(ctx context.Context, name, why string) (id string, err error) {
	if err := errors.Join(checkCode("case", name), checkCode("why", why)); err != nil {
		return "", fmt.Errorf("keep: release: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	holds, err := k.holds(ctx)
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(holds, func(h Hold) bool { return h.Case == name }) {
		return "", ErrNoHold
	}
	return k.record(ctx, audit.TypeHoldReleased, name, releaseRecord{name, why})
}

// note records what a person does, one at a time with Prune.
func (k *Keeper) note(ctx context.Context, kind, name string, data any) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.record(ctx, kind, name, data)
}

func (k *Keeper) record(ctx context.Context, kind, name string, data any) (string, error) {
	who, ok := safeguard.PrincipalFrom(ctx)
	if !ok {
		return "", errors.New("keep: hold: the context says nobody")
	}
	p, err := json.Marshal(data)
	if err != nil {
		return "", fmt.Errorf("keep: hold: %w", err)
	}
	id, err := k.noter.Record(ctx, audit.Notice{Type: kind, Subject: "hold/" + name, Principal: who, Data: p})
	if err != nil {
		return "", fmt.Errorf("keep: hold: record: %w", err)
	}
	return id, nil
}

// Holds returns the holds in force, in the order in which they were set. It
// reads the whole log.
func (k *Keeper) Holds(ctx context.Context) ([]Hold, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.holds(ctx)
}

func (k *Keeper) holds(ctx context.Context) ([]Hold, error) {
	s, err := k.survey(ctx)
	if err != nil {
		return nil, err
	}
	return s.holds, nil
}

// A holdEvent is a hold that was set or a case that was released.
type holdEvent struct {
	set     *Hold
	release string
}

// holdType is in every record about a hold, as package audit renders it.
var holdType = []byte(`.audit.log.hold.`)

// holdEventOf reads a record about a hold, nil if it is none. One that cannot
// be read is an error, since a hold that is not known cannot hold.
func holdEventOf(r ledger.Record) (*holdEvent, error) {
	if !bytes.Contains(r.Data, holdType) {
		return nil, nil
	}
	var h header
	err := json.Unmarshal(r.Data, &h)
	switch {
	case err == nil && h.Type == audit.TypeHoldSet:
		var set holdRecord
		if err = json.Unmarshal(h.Data, &set); err == nil {
			err = set.Hold.check()
		}
		set.ID, set.Index = h.ID, r.Index
		return &holdEvent{set: &set.Hold}, unreadable(r.Index, err)
	case err == nil && h.Type == audit.TypeHoldReleased:
		var release releaseRecord
		err = json.Unmarshal(h.Data, &release)
		return &holdEvent{release: release.Case}, unreadable(r.Index, err)
	}
	return nil, unreadable(r.Index, err)
}

func unreadable(index uint64, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("keep: record %d speaks of a hold and cannot be read", index)
}

// apply brings a list of holds up to date.
func (e *holdEvent) apply(holds []Hold) []Hold {
	if e.set != nil {
		return append(holds, *e.set)
	}
	return slices.DeleteFunc(holds, func(h Hold) bool { return h.Case == e.release })
}
