package access

import "sync/atomic"

// memory keeps things that can be made again, in a table that is read without
// a lock: a thing may be in any place of one row, which its hash chooses. A
// row that is full makes the table grow, which empties it, and once that is at
// its bound forgets one. init comes first.
type memory[T any] struct {
	table atomic.Pointer[[]atomic.Pointer[T]]
	most  int
}

// ways is how many places a row has. They share a cache line.
const ways = 4

// start is how many places a memory has at first.
const start = 32

func (m *memory[T]) init(most int) {
	table := make([]atomic.Pointer[T], start)
	m.table.Store(&table)
	m.most = most
}

// row returns where a thing of that hash may be.
func (m *memory[T]) row(hash uint64) []atomic.Pointer[T] {
	table := *m.table.Load()
	at := hash & uint64(len(table)-1) &^ (ways - 1)
	return table[at : at+ways]
}

// intern returns what equals thing and is kept already, or keeps a copy.
func intern[T comparable](m *memory[T], hash uint64, thing *T) *T {
	row := m.row(hash)
	for i := range row {
		if known := row[i].Load(); known != nil && *known == *thing {
			return known
		}
	}
	kept := new(T)
	*kept = *thing
	m.keep(hash, kept)
	return kept
}

// keep remembers a thing. Another may be lost at the same time: that costs time
// only.
func (m *memory[T]) keep(hash uint64, thing *T) {
	row := m.row(hash)
	for i := range row {
		if row[i].CompareAndSwap(nil, thing) {
			return
		}
	}
	table := m.table.Load()
	if len(*table) >= m.most {
		row[hash>>60%ways].Store(thing)
		return
	}
	larger := make([]atomic.Pointer[T], 4*len(*table))
	m.table.CompareAndSwap(table, &larger)
	m.row(hash)[0].Store(thing)
}
