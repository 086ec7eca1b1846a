package ledger

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
)

// An exam compares all records of a directory with a signed checkpoint, with
// checkpoints that were kept elsewhere, and with the leaf index.
type exam struct {
	walk
	signed Checkpoint
	known  []keptCheckpoint
	ahead  []keptCheckpoint // those that the tree has not come to, in order

	index     *leafIndex
	different *DamageError // first record that is not as in the leaf index
	keepTail  bool
	tail      []hash // leaves beyond the checkpoint, if kept
	allowed   uint64 // up to where signed records say that others were pruned
}

// A keptCheckpoint was kept elsewhere.
type keptCheckpoint struct {
	Checkpoint
	name string // of the place, if known
}

// where says where it was kept.
func (k keptCheckpoint) where() string {
	if k.name == "" {
		return "elsewhere"
	}
	return "elsewhere (" + k.name + ")"
}

// examine walks. It returns a *DamageError for the first entry that is not as
// it was written, and another error if that could not be found out.
func (e *exam) examine(ctx context.Context) error {
	index, err := openLeafIndex(e.fsys, e.signed.Size)
	if err != nil {
		return err
	}
	defer index.close()
	e.index = index
	e.visit, e.skipped, e.most = e.see, e.pass, e.signed.Size
	e.ahead = slices.SortedStableFunc(slices.Values(e.known), func(a, b keptCheckpoint) int { return cmp.Compare(a.Size, b.Size) })
	err = e.compare()
	if err == nil {
		err = e.run(ctx)
	}
	if err == nil {
		err = e.complete()
	}
	damage, ok := errors.AsType[*DamageError](err)
	if !ok {
		return err
	}
	return e.earliest(damage)
}

// pass takes in the hash of one record that was pruned.
func (e *exam) pass() error {
	e.index.next()
	return e.compare()
}

// see takes in one record.
func (e *exam) see(at place, prefixed []byte, leaf hash) error {
	if at.index < e.signed.Size {
		if e.floor > 0 {
			e.allowed = max(e.allowed, prunedTo(prefixed[1:], e.signed.Origin))
		}
		if kept, ok := e.index.next(); ok && kept != leaf && e.different == nil {
			e.different = &DamageError{at.index, at.segment, at.offset, "the record is not the one that was signed"}
		}
	} else if e.keepTail {
		e.tail = append(e.tail, leaf)
	}
	return e.compare()
}

// compare holds the tree, as far as it has come, against the checkpoints of
// that size.
func (e *exam) compare() error {
	if e.tree.size == e.signed.Size && e.tree.root() != e.signed.Root {
		return &DamageError{Reason: "the records do not have the signed root, and no single one can be named"}
	}
	for ; len(e.ahead) > 0 && e.ahead[0].Size <= e.tree.size; e.ahead = e.ahead[1:] {
		if k := e.ahead[0]; e.tree.root() != k.Root {
			return &DamageError{Reason: fmt.Sprintf("the first %d records are not those of the checkpoint that was kept %s", k.Size, k.where())}
		}
	}
	return nil
}

// complete finds out what is missing at the end.
func (e *exam) complete() error {
	if e.floor > e.allowed {
		return &DamageError{Reason: fmt.Sprintf("the records before %d are missing, and no signed record says that they were pruned", e.floor)}
	}
	if e.tree.size < e.signed.Size {
		return e.ends("the ledger ends before its signed checkpoint")
	}
	for _, k := range e.known {
		if e.tree.size < k.Size {
			return e.ends("the ledger ends before a checkpoint that was kept " + k.where() + ": it was rolled back")
		}
		if e.signed.Size < k.Size {
			return &DamageError{Index: e.signed.Size, Reason: "the checkpoint is older than one that was kept " + k.where() + ": it was rolled back"}
		}
	}
	return nil
}

// ends names the end.
func (e *exam) ends(reason string) *DamageError {
	if e.stop != nil {
		return e.stop
	}
	if e.last == nil {
		return &DamageError{Index: e.tree.size, Reason: reason}
	}
	return &DamageError{e.tree.size, e.last.name, e.last.offset, reason}
}

// earliest returns the record that differs from the leaf index instead, if it
// stands earlier or damage names none, and if the leaf index itself is the one
// that was signed.
func (e *exam) earliest(damage *DamageError) *DamageError {
	if e.different == nil || damage.Segment != "" && damage.Index <= e.different.Index {
		return damage
	}
	if indexRoot(e.fsys, e.signed.Size) != e.signed.Root {
		return damage
	}
	return e.different
}

// indexDamaged reports whether the leaf index is not what the signed records
// give. It is valid after examine found no damage.
func (e *exam) indexDamaged() bool { return e.different != nil || e.index.short }

// A leafIndex reads the file of leaf hashes, up to the checkpoint. It is no
// evidence: it only helps to name a record, after its root was compared.
type leafIndex struct {
	file  file
	r     *bufio.Reader
	leaf  hash // the last one
	short bool // it ended too early
}

func openLeafIndex(fsys fileSystem, size uint64) (*leafIndex, error) {
	f, err := fsys.Open(leavesName, false)
	if errors.Is(err, fs.ErrNotExist) {
		return &leafIndex{short: size > 0}, nil
	}
	if err != nil {
		return nil, err
	}
	section := io.NewSectionReader(f, 0, int64(size)*hashSize)
	return &leafIndex{file: f, r: bufio.NewReaderSize(section, 64<<10)}, nil
}

// next returns the next hash, false from the end on.
func (x *leafIndex) next() (leaf hash, ok bool) {
	if x.r == nil || x.short {
		x.short = true
		return leaf, false
	}
	if _, err := io.ReadFull(x.r, x.leaf[:]); err != nil {
		x.short = true
		return leaf, false
	}
	return x.leaf, true
}

// indexRoot reads the leaf index from its start and returns the root of the tree of size
// records, zero if it is short.
func indexRoot(fsys fileSystem, size uint64) hash {
	again, err := openLeafIndex(fsys, size)
	if err != nil {
		return hash{}
	}
	defer again.close()
	var t tree
	for t.size < size {
		leaf, ok := again.next()
		if !ok {
			return hash{}
		}
		t.append(leaf)
	}
	return t.root()
}

func (x *leafIndex) close() {
	if x.file != nil {
		x.file.Close()
	}
}
