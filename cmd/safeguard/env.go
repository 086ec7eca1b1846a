package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"runtime/debug"
	"strconv"
	"time"
)

// env is what a command works with.
type env struct {
	ctx       context.Context
	in        io.Reader
	out, errs io.Writer
	progress  bool
	account   func() (account, error)
}

// step says what goes on, where somebody wants to know.
func (e *env) step(format string, args ...any) {
	if e.progress {
		fmt.Fprintf(e.errs, "safeguard: "+format+" …\n", args...)
	}
}

// note says something on standard error that is no failure.
func (e *env) note(format string, args ...any) {
	fmt.Fprintf(e.errs, "safeguard: "+format+"\n", args...)
}

func showProgress(flag string, w io.Writer) bool {
	if flag != "auto" {
		return flag == "always"
	}
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// maxInput bounds every file that is read whole.
const maxInput = 64 << 20

// read reads an input file, "-" for standard input. A file must be a regular
// one: opening a pipe waits for its writer.
func (e *env) read(path string) ([]byte, error) {
	in := e.in
	if path != "-" {
		if err := regular(path); err != nil {
			return nil, err
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	b, err := e.readAll(io.LimitReader(in, maxInput+1))
	if err == nil && len(b) > maxInput {
		return nil, refused(fmt.Errorf("%s: larger than %d MiB", path, maxInput>>20))
	}
	return b, err
}

// regular refuses what is no regular file.
func regular(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return refused(fmt.Errorf("%s: there is no such file", path))
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return refused(fmt.Errorf("%s: is no regular file", path))
	}
	return nil
}

// readAll reads until the end, or until the command is interrupted, whatever
// the reader waits for.
func (e *env) readAll(in io.Reader) ([]byte, error) {
	type content struct {
		b   []byte
		err error
	}
	done := make(chan content, 1)
	go func() {
		b, err := io.ReadAll(in)
		done <- content{b, err}
	}()
	select {
	case <-e.ctx.Done():
		return nil, e.ctx.Err()
	case c := <-done:
		return c.b, c.err
	}
}

// parse reads an input file with the parser of its package. An error is
// "file:line:column: what".
func parse[T any](e *env, path string, parser func([]byte) (T, error)) (T, error) {
	b, err := e.read(path)
	if err != nil {
		var zero T
		return zero, err
	}
	v, err := parser(b)
	return v, refused(inFile(path, err))
}

// position finds the line, and the column where there is one, behind the
// package's own prefix.
var position = regexp.MustCompile(`^(?:[a-z]+: )*(?:line )?(\d+(?::\d+)?): `)

func inFile(path string, err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if m := position.FindStringSubmatchIndex(text); m != nil {
		return &placed{path + ":" + text[m[2]:m[3]] + ": " + text[m[1]:], err}
	}
	return fmt.Errorf("%s: %w", path, err)
}

// placed is an error with its position in front.
type placed struct {
	text string
	err  error
}

func (p *placed) Error() string { return p.text }
func (p *placed) Unwrap() error { return p.err }

// A dated command takes the day that its document speaks of.
type dated struct {
	Date string `placeholder:"YYYY-MM-DD" help:"The day that the document is made for. Default: SOURCE_DATE_EPOCH if set, else today (UTC). The same inputs and date give the same bytes."`
}

func (d dated) day() (time.Time, error) {
	if d.Date != "" {
		t, err := time.Parse(time.DateOnly, d.Date)
		if err != nil {
			return time.Time{}, refused(fmt.Errorf("--date: %q is no day of the calendar, written YYYY-MM-DD", d.Date))
		}
		return t, nil
	}
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil || seconds < 0 {
			return time.Time{}, refused(errors.New("SOURCE_DATE_EPOCH: not a number of seconds"))
		}
		return time.Unix(seconds, 0).UTC().Truncate(24 * time.Hour), nil
	}
	return time.Now().UTC().Truncate(24 * time.Hour), nil
}

// version is what go install recorded, or the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "safeguard (unknown version)"
	}
	return "safeguard " + info.Main.Version
}
