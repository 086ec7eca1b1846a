package output

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Dir makes the directory path from what fill writes. fill gets the name of a
// temporary directory beside it; if fill succeeds that is renamed to path,
// else it is removed with all that is in it. path must not exist, so that
// nothing of an earlier run can be taken for part of this one. Only the owner
// may read the directory.
//
// Controls: HIPAA 164.312(c)(1), 164.316(b)(1); NIST CSF 2.0 PR.DS-01.
func Dir(path string, fill func(dir string) error) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%w: %s exists, and a directory of an earlier run is not written into", ErrRefused, path)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("output: %w", err)
	}
	temp, err := os.MkdirTemp(filepath.Dir(filepath.Clean(path)), temporary+"*.tmp")
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	if err := fill(temp); err != nil {
		return errors.Join(err, os.RemoveAll(temp))
	}
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(fmt.Errorf("output: %w", err), os.RemoveAll(temp))
	}
	return nil
}
