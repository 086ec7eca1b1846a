package bench

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// A store makes records durable: append returns when its record would survive
// a power cut, and may be called by many writers at once.
type store struct {
	append func(record []byte) error
	close  func() error
}

// A bare is a group-commit writer without a tree, a signature, stamps or
// checks of its files: what the disk and a Go program can do.
type bare struct {
	mu      sync.Mutex
	pending *bareGroup
	wake    chan struct{}
	done    chan struct{}
	file    *os.File
	offset  int64
	zeroed  int64
	zeros   []byte
	size    int64 // preallocated
	dir     string
	n       int
	closing bool
}

type bareGroup struct {
	buf  []byte
	done chan struct{}
	err  error
}

// The kinds of bare writer.
const (
	bareAppend   = iota // the file grows with every write
	barePrealloc        // blocks are found before
	bareZeroed          // and zeros written ahead, as the ledger does
)

const bareSegment = 64 << 20

var bareTable = crc32.MakeTable(crc32.Castagnoli)

func openBare(b *testing.B, dir string, kind int) store {
	w := &bare{wake: make(chan struct{}, 1), done: make(chan struct{}), dir: dir}
	w.pending = &bareGroup{buf: make([]byte, 32), done: make(chan struct{})}
	if kind != bareAppend {
		w.size = bareSegment
	}
	if kind == bareZeroed {
		w.zeros = make([]byte, 1<<20)
	}
	if err := w.next(); err != nil {
		b.Fatal(err)
	}
	go w.run()
	return store{w.append, w.close}
}

// next starts a new file.
func (w *bare) next() (err error) {
	if w.file != nil {
		if err := w.file.Close(); err != nil {
			return err
		}
	}
	w.n++
	w.file, err = os.Create(filepath.Join(w.dir, "bare"+string(rune('0'+w.n))))
	w.offset, w.zeroed = 0, 0
	if err == nil && w.size > 0 {
		err = syscall.Fallocate(int(w.file.Fd()), 0, 0, w.size)
	}
	return err
}

func (w *bare) append(record []byte) error {
	w.mu.Lock()
	g := w.pending
	at := len(g.buf)
	g.buf = append(g.buf, 0, 0, 0, 0)
	g.buf = binary.LittleEndian.AppendUint32(g.buf, uint32(len(record)))
	g.buf = append(g.buf, record...)
	binary.LittleEndian.PutUint32(g.buf[at:], crc32.Checksum(record, bareTable))
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
	<-g.done
	return g.err
}

func (w *bare) run() {
	defer close(w.done)
	var spare []byte
	for range w.wake {
		w.mu.Lock()
		g, closing := w.pending, w.closing
		if len(g.buf) > 32 {
			if spare == nil {
				spare = make([]byte, 32)
			}
			w.pending = &bareGroup{buf: spare[:32], done: make(chan struct{})}
			spare = nil
		}
		w.mu.Unlock()
		if len(g.buf) > 32 {
			g.err = w.commit(g.buf)
			spare = g.buf
			close(g.done)
		}
		if closing {
			return
		}
	}
}

func (w *bare) commit(p []byte) error {
	if w.offset+int64(len(p)) > bareSegment {
		if err := w.next(); err != nil {
			return err
		}
	}
	binary.LittleEndian.PutUint32(p, uint32(len(p)))
	binary.LittleEndian.PutUint32(p[4:], crc32.Checksum(p[32:], bareTable))
	if _, err := w.file.WriteAt(p, w.offset); err != nil {
		return err
	}
	w.offset += int64(len(p))
	if w.zeros != nil && w.offset > w.zeroed {
		n := min(int64(len(w.zeros)), max(0, w.size-w.offset))
		if _, err := w.file.WriteAt(w.zeros[:n], w.offset); err != nil {
			return err
		}
		w.zeroed = w.offset + n
	}
	return syscall.Fdatasync(int(w.file.Fd()))
}

func (w *bare) close() error {
	w.mu.Lock()
	w.closing = true
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
	<-w.done
	return w.file.Close()
}
