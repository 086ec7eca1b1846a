package crypto

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// Names implements [SubjectLister].
func (d *DirSubjects) Names(ctx context.Context, tenant, after string, max int) ([]string, error) {
	dirs, err := d.list(tenantDir(tenant))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, d.marked() // a tenant without records; or no store
	}
	if err != nil {
		return nil, storeError(err)
	}
	slices.Sort(dirs)
	var names []string
	for _, dir := range dirs {
		if len(dir) != 2 || len(names) >= max || after != "" && dir < after[:min(2, len(after))] {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		found, err := d.living(filepath.Join(tenantDir(tenant), dir), after, max-len(names))
		if err != nil {
			return nil, err
		}
		names = append(names, found...)
	}
	return names, nil
}

// living returns the first names of a directory after the given one whose
// records were not destroyed.
func (d *DirSubjects) living(dir, after string, max int) ([]string, error) {
	there, err := d.list(dir)
	if err != nil {
		return nil, storeError(err)
	}
	slices.Sort(there)
	var names []string
	for _, name := range there {
		if name <= after || strings.HasPrefix(name, ".") || len(names) == max {
			continue
		}
		_, err := d.readRecord(filepath.Join(dir, name))
		if errors.Is(err, ErrShredded) || errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}
