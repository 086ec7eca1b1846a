package review

import (
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
)

// An Item is one record that a reviewer judges.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type Item struct {
	// Index, Event and Type are the record.
	Index uint64
	Event string
	Type  string
	// Flagged says why it must be looked at: "alert", "override" or
	// "unreadable". Empty means that it was drawn by lot.
	Flagged string
	// Rule and Reason are those of an alert, About is the record that set it
	// off.
	Rule, Reason string
	About        uint64
	// At is when it happened, Actor who acted, OnBehalfOf for whom.
	At         time.Time
	Actor      Actor
	OnBehalfOf string
}

// itemOf reads a record. flagged is empty if it is no item by itself, and
// eligible says that it may be drawn.
func itemOf(index uint64, record []byte) (item Item, eligible bool) {
	f, err := parseFact(index, record)
	if err != nil {
		return Item{Index: index, Flagged: "unreadable"}, false
	}
	item = Item{Index: index, Event: f.ID, Type: f.Type, About: index, At: f.Time, Actor: f.Actor, OnBehalfOf: f.OnBehalfOf}
	switch {
	case f.Type == audit.TypeAlert:
		item.Flagged = "alert"
		item.alert(record)
		return item, false
	case f.Type == audit.TypeBreakGlassInvoked:
		item.Flagged = "override"
		return item, false
	}
	return item, f.IsAccess && f.Actor.Kind != "" && f.Actor.Kind != kindSource
}

// alert fills in what an alert says. One that says nothing stays an item.
func (i *Item) alert(record []byte) {
	e, err := audit.ParseEvent(record)
	if err != nil {
		return
	}
	var a struct {
		Rule       string    `json:"rule"`
		Reason     string    `json:"reason"`
		Index      uint64    `json:"index"`
		At         time.Time `json:"at"`
		Actor      Actor     `json:"actor"`
		OnBehalfOf string    `json:"onbehalfof"`
	}
	if json.Unmarshal(e.Data, &a) != nil {
		return
	}
	i.Rule, i.Reason, i.About, i.At, i.Actor, i.OnBehalfOf = a.Rule, a.Reason, a.Index, a.At, a.Actor, a.OnBehalfOf
}

// concerns reports whether somebody is who acted in i, or for whom.
func (i *Item) concerns(tenant, person string) bool {
	return i.Actor.Tenant == tenant && (i.Actor.ID == person || i.OnBehalfOf == person)
}

// A draw keeps the n records with the smallest rank. The rank of a record is
// SHA-256 of a seed and its index, and the seed comes from the root of the
// signed checkpoint that seals the range: nobody knows it before the records
// are there. Who prepares the round still chooses: the range, and one of the
// checkpoints that seal it. To leave no choice, fix both by rule, for instance
// the first checkpoint after midnight and the range up to its size; whoever
// verifies can then see that the rule was kept. Whoever writes the log could
// seal again and again until a draw pleases; that leaves checkpoints, which
// those who keep them see.
type draw struct {
	seed  [32]byte
	n     int
	items lots
}

type lot struct {
	rank uint64
	item Item
}

// lots is a heap with the largest rank on top.
type lots []lot

func (l lots) Len() int           { return len(l) }
func (l lots) Less(i, j int) bool { return l[i].rank > l[j].rank }
func (l lots) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *lots) Push(x any)        { *l = append(*l, x.(lot)) }
func (l *lots) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}

func newDraw(root [32]byte, from, to uint64, n int) *draw {
	seed := sha256.Sum256(fmt.Appendf(nil, "safeguard review sample v1\n%d\n%d\n%x\n", from, to, root))
	return &draw{seed: seed, n: n}
}

func (d *draw) add(item Item) {
	if d.n == 0 {
		return
	}
	var in [40]byte
	copy(in[:], d.seed[:])
	binary.BigEndian.PutUint64(in[32:], item.Index)
	sum := sha256.Sum256(in[:])
	rank := binary.BigEndian.Uint64(sum[:8])
	if len(d.items) < d.n {
		heap.Push(&d.items, lot{rank, item})
		return
	}
	if rank < d.items[0].rank {
		d.items[0] = lot{rank, item}
		heap.Fix(&d.items, 0)
	}
}

// drawn returns the sample in the order of the log.
func (d *draw) drawn() []Item {
	out := make([]Item, 0, len(d.items))
	for _, l := range d.items {
		out = append(out, l.item)
	}
	slices.SortFunc(out, byIndex)
	return out
}

func byIndex(a, b Item) int {
	if a.Index < b.Index {
		return -1
	}
	if a.Index > b.Index {
		return 1
	}
	return 0
}
