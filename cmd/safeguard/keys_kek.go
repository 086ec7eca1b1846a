package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/kekexec"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// kekFlag names the key-encryption key.
type kekFlag struct {
	Kek string `required:"" placeholder:"KEK" help:"The key-encryption key: file:PATH, or 'exec:PROGRAM ARG…' with the absolute path of a program. Arguments show in the list of processes."`
}

// open returns the key-encryption key.
func (f kekFlag) kek(e *env) (crypto.KEK, error) { return openKEK(e, "--kek", f.Kek) }

// openKEK returns the key-encryption key that a flag names.
func openKEK(e *env, flag, spec string) (crypto.KEK, error) {
	kind, rest, _ := strings.Cut(spec, ":")
	words := strings.Fields(rest)
	switch {
	case kind == "file" && rest != "":
		kek, err := keyset.OpenFileKEK(rest)
		if err != nil {
			return nil, refused(fmt.Errorf("%s: %w", flag, err))
		}
		return kek, nil
	case kind == "exec" && len(words) > 0:
		kek, err := kekexec.New(e.ctx, words[0], &kekexec.Options{Args: words[1:], Stderr: e.errs})
		if call := (*kekexec.Error)(nil); err != nil && !errors.As(err, &call) {
			return nil, refused(fmt.Errorf("%s: %w", flag, err))
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", flag, err)
		}
		return kek, nil
	}
	return nil, refused(errors.New(flag + ": must be file:PATH or exec:PROGRAM"))
}

type keysKek struct {
	File string `arg:"" help:"The new file. One that exists is refused."`
	actor
}

// Help is the long text of --help.
func (keysKek) Help() string {
	return `The file holds 32 random bytes and is for its owner alone. It is right for development, and for a service only on a device apart from the data; a key management service is better (exec:). Who loses it loses the keys under it.`
}

// Run makes the file.
func (c *keysKek) Run(e *env) error {
	return c.do(e, "kek.create", func(a *act) error {
		if _, err := keyset.CreateFileKEK(c.File); err != nil {
			return err
		}
		a.note("A key-encryption key was made in a file.", nil)
		return nil
	})
}
