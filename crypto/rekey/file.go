package rekey

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// A File is a [Checkpoint] in a file, written whole beside it, synced and
// renamed into place, with mode 0600. The state holds a position of a row.
// Use it for one run at a time. The zero File is not usable.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type File struct{ path string }

// maxState bounds a state that is read, in bytes: positions may be in it.
const maxState = 64 << 20

// NewFile returns the Checkpoint at path, which need not be there. Its
// directory must.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func NewFile(path string) (*File, error) {
	info, err := os.Stat(filepath.Dir(path))
	if err != nil || !info.IsDir() || path == "" {
		return nil, errors.New("rekey: checkpoint: the file's directory is not there")
	}
	return &File{path}, nil
}

// Load implements [Checkpoint].
func (f *File) Load(ctx context.Context) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	info, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && info.Size() > maxState {
		err = errors.New("rekey: checkpoint: the file is too large")
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(f.path)
}

// Save implements [Checkpoint].
func (f *File) Save(ctx context.Context, state []byte) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(f.path), filepath.Base(f.path)+".*")
	if err != nil {
		return err
	}
	_, err = temp.Write(state)
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), f.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}
