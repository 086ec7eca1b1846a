package anchor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard/audit/internal/merkle"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// A state is the directory in which a runner remembers, one file for each
// anchor, the last note that it has.
type state struct {
	dir, key string
}

func newState(dir, verifierKey string) (*state, error) {
	err := os.Mkdir(dir, 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return &state{dir, verifierKey}, nil
}

func (s *state) path(name string) string { return filepath.Join(s.dir, name+".note") }

// load returns the last checkpoint that the anchor took, zero if none.
func (s *state) load(name string) (ledger.Checkpoint, error) {
	f, err := os.Open(s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return ledger.Checkpoint{}, nil
	}
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	defer f.Close()
	signed, err := readBounded(f, merkle.MaxNote)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	return ledger.ParseCheckpoint(signed, s.key)
}

// store replaces what load returns: after a crash it is the old or the new. It
// never goes back.
func (s *state) store(name string, c ledger.Checkpoint) error {
	has, err := s.load(name)
	if err != nil {
		return err
	}
	if has.Size > c.Size || has.Note != nil && has.Size == c.Size && has.Root != c.Root {
		return fmt.Errorf("the state of %s is of %d records and does not go back", name, has.Size)
	}
	f, err := os.CreateTemp(s.dir, name+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(c.Note)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), s.path(name)); err != nil {
		return err
	}
	return syncDir(s.dir)
}
