package workforce

import (
	"fmt"
	"iter"
	"maps"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard/access/state"
)

// shards is the number of parts of the table of accounts. A part is copied
// whenever an account in it changes.
const shards = 256

// A table is what the facts say now. Readers need no lock: what they find is
// never changed. Whoever publishes holds Registry.folding.
type table struct {
	shards  [shards]atomic.Pointer[map[key]*account]
	affairs atomic.Pointer[affairs]
	// seq is the last fact in it.
	seq atomic.Uint64
}

// find returns an account, nil if it was never opened.
func (t *table) find(k key) *account {
	if m := t.shards[k.shard()].Load(); m != nil {
		return (*m)[k]
	}
	return nil
}

// all returns the accounts in no order.
func (t *table) all() iter.Seq[*account] {
	return func(yield func(*account) bool) {
		for i := range t.shards {
			m := t.shards[i].Load()
			if m == nil {
				continue
			}
			for _, a := range *m {
				if !yield(a) {
					return
				}
			}
		}
	}
}

// endedSince returns the last ending of each account that has one since then.
func (t *table) endedSince(then time.Time) (list []ending) {
	for a := range t.all() {
		if a.ended.seq > 0 && a.ended.at.After(then) {
			list = append(list, ending{a.key, a.ended.seq})
		}
	}
	return list
}

// common returns what is about no single account.
func (t *table) common() *affairs {
	if a := t.affairs.Load(); a != nil {
		return a
	}
	return &affairs{}
}

// A draft is a table and what the next facts change of it.
type draft struct {
	from     *table
	seq      uint64
	accounts map[key]*account
	common   *affairs
	// ended are the accounts that a fact has terminated, suspended or
	// distrusted, with the number of the fact.
	ended []ending
}

func newDraft(from *table) *draft {
	return &draft{from: from, seq: from.seq.Load(), accounts: map[key]*account{}}
}

// fold applies one fact. After an error the draft must not be published.
func (d *draft) fold(f state.Fact) error {
	if f.Seq != d.seq+1 {
		return fmt.Errorf("%w: a fact is missing", ErrFacts)
	}
	do, known := kinds[f.Kind]
	if !known {
		return fmt.Errorf("%w: its kind is unknown", ErrFacts)
	}
	if err := do(d, f); err != nil {
		return err
	}
	d.seq = f.Seq
	if k, ok := parseKey(f.Subject); ok && ends(f.Kind) {
		d.ended = append(d.ended, ending{k, f.Seq})
		a := d.account(k)
		a.ended.seq, a.ended.at = f.Seq, f.At
	}
	return nil
}

// find returns an account as the draft has it.
func (d *draft) find(k key) *account {
	if a := d.accounts[k]; a != nil {
		return a
	}
	return d.from.find(k)
}

// account returns an account that may be changed.
func (d *draft) account(k key) *account {
	if a := d.accounts[k]; a != nil {
		return a
	}
	a := &account{record: record{key: k}}
	if old := d.from.find(k); old != nil {
		a.record = old.record
	}
	d.accounts[k] = a
	return a
}

// affairs returns what is about no single account, to be changed.
func (d *draft) affairs() *affairs {
	if d.common == nil {
		copied := *d.from.common()
		d.common = &copied
	}
	return d.common
}

// publish puts the draft into the table. Of every account a reader sees all
// facts of the draft or none.
func (d *draft) publish() {
	parts := map[uint][]*account{}
	for k, a := range d.accounts {
		parts[k.shard()] = append(parts[k.shard()], a)
	}
	for i, changed := range parts {
		old := d.from.shards[i].Load()
		next := make(map[key]*account, len(changed))
		if old != nil {
			next = maps.Clone(*old)
		}
		for _, a := range changed {
			a.inherit(next[a.key])
			next[a.key] = a
		}
		d.from.shards[i].Store(&next)
	}
	if d.common != nil {
		d.from.affairs.Store(d.common)
	}
	d.from.seq.Store(d.seq)
}
