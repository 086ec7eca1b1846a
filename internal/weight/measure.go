package main

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// A Measure is what one built probe is.
type Measure struct {
	// Bytes is the size of the stripped program.
	Bytes int64
	// Modules are the modules that it links besides the one it belongs to.
	Modules []string
}

// MeasureAll builds and measures every probe below dir.
func MeasureAll(dir string) (map[string]Measure, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("weight: probes: %w", err)
	}
	tmp, err := os.MkdirTemp("", "weight")
	if err != nil {
		return nil, fmt.Errorf("weight: probes: %w", err)
	}
	measured := make(map[string]Measure)
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		m, err := measure(filepath.Join(dir, e.Name()), filepath.Join(tmp, e.Name()))
		if err != nil {
			return nil, errors.Join(err, os.RemoveAll(tmp))
		}
		measured[e.Name()] = m
	}
	if len(measured) == 0 {
		err = errors.New("weight: probes: none found")
	}
	return measured, errors.Join(err, os.RemoveAll(tmp))
}

// measure builds the program in dir as out. It builds with the workspace off,
// as a user's program is built.
func measure(dir, out string) (Measure, error) {
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", out, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOWORK=off")
	if text, err := cmd.CombinedOutput(); err != nil {
		return Measure{}, fmt.Errorf("weight: %s: build: %w\n%s", filepath.Base(dir), err, text)
	}
	info, err := os.Stat(out)
	if err != nil {
		return Measure{}, fmt.Errorf("weight: %s: %w", filepath.Base(dir), err)
	}
	linked, err := buildinfo.ReadFile(out)
	if err != nil {
		return Measure{}, fmt.Errorf("weight: %s: %w", filepath.Base(dir), err)
	}
	m := Measure{Bytes: info.Size()}
	for _, dep := range linked.Deps {
		m.Modules = append(m.Modules, dep.Path)
	}
	return m, nil
}
