package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/safeguard-sdk/safeguard/cmd/safeguard/internal/output"
)

// The exit codes. 0 means done and in order.
const (
	exitFindings = 1 // done, and something is not in order
	exitRefused  = 2 // an input or the command line was refused
	exitFailed   = 3 // could not be done
)

// exitError is an error with its exit code.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// refused marks an error as the input's fault.
func refused(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{exitRefused, err}
}

// findings says that the work is done and something is not in order.
func findings(format string, args ...any) error {
	return &exitError{exitFindings, fmt.Errorf(format, args...)}
}

// fail shows an error and returns its exit code.
func fail(w io.Writer, err error) int {
	for i, line := range strings.Split(strings.TrimRight(err.Error(), "\n"), "\n") {
		if i == 0 {
			line = "safeguard: " + line
		}
		fmt.Fprintln(w, line)
	}
	var e *exitError
	switch {
	case errors.Is(err, context.Canceled):
		return exitFailed
	case errors.As(err, &e):
		return e.code
	case errors.Is(err, output.ErrRefused):
		return exitRefused
	}
	return exitFailed
}
