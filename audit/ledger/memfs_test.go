package ledger

import (
	"bytes"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
)

// A memFS is a directory in memory that knows what a power cut would leave.
// Writes are pending until a sync; a sync that fails forgets them without
// making them durable, as Linux does. Names are pending until SyncDir.
type memFS struct {
	mu      sync.Mutex
	names   map[string]*inode
	durable map[string]*inode
	locked  bool
	// fault is asked before every call, with its name and number from 1.
	fault func(call string, n int) error
	calls int
	// free is what Free returns.
	free    uint64
	freeErr error
}

type inode struct {
	data, disk []byte
	pending    []change
}

// A change is a write, or a truncation if data is nil.
type change struct {
	offset int64
	data   []byte
}

func newMemFS() *memFS {
	return &memFS{names: map[string]*inode{}, durable: map[string]*inode{}, free: 1 << 40}
}

func (m *memFS) ask(call string) error {
	m.calls++
	if m.fault == nil {
		return nil
	}
	return m.fault(call, m.calls)
}

func (c change) apply(p []byte) []byte {
	if c.data == nil {
		return resize(p, c.offset)
	}
	p = resize(p, max(int64(len(p)), c.offset+int64(len(c.data))))
	copy(p[c.offset:], c.data)
	return p
}

func resize(p []byte, n int64) []byte {
	if int64(len(p)) >= n {
		return p[:n:n]
	}
	return append(bytes.Clone(p), make([]byte, n-int64(len(p)))...)
}

func (m *memFS) call(name string, f func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask(name); err != nil {
		return err
	}
	return f()
}

func (m *memFS) Acquire(bool) error {
	return m.call("acquire", func() error {
		if m.locked {
			return ErrLocked
		}
		m.locked = true
		return nil
	})
}

func (m *memFS) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.locked = false
	return nil
}

func (m *memFS) List() (names []string, err error) {
	return names, m.call("list", func() error {
		names = slices.Sorted(maps.Keys(m.names))
		return nil
	})
}

func (m *memFS) Create(name string) (f file, err error) {
	return f, m.call("create", func() error {
		m.names[name] = &inode{}
		f = memFile{m, m.names[name]}
		return nil
	})
}

func (m *memFS) Open(name string, _ bool) (f file, err error) {
	return f, m.call("open", func() error {
		node := m.names[name]
		if node == nil {
			return &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		f = memFile{m, node}
		return nil
	})
}

func (m *memFS) Stat(name string) (info fileInfo, err error) {
	return info, m.call("stat", func() error {
		node := m.names[name]
		if node == nil {
			return &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
		}
		info = memInfo{node, int64(len(node.data))}
		return nil
	})
}

func (m *memFS) Rename(from, to string) error {
	return m.call("rename", func() error {
		m.names[to] = m.names[from]
		delete(m.names, from)
		return nil
	})
}

func (m *memFS) Remove(name string) error {
	return m.call("remove", func() error {
		delete(m.names, name)
		return nil
	})
}

func (m *memFS) SyncDir() error {
	return hard(m.call("syncdir", func() error {
		m.durable = maps.Clone(m.names)
		return nil
	}))
}

func (m *memFS) Free() (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.free, m.freeErr
}

type memFile struct {
	m    *memFS
	node *inode
}

func (f memFile) Close() error { return nil }

func (f memFile) Stat() (info fileInfo, err error) {
	return info, f.m.call("fstat", func() error {
		info = memInfo{f.node, int64(len(f.node.data))}
		return nil
	})
}

// A memInfo knows its file by its inode.
type memInfo struct {
	node *inode
	size int64
}

func (i memInfo) Size() int64              { return i.size }
func (i memInfo) Same(other fileInfo) bool { return i.node == other.(memInfo).node }

func (f memFile) ReadAt(p []byte, off int64) (n int, err error) {
	return n, f.m.call("read", func() error {
		n, err = bytes.NewReader(f.node.data).ReadAt(p, off)
		return err
	})
}

// WriteAt writes half of p if it is told to fail.
func (f memFile) WriteAt(p []byte, off int64) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	err := f.m.ask("write")
	if err != nil {
		p = p[:len(p)/2]
	}
	c := change{off, append([]byte{}, p...)}
	f.node.data = c.apply(f.node.data)
	f.node.pending = append(f.node.pending, c)
	return len(p), err
}

func (f memFile) Truncate(size int64) error {
	return f.m.call("truncate", func() error {
		c := change{offset: size}
		f.node.data = c.apply(f.node.data)
		f.node.pending = append(f.node.pending, c)
		return nil
	})
}

func (f memFile) Allocate(size int64) error {
	return f.m.call("allocate", func() error {
		c := change{offset: max(size, int64(len(f.node.data)))}
		f.node.data = c.apply(f.node.data)
		f.node.pending = append(f.node.pending, c)
		return nil
	})
}

func (f memFile) Sync() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	err := f.m.ask("sync")
	if err == nil {
		for _, c := range f.node.pending {
			f.node.disk = c.apply(f.node.disk)
		}
	}
	f.node.pending = nil
	return err
}

// restart is the directory as the next process finds it.
func (m *memFS) restart() *memFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := newMemFS()
	copies := map[*inode]*inode{}
	clone := func(from map[string]*inode) map[string]*inode {
		to := map[string]*inode{}
		for name, node := range from {
			if copies[node] == nil {
				copies[node] = &inode{bytes.Clone(node.data), bytes.Clone(node.disk), slices.Clone(node.pending)}
			}
			to[name] = copies[node]
		}
		return to
	}
	next.names, next.durable = clone(m.names), clone(m.durable)
	return next
}

// powerCut is the directory after a power cut: of what was not synced, tear
// decides.
func (m *memFS) powerCut(names map[string]*inode, tear func(node *inode) []byte) *memFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := newMemFS()
	for name, node := range names {
		p := tear(node)
		next.names[name] = &inode{data: p, disk: bytes.Clone(p)}
	}
	next.durable = maps.Clone(next.names)
	return next
}

// anyNames is a directory of which each entry is the durable one or the one
// that was not made durable yet, whatever the others are.
func (m *memFS) anyNames(rng *rand.Rand) map[string]*inode {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := maps.Clone(m.durable)
	maps.Copy(all, m.names)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		from := m.names
		if rng.IntN(2) == 0 {
			from = m.durable
		}
		if all[name] = from[name]; all[name] == nil {
			delete(all, name)
		}
	}
	return all
}

// synced keeps exactly what was synced.
func synced(node *inode) []byte { return bytes.Clone(node.disk) }

// torn keeps a random part of what was not synced, block by block, in any
// order, some blocks only in part.
func torn(rng *rand.Rand) func(node *inode) []byte {
	block := []int64{64, 512, 4096}[rng.IntN(3)]
	return func(node *inode) []byte {
		p := bytes.Clone(node.disk)
		for _, c := range node.pending {
			if c.data == nil {
				if rng.IntN(2) == 0 {
					p = c.apply(p)
				}
				continue
			}
			p = tearWrite(rng, p, c, block)
		}
		return p
	}
}

func tearWrite(rng *rand.Rand, p []byte, c change, block int64) []byte {
	if rng.IntN(2) == 0 { // the size may be there without the bytes
		p = resize(p, max(int64(len(p)), c.offset+int64(len(c.data))))
	}
	end := c.offset + int64(len(c.data))
	for at, next := c.offset, int64(0); at < end; at = next {
		next = min(at-at%block+block, end)
		part := bytes.Clone(c.data[at-c.offset : next-c.offset])
		switch rng.IntN(4) {
		case 0:
			continue
		case 1:
			part = part[:rng.IntN(len(part)+1)]
		}
		if len(part) > 0 {
			p = change{at, part}.apply(p)
		}
	}
	return p
}

// put sets the content of a file, durably.
func (m *memFS) put(name string, data []byte) {
	node := &inode{data: bytes.Clone(data), disk: bytes.Clone(data)}
	m.names[name], m.durable[name] = node, node
}
