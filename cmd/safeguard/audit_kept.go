package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// auditKept are the checkpoints of a ledger that were kept elsewhere.
type auditKept struct {
	Known       []string `sep:"none" placeholder:"FILE" help:"A checkpoint of the ledger that was kept elsewhere; may be given several times."`
	AnchorFile  []string `sep:"none" placeholder:"FILE" help:"A file on other storage to which 'audit anchor' appends: the last checkpoint in it."`
	AnchorState string   `placeholder:"DIR" help:"The directory in which 'audit anchor' remembers what each place has, from where you keep it."`
}

// given reports whether there is any.
func (k auditKept) given() bool { return len(k.Known)+len(k.AnchorFile) > 0 || k.AnchorState != "" }

// read returns the checkpoints. One that is named and not there is refused:
// a verdict without it would claim more than it shows.
func (k auditKept) read(e *env, verifierKey string) ([]ledger.Kept, error) {
	var list []ledger.Kept
	for _, path := range k.Known {
		note, err := e.read(path)
		if err != nil {
			return nil, err
		}
		list = append(list, ledger.Kept{Name: path, Note: note})
	}
	for _, path := range k.AnchorFile {
		note, err := lastAnchored(path, verifierKey)
		if err != nil {
			return nil, err
		}
		list = append(list, ledger.Kept{Name: path, Note: note})
	}
	if k.AnchorState == "" {
		return list, nil
	}
	notes, err := anchorState(e, k.AnchorState)
	return append(list, notes...), err
}

// anchorState reads what a runner remembers.
func anchorState(e *env, dir string) ([]ledger.Kept, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, refused(err)
	}
	var list []ledger.Kept
	for _, entry := range entries {
		name, ok := strings.CutSuffix(entry.Name(), ".note")
		if !ok {
			continue
		}
		note, err := e.read(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		list = append(list, ledger.Kept{Name: name, Note: note})
	}
	if len(list) == 0 {
		return nil, refused(fmt.Errorf("%s: there is no checkpoint in it", dir))
	}
	return list, nil
}

// anchorTail is how much of an anchor's file is read to find its last line.
const anchorTail = 256 << 10

// lastAnchored reads the last checkpoint that was appended to a file.
func lastAnchored(path, verifierKey string) ([]byte, error) {
	if err := regular(path); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	tail := make([]byte, min(info.Size(), anchorTail))
	if _, err := f.ReadAt(tail, info.Size()-int64(len(tail))); err != nil && len(tail) > 0 {
		return nil, err
	}
	note, err := lastNote(tail, verifierKey)
	if err != nil {
		return nil, refused(fmt.Errorf("%s: %w", path, err))
	}
	return note, nil
}

// lastNote returns the note of the last whole line that has one of this ledger.
// The line that a crash cut short is passed over.
func lastNote(tail []byte, verifierKey string) ([]byte, error) {
	for end := bytes.LastIndexByte(tail, '\n'); end >= 0; end = bytes.LastIndexByte(tail, '\n') {
		start := bytes.LastIndexByte(tail[:end], '\n') + 1
		var line struct {
			Note string `json:"note"`
		}
		if json.Unmarshal(tail[start:end], &line) == nil {
			if _, err := ledger.ParseCheckpoint([]byte(line.Note), verifierKey); err == nil {
				return []byte(line.Note), nil
			}
		}
		tail = tail[:start]
	}
	return nil, errors.New("there is no checkpoint of this ledger at its end")
}
