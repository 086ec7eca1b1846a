package ledger

import (
	"bytes"
	"crypto"
	"errors"
	"io/fs"
	"strings"
)

// load brings the directory into a state from which it can be written, or
// refuses.
func (l *Ledger) load(key crypto.Signer) error {
	signed, err := readSmall(l.fsys, checkpointName, maxNote)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return err
	}
	if err := l.sweep(missing); err != nil {
		return err
	}
	if l.options.Origin, err = chooseOrigin(l.options.Origin, signed); err != nil {
		return err
	}
	if l.signer, err = newCheckpointSigner(l.options.Origin, key); err != nil {
		return err
	}
	if missing {
		return l.begin()
	}
	last, err := openCheckpoint(signed, l.signer)
	if err != nil {
		return err
	}
	l.checkpoint.Store(&last)
	return l.recover(last)
}

// sweep removes unfinished files. It refuses a directory without a checkpoint
// that has segments: the checkpoint is written first and never removed.
func (l *Ledger) sweep(noCheckpoint bool) error {
	names, err := l.fsys.List()
	if err != nil {
		return err
	}
	list, err := segments(names)
	if err != nil {
		return err
	}
	if noCheckpoint && len(list) > 0 {
		return &DamageError{Reason: "the checkpoint is missing"}
	}
	for _, name := range names {
		if !unfinished(name) {
			continue
		}
		if err := l.fsys.Remove(name); err != nil {
			return err
		}
	}
	return l.fsys.SyncDir()
}

// unfinished reports whether name is one under which the ledger writes a file
// before it gets its own. Files of others are none of its business.
func unfinished(name string) bool {
	final, ok := strings.CutSuffix(name, tempSuffix)
	_, segment := firstOf(final)
	return ok && (segment || final == checkpointName || final == leavesName || final == floorName)
}

// chooseOrigin takes the name that the directory has, the one that is asked
// for, or a default, and refuses a contradiction.
func chooseOrigin(asked string, signed []byte) (string, error) {
	if signed == nil && asked != "" {
		return asked, nil
	}
	if signed == nil {
		return defaultOrigin(), nil
	}
	line, _, _ := bytes.Cut(signed, []byte("\n"))
	has := string(line)
	if checkOrigin(has) != nil || has == "" {
		return "", &DamageError{Reason: "the checkpoint names no origin"}
	}
	if asked != "" && asked != has {
		return "", errors.New("options: Origin is not the one of the directory")
	}
	return has, nil
}

// begin makes a new ledger: first a checkpoint of nothing, then a segment.
func (l *Ledger) begin() error {
	c, err := l.signer.checkpoint(0, l.tree.root())
	if err != nil {
		return err
	}
	if err := writeAtomic(l.fsys, checkpointName, c.Note); err != nil {
		return err
	}
	l.checkpoint.Store(&c)
	f, err := l.fsys.Create(leavesName)
	if err != nil {
		return err
	}
	if l.leaves, err = hold(leavesName, f); err != nil {
		return err
	}
	return l.startSegment(l.tree)
}
