package installtest

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// version is the release that the modules get for the test.
const version = "v0.999.0"

// A published is one module of the repository that users can get.
type published struct {
	path string // module path
	dir  string
	mod  []byte // go.mod as a release has it
}

// modules returns the published modules below root.
func modules(t *testing.T, root string) []published {
	t.Helper()
	var found []published
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (d.Name()[0] == '.' || d.Name() == "internal" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.Name() != "go.mod" || d.IsDir() {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		p, err := release(filepath.Dir(path), src)
		found = append(found, p)
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, found)
	return found
}

// release does to a go.mod what a release does: replacements of our own
// modules go, and the modules are required at the released version.
func release(dir string, src []byte) (published, error) {
	f, err := modfile.Parse("go.mod", src, nil)
	if err != nil {
		return published{}, err
	}
	for _, r := range f.Replace {
		if !ours(r.Old.Path) {
			return published{}, fmt.Errorf("%s replaces %s, which no user of it will", f.Module.Mod.Path, r.Old.Path)
		}
		if err := f.DropReplace(r.Old.Path, r.Old.Version); err != nil {
			return published{}, err
		}
	}
	for _, r := range f.Require {
		if !ours(r.Mod.Path) {
			continue
		}
		if err := f.AddRequire(r.Mod.Path, version); err != nil {
			return published{}, err
		}
	}
	f.Cleanup()
	mod, err := f.Format()
	return published{path: f.Module.Mod.Path, dir: dir, mod: mod}, err
}

const rootPath = "github.com/safeguard-sdk/safeguard"

func ours(path string) bool {
	return path == rootPath || strings.HasPrefix(path, rootPath+"/")
}

// serve writes the files of the GOPROXY protocol for p below dir.
func serve(t *testing.T, dir string, p published) {
	t.Helper()
	at := filepath.Join(dir, filepath.FromSlash(p.path), "@v")
	require.NoError(t, os.MkdirAll(at, 0o755))
	write := func(name string, data []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(at, name), data, 0o600))
	}
	write("list", []byte(version+"\n"))
	write(version+".info", fmt.Appendf(nil, `{"Version":%q,"Time":"2026-01-01T00:00:00Z"}`, version))
	write(version+".mod", p.mod)
	var packed bytes.Buffer
	require.NoError(t, zip.Create(&packed, module.Version{Path: p.path, Version: version}, files(t, p)))
	write(version+".zip", packed.Bytes())
}

// files lists what belongs in the zip of p, with its released go.mod.
func files(t *testing.T, p published) []zip.File {
	t.Helper()
	checked, err := zip.CheckDir(p.dir)
	require.NoError(t, err)
	var list []zip.File
	for _, path := range checked.Valid {
		name, err := filepath.Rel(p.dir, path)
		require.NoError(t, err)
		f := file{name: filepath.ToSlash(name), path: path}
		if f.name == "go.mod" {
			f.text = p.mod
		}
		list = append(list, f)
	}
	return list
}

// file is a zip.File on disk, or with text in its place.
type file struct {
	name, path string
	text       []byte
}

func (f file) Path() string { return f.name }

func (f file) Lstat() (os.FileInfo, error) {
	info, err := os.Lstat(f.path)
	if err != nil || f.text == nil {
		return info, err
	}
	return sized{info, int64(len(f.text))}, nil
}

func (f file) Open() (io.ReadCloser, error) {
	if f.text != nil {
		return io.NopCloser(bytes.NewReader(f.text)), nil
	}
	return os.Open(f.path)
}

type sized struct {
	os.FileInfo
	size int64
}

func (s sized) Size() int64 { return s.size }
