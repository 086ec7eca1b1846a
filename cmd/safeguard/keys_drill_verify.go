package main

import (
	"bytes"

	"github.com/safeguard-sdk/safeguard/crypto/custody"
)

type keysDrillVerify struct {
	Record string `arg:"" help:"The record, - for standard input."`
	Key    string `required:"" placeholder:"FILE" help:"The signer's public key (PEM), from where you keep it."`
	results
}

// Run checks the record of a drill.
func (c *keysDrillVerify) Run(e *env) error {
	key, err := parse(e, c.Key, publicKey)
	if err != nil {
		return err
	}
	b, err := e.read(c.Record)
	if err != nil {
		return err
	}
	record, err := custody.VerifyDrill(bytes.TrimRight(b, "\r\n"), key)
	if err != nil {
		return findings("%w", err)
	}
	if err := c.write(e, format{"json", indented(record)}); err != nil {
		return err
	}
	if !record.Passed {
		return findings("the drill did not pass")
	}
	return nil
}
