package review

// A table keeps one value an actor, at most max of them: the one that was
// used longest ago makes room. All operations are O(1).
type table[V any] struct {
	max   int
	nodes []node[V]
	find  map[Actor]int32
	head  int32 // used last
	tail  int32
}

type node[V any] struct {
	key        Actor
	prev, next int32
	value      V
}

const none int32 = -1

func newTable[V any](max int) *table[V] {
	return &table[V]{max: max, find: map[Actor]int32{}, head: none, tail: none}
}

// get returns the value of key, a zero one if there was none. The pointer is
// good until the next call.
func (t *table[V]) get(key Actor) *V {
	i, ok := t.find[key]
	if !ok {
		i = t.place(key)
	}
	t.touch(i)
	return &t.nodes[i].value
}

// peek returns the value of key or nil, and does not count as use.
func (t *table[V]) peek(key Actor) *V {
	if i, ok := t.find[key]; ok {
		return &t.nodes[i].value
	}
	return nil
}

// place finds a node for key.
func (t *table[V]) place(key Actor) int32 {
	var i int32
	if len(t.nodes) < t.max {
		i = int32(len(t.nodes))
		t.nodes = append(t.nodes, node[V]{prev: none, next: none})
	} else {
		i = t.tail
		t.unlink(i)
		delete(t.find, t.nodes[i].key)
	}
	var zero V
	t.nodes[i].key, t.nodes[i].value = key, zero
	t.find[key] = i
	t.link(i)
	return i
}

func (t *table[V]) touch(i int32) {
	if t.head == i {
		return
	}
	t.unlink(i)
	t.link(i)
}

func (t *table[V]) link(i int32) {
	n := &t.nodes[i]
	n.prev, n.next = none, t.head
	if t.head != none {
		t.nodes[t.head].prev = i
	}
	t.head = i
	if t.tail == none {
		t.tail = i
	}
}

func (t *table[V]) unlink(i int32) {
	n := &t.nodes[i]
	if n.prev != none {
		t.nodes[n.prev].next = n.next
	} else {
		t.head = n.next
	}
	if n.next != none {
		t.nodes[n.next].prev = n.prev
	} else {
		t.tail = n.prev
	}
	n.prev, n.next = none, none
}

// each visits all, the one used longest ago first, so that getting them in
// this order into an empty table restores it.
func (t *table[V]) each(visit func(key Actor, v *V)) {
	for i := t.tail; i != none; i = t.nodes[i].prev {
		visit(t.nodes[i].key, &t.nodes[i].value)
	}
}

// maxSources bounds callers that were not identified. They have a table of
// their own, so that a flood of addresses evicts nobody who is.
const maxSources = 2048

// tables keeps identified actors apart from sources.
type tables[V any] struct {
	known, sources *table[V]
}

func newTables[V any](max int) tables[V] {
	return tables[V]{newTable[V](max), newTable[V](min(max, maxSources))}
}

func (t tables[V]) get(key Actor) *V {
	if key.Kind == kindSource {
		return t.sources.get(key)
	}
	return t.known.get(key)
}

func (t tables[V]) each(visit func(key Actor, v *V)) {
	t.sources.each(visit)
	t.known.each(visit)
}

// has reports whether there is a value of key already.
func (t tables[V]) has(key Actor) bool {
	return t.known.peek(key) != nil || t.sources.peek(key) != nil
}

// room reports whether key fits without evicting anybody.
func (t tables[V]) room(key Actor) bool {
	if key.Kind == kindSource {
		return len(t.sources.nodes) < t.sources.max
	}
	return len(t.known.nodes) < t.known.max
}
