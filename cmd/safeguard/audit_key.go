package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

type auditPublic struct {
	Dir    string `arg:"" help:"Directory of the ledger, for its name."`
	Public string `placeholder:"FILE" help:"The public key (PEM), as 'evidence key' writes it."`
	Signer string `placeholder:"FILE" help:"The key that signs the ledger, of which the public half is taken."`
}

// Help is the long text of --help.
func (auditPublic) Help() string {
	return `It writes the public key of a ledger in the form that --key takes, name+hash+base64, if the checkpoint in DIR is signed with it. Do this once, where the key was made, and keep the line apart from the ledger's host: with a key that comes from there, nothing is shown.`
}

// Run writes the verifier key.
func (c *auditPublic) Run(e *env) error {
	key, err := c.public(e)
	if err != nil {
		return err
	}
	signed, err := e.read(filepath.Join(c.Dir, "checkpoint"))
	if err != nil {
		return err
	}
	origin, _, _ := strings.Cut(string(signed), "\n")
	vkey, err := note.NewEd25519VerifierKey(origin, key)
	if err != nil {
		return refused(fmt.Errorf("%s: the checkpoint names no ledger", c.Dir))
	}
	if _, err := ledger.ParseCheckpoint(signed, vkey); err != nil {
		return findings("%s: %w", c.Dir, err)
	}
	_, err = fmt.Fprintln(e.out, vkey)
	return err
}

// public returns the public key.
func (c *auditPublic) public(e *env) (ed25519.PublicKey, error) {
	switch {
	case (c.Public == "") == (c.Signer == ""):
		return nil, refused(errors.New("say whose ledger it must be: --public or --signer"))
	case c.Public != "":
		return parse(e, c.Public, publicKey)
	}
	key, err := loadKey(c.Signer)
	if err != nil {
		return nil, err
	}
	return key.Public().(ed25519.PublicKey), nil
}
