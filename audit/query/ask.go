package query

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/query/internal/token"
)

// Ask answers a question with one page of hits: AskWhoSaw, AskWhatDid or
// AskOfType. It returns [ErrDenied] if the asker, the purpose or the
// permission is missing; [ErrQuestion] for what cannot be asked; a
// [*LedgerError] if a ledger cannot be asked. With an error there is no
// answer. All of these but ErrQuestion are recorded.
func (l *Log) Ask(ctx context.Context, q Question) (*Answer, error) {
	who, err := l.admit(ctx, &q, "")
	if err != nil {
		return nil, err
	}
	next, err := l.askable(&q, AskWhoSaw, AskWhatDid, AskOfType)
	if err != nil {
		return nil, err
	}
	a := &Answer{log: l, question: q, tenant: who.principal.Tenant, views: map[string]*view{}}
	m, err := l.matcher(&q, who)
	if err == nil {
		err = l.page(ctx, a, m, next)
	}
	if err != nil {
		return nil, l.fail(ctx, &q, who, err)
	}
	if who.patient {
		a.discreet()
	}
	distrusted := l.count(a.Ledgers)
	a.ID, err = l.record(ctx, &q, who, account{allowed: true, count: len(a.Hits), distrusted: distrusted})
	if err != nil {
		return nil, err
	}
	l.counters.hits.Add(uint64(len(a.Hits)))
	return a, nil
}

// Each answers a question with all hits, page by page. Every page is allowed
// and recorded as one of [Log.Ask]. It stops after the first error.
func (l *Log) Each(ctx context.Context, q Question) iter.Seq2[Hit, error] {
	return func(yield func(Hit, error) bool) {
		q.Limit = l.opts.MaxPage
		for {
			a, err := l.Ask(ctx, q)
			if err != nil {
				yield(Hit{}, err)
				return
			}
			for _, h := range a.Hits {
				if !yield(h, nil) {
					return
				}
			}
			if a.Next == "" {
				return
			}
			q.After = a.Next
		}
	}
}

// askable checks a question that is one of kinds and reads where it goes on.
func (l *Log) askable(q *Question, kinds ...Kind) ([]uint64, error) {
	for _, k := range kinds {
		if q.Kind != k {
			continue
		}
		if err := q.check(l.opts.MaxPage); err != nil {
			return nil, err
		}
		return l.parseCursor(q.After)
	}
	return nil, fmt.Errorf("%w: not one of this kind", ErrQuestion)
}

// matcher prepares a question for the asker's tenant. A patient without a token
// would be one whom nobody saw.
func (l *Log) matcher(q *Question, who asker) (*matcher, error) {
	tenant := who.principal.Tenant
	var tokens []string
	if q.Kind == AskWhoSaw {
		tokens = l.tokens.FindPatient(tenant, q.Patient)
		if len(tokens) == 0 || slices.Contains(tokens, "") {
			return nil, errors.New("query: there is no token key for the patient")
		}
	}
	return newMatcher(q, tenant, tokens), nil
}

// count adds up what was read and not believed.
func (l *Log) count(extents []Extent) (distrusted int) {
	for _, e := range extents {
		l.counters.scanned.Add(uint64(e.Scanned))
		distrusted += len(e.Distrusted)
	}
	l.counters.distrusted.Add(uint64(distrusted))
	return distrusted
}

// look returns a view of every ledger, or an error that names one.
func (l *Log) look(ctx context.Context, q *Question) ([]*view, error) {
	views := make([]*view, len(l.shards))
	for i, s := range l.shards {
		v, err := s.look(ctx, q.Unindexed)
		if err != nil {
			return nil, err
		}
		views[i] = v
	}
	return views, nil
}

// page fills in a page of hits.
func (l *Log) page(ctx context.Context, a *Answer, m *matcher, next []uint64) error {
	views, err := l.look(ctx, &a.question)
	if err != nil {
		return err
	}
	limit := a.question.limit(l.opts.MaxPage)
	more, err := l.merge(ctx, a, views, m, next, limit)
	if err != nil {
		return err
	}
	if more {
		a.Next = l.cursor(next)
	}
	for i, v := range views {
		if err := v.join(ctx, a.Hits); err != nil {
			return err
		}
		a.views[l.shards[i].Name] = v
		a.Ledgers = append(a.Ledgers, v.extent)
	}
	return nil
}

// A lane is the hits of one ledger that wait to be merged.
type lane struct {
	head Hit
	at   time.Time // never goes back within a lane
	pull func() (Hit, error, bool)
	stop func()
	has  bool
}

// step moves to the next hit.
func (n *lane) step() error {
	h, err, ok := n.pull()
	n.has = ok && err == nil
	if n.has {
		n.head = h
		if t := h.order(); t.After(n.at) {
			n.at = t
		}
	}
	return err
}

// merge takes limit hits of all ledgers in order, moves next on, and reports
// whether there are more.
func (l *Log) merge(ctx context.Context, a *Answer, views []*view, m *matcher, next []uint64, limit int) (more bool, err error) {
	lanes := make([]lane, len(views))
	defer func() {
		for i := range lanes {
			if lanes[i].stop != nil {
				lanes[i].stop()
			}
		}
	}()
	for i, v := range views {
		lanes[i].pull, lanes[i].stop = iter.Pull2(v.hits(ctx, a, m, next[i]))
		if err := lanes[i].step(); err != nil {
			return false, err
		}
	}
	for {
		first := -1
		for i := range lanes {
			if lanes[i].has && (first < 0 || lanes[i].at.Before(lanes[first].at)) {
				first = i
			}
		}
		if first < 0 {
			return false, nil
		}
		if len(a.Hits) == limit {
			for i := range lanes {
				if next[i] = views[i].extent.Size; lanes[i].has {
					next[i] = lanes[i].head.Index
				}
			}
			return true, nil
		}
		a.Hits = append(a.Hits, lanes[first].head)
		if err := lanes[first].step(); err != nil {
			return false, err
		}
	}
}

// hits returns, in order, the records of a ledger that match, from index from
// on. What cannot be read is counted in a.
func (v *view) hits(ctx context.Context, a *Answer, m *matcher, from uint64) iter.Seq2[Hit, error] {
	return func(yield func(Hit, error) bool) {
		var r token.Reader
		for p, err := range v.places(ctx, m, from) {
			if err != nil {
				yield(Hit{}, err)
				return
			}
			record, err := v.read(ctx, p)
			if err != nil {
				yield(Hit{}, err)
				return
			}
			if !r.Read(record) {
				a.unread(v.Name, p.index, m.may(record))
				continue
			}
			if !m.match(&r.Record) {
				continue // an index may say too much
			}
			h := newHit(m, &r.Record, record)
			h.Ledger, h.Index, h.place = v.Name, p.index, p
			h.Signed = p.index < v.extent.Signed
			if !yield(h, nil) {
				return
			}
		}
	}
}

// unread counts a record that may match and cannot be read.
func (a *Answer) unread(name string, index uint64, may bool) {
	if !may {
		return
	}
	a.Unreadable++
	if len(a.Unread) < 16 {
		a.Unread = append(a.Unread, fmt.Sprintf("%s %d", name, index))
	}
}
