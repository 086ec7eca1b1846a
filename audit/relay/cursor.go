package relay

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// A Cursor keeps how far a relay has come. Load returns the index of the first
// record that was not delivered, 0 if nothing was ever stored. Store returns nil
// once next is durable, and refuses to go back. An error that is [ErrCursor]
// ends the relay; any other is tried again.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Cursor interface {
	Load(ctx context.Context) (uint64, error)
	Store(ctx context.Context, next uint64) error
}

// A FileCursor is a Cursor in a file: replaced as a whole, synced, and with a
// checksum. It notices when somebody else has moved it, so that two relays do
// not share one unseen while they run. The checksum is against faults only:
// whoever may write to the file of a relay that stands still can have it skip
// records, so protect it as the log is; a comparison of the copy with the log's
// checkpoint shows it. It is safe for concurrent use. The zero value is not
// usable; call [OpenFileCursor].
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type FileCursor struct {
	path string

	mu   sync.Mutex
	last uint64
}

// OpenFileCursor opens the cursor in the file at path, which need not exist; its
// directory must. A file that is not a cursor is [ErrCursor]: nobody knows how
// far the relay was. Removing it is safe and has everything delivered again.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func OpenFileCursor(path string) (*FileCursor, error) {
	c := &FileCursor{path: path}
	next, err := c.read()
	c.last = next
	return c, err
}

// Load returns the stored position.
func (c *FileCursor) Load(context.Context) (uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next, err := c.read()
	c.last = next
	return next, err
}

// Store makes next durable. It returns [ErrCursor] for a position before the
// one that is stored, or if the file is not as it was left.
func (c *FileCursor) Store(_ context.Context, next uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	there, err := c.read()
	if err != nil {
		return err
	}
	if there != c.last {
		return fmt.Errorf("%w: somebody else moved it from %d to %d", ErrCursor, c.last, there)
	}
	if next < there {
		return fmt.Errorf("%w: it does not go back from %d to %d", ErrCursor, there, next)
	}
	if err := replace(c.path, appendCursor(nil, next)); err != nil {
		return wrap("cursor", err)
	}
	c.last = next
	return nil
}

// maxCursor bounds a cursor file, in bytes.
const maxCursor = 128

func (c *FileCursor) read() (uint64, error) {
	f, err := os.Open(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, wrap("cursor", err)
	}
	defer f.Close() //nolint:errcheck // was only read
	data, err := io.ReadAll(io.LimitReader(f, maxCursor+1))
	if err != nil {
		return 0, wrap("cursor", err)
	}
	return parseCursor(string(data))
}

const cursorTitle = "safeguard relay cursor 1"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendCursor appends the text of a cursor: a title, the position, and the
// CRC-32C of both lines.
func appendCursor(dst []byte, next uint64) []byte {
	text := fmt.Appendf(nil, "%s\n%d\n", cursorTitle, next)
	return fmt.Appendf(append(dst, text...), "%08x\n", crc32.Checksum(text, castagnoli))
}

// parseCursor reads what appendCursor wrote, in its one spelling only.
func parseCursor(text string) (uint64, error) {
	lines := strings.SplitN(text, "\n", 3)
	if len(lines) != 3 || len(text) > maxCursor {
		return 0, fmt.Errorf("%w: the file is not one", ErrCursor)
	}
	next, err := strconv.ParseUint(lines[1], 10, 64)
	if err != nil || string(appendCursor(nil, next)) != text {
		return 0, fmt.Errorf("%w: the file is damaged", ErrCursor)
	}
	return next, nil
}

// replace writes a file as a whole and makes it and its name durable.
func replace(path string, data []byte) (err error) {
	temp := path + ".new"
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

// syncDirectory makes a new name durable; Windows has no such call.
func syncDirectory(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
