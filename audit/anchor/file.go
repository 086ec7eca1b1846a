package anchor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// tailSize is how much of the file is read to find the newest entry.
const tailSize = 256 << 10

// FileOptions are the settings of a [File]. Nil is the zero value.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type FileOptions struct {
	// Name is the anchor's name. Default: "file".
	Name string
	// UnsafeSameDevice accepts a file on the ledger's own device, or where the
	// system does not tell devices apart: who takes that disk has both.
	UnsafeSameDevice bool
}

// A File is an [Anchor] that appends to a file on other storage: one line of
// JSON for each checkpoint, synced before Submit returns. It reads back its
// last line and takes only what extends it. It is safe for concurrent use in
// one process; two processes must not share a file. The zero value is not
// usable.
//
// It is as good as the storage: who can write the file can cut it. Use a volume
// that another administrator owns, or one that can only be appended to. A line
// that a crash cut short is skipped and stays.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type File struct {
	path, key, name string
	beside          string // the ledger's directory, empty if its device is no matter

	mu     sync.Mutex
	failed bool // the last line may not be durable, whatever a later sync says
}

// A fileLine is one line of the file.
type fileLine struct {
	Kept time.Time `json:"kept"`
	Note string    `json:"note"`
}

// NewFile returns an anchor that appends to the file at path the checkpoints of
// the ledger in the directory beside, which is signed with verifierKey. The
// file is made if it is missing; its directory must exist.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func NewFile(path, beside, verifierKey string, opts *FileOptions) (*File, error) {
	o := FileOptions{}
	if opts != nil {
		o = *opts
	}
	if o.Name == "" {
		o.Name = "file"
	}
	if err := checkName(o.Name); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("anchor: file: %w", err)
	}
	f := &File{path: path, key: verifierKey, name: o.Name}
	if !o.UnsafeSameDevice {
		if f.beside, err = filepath.Abs(beside); err != nil {
			return nil, fmt.Errorf("anchor: file: %w", err)
		}
	}
	file, err := f.open()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if _, err := f.newest(file); err != nil {
		return nil, err
	}
	return f, nil
}

// Name returns Options.Name.
func (f *File) Name() string { return f.name }

// Submit appends the checkpoint, unless the file has it already.
func (f *File) Submit(ctx context.Context, s Submission) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := f.open()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	last, err := f.newest(file)
	if err != nil {
		return nil, err
	}
	if last.Note != nil {
		if err := Extends(ctx, f.name, last, s.Checkpoint, s.Prove); err != nil {
			return nil, err
		}
		if last.Size == s.Checkpoint.Size && !f.failed {
			return f.synced(file, s.Checkpoint.Note) // another process may have left it before its sync
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("anchor: %s: %w", f.name, err)
	}
	err = f.append(file, s.Checkpoint.Note)
	if f.failed = err != nil; f.failed {
		return nil, err
	}
	return s.Checkpoint.Note, nil
}

// synced returns the note once the file is durable.
func (f *File) synced(file *os.File, signed []byte) ([]byte, error) {
	if err := file.Sync(); err != nil {
		f.failed = true
		return nil, fmt.Errorf("anchor: %s: %w", f.name, err)
	}
	return signed, nil
}

// Kept reads the newest checkpoint back.
func (f *File) Kept(context.Context) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := f.open()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	last, err := f.newest(file)
	return last.Note, err
}

// elsewhere refuses a path on the ledger's own device. It is asked each time: a
// volume that was unmounted leaves an empty directory there.
func (f *File) elsewhere(path string) error {
	if f.beside == "" {
		return nil
	}
	return refuseSameDevice(path, f.beside)
}

// open opens the file each time: a volume that was unmounted and mounted again
// is then the one that is written. Only a regular file of the owner's is taken.
func (f *File) open() (*os.File, error) {
	if err := f.elsewhere(filepath.Dir(f.path)); err != nil {
		return nil, fmt.Errorf("anchor: %s: %w", f.name, err)
	}
	file, err := os.OpenFile(f.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("anchor: %s: %w", f.name, err)
	}
	info, err := file.Stat()
	if err == nil {
		err = f.elsewhere(f.path) // it may be a link
	}
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0 {
		err = errors.New("others than the owner may write the file")
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("anchor: %s: %w", f.name, err)
	}
	return file, nil
}

// append writes one line and makes it durable. A line before it that was cut
// short is ended first.
func (f *File) append(file *os.File, signed []byte) error {
	line, err := json.Marshal(fileLine{time.Now().UTC(), string(signed)})
	if err != nil {
		return fmt.Errorf("anchor: %s: %w", f.name, err)
	}
	line = append(line, '\n')
	size, err := file.Seek(0, io.SeekEnd)
	last := []byte{'\n'}
	if err == nil && size > 0 {
		_, err = file.ReadAt(last, size-1)
	}
	if last[0] != '\n' {
		line = append([]byte{'\n'}, line...)
	}
	if err == nil {
		_, err = file.Write(line)
	}
	if err == nil {
		err = file.Sync()
	}
	if err == nil && size == 0 {
		err = syncDir(filepath.Dir(f.path))
	}
	if err != nil {
		return fmt.Errorf("anchor: %s: %w", f.name, err)
	}
	return nil
}

// newest finds the last whole line in the tail of the file, and opens it with
// the ledger's key. The zero Checkpoint is none. A file that has lines but no
// good one is refused.
func (f *File) newest(file *os.File) (ledger.Checkpoint, error) {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return ledger.Checkpoint{}, fmt.Errorf("anchor: %s: %w", f.name, err)
	}
	tail := make([]byte, min(size, tailSize))
	if _, err := file.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return ledger.Checkpoint{}, fmt.Errorf("anchor: %s: %w", f.name, err)
	}
	c, found := newestLine(tail, f.key)
	if !found && bytes.IndexByte(tail, '\n') >= 0 {
		return ledger.Checkpoint{}, fmt.Errorf("anchor: %s: the file has no checkpoint of this ledger at its end", f.name)
	}
	return c, nil
}

// newestLine returns the checkpoint of the last line that has one.
func newestLine(tail []byte, verifierKey string) (ledger.Checkpoint, bool) {
	for len(tail) > 0 {
		end := bytes.LastIndexByte(tail, '\n')
		if end < 0 {
			break
		}
		start := bytes.LastIndexByte(tail[:end], '\n') + 1
		var line fileLine
		if json.Unmarshal(tail[start:end], &line) == nil {
			if c, err := ledger.ParseCheckpoint([]byte(line.Note), verifierKey); err == nil {
				return c, true
			}
		}
		tail = tail[:start]
	}
	return ledger.Checkpoint{}, false
}

// syncDir makes a new name durable.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil // a directory cannot be synced there
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
