package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// actor are the flags of a command whose act is recorded.
type actor struct {
	Operator            string `placeholder:"NAME" help:"Who acts, where the account does not say it. It is recorded as stated, not as known."`
	Ledger              string `placeholder:"DIR" help:"Ledger of the acts of this command, which makes it if there is none."`
	LedgerSigner        string `placeholder:"FILE" help:"The key that signs the ledger, as 'evidence key' makes it."`
	PatientTokens       string `placeholder:"EPOCH=FILE" help:"The secret by which patients are named in ledgers, at least 32 bytes, and its epoch: the service's own, so that its records and these match. Without it a patient's token matches nothing."`
	UnsafeWithoutLedger bool   `help:"Record nothing."`
}

// act is something that is being done, on the record.
type act struct {
	ctx      context.Context
	who      safeguard.Principal
	recorded bool
	notes    []safeguard.Observation
}

// note adds a sentence about what was done to the record. It holds no patient.
func (a *act) note(statement string, settings map[string]string) {
	a.notes = append(a.notes, safeguard.Observation{
		Component: "cmd/safeguard keys", Statement: statement, Settings: settings,
		Controls: []safeguard.Control{safeguard.EncryptionAndDecryption, safeguard.AuditControls},
	})
}

// Report implements safeguard.Reporter: at the end of the act it is recorded.
func (a *act) Report(context.Context) ([]safeguard.Observation, error) { return a.notes, nil }

// do makes durable who is about to do what, does it, and records how it ended.
func (c actor) do(e *env, action string, f func(*act) error) error {
	who, err := e.principal(c.Operator)
	if err != nil {
		return err
	}
	a := &act{ctx: safeguard.WithPrincipal(e.ctx, who), who: who}
	if err := c.check(); err != nil {
		return err
	}
	if c.UnsafeWithoutLedger {
		return keyFault(f(a))
	}
	key, err := loadKey(c.LedgerSigner)
	if err != nil {
		return err
	}
	tokens, err := c.tokens(e)
	if err != nil {
		return err
	}
	l, err := ledger.Open(c.Ledger, key, nil)
	if err != nil {
		return fmt.Errorf("--ledger: %w", err)
	}
	recorder, err := audit.New(l, tokens, &audit.Options{Source: "urn:safeguard:keys"})
	if err != nil {
		return errors.Join(err, l.Close(e.ctx))
	}
	err = a.record(recorder, action, f)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.ctx), 30*time.Second)
	defer cancel()
	return errors.Join(err, recorder.Close(ctx), l.Close(ctx))
}

// record does f under an Entry.
func (a *act) record(recorder *audit.Recorder, action string, f func(*act) error) error {
	ctx, entry := recorder.Begin(a.ctx, "job", "")
	entry.SetAction("keys", action, safeguard.Operations)
	if err := entry.Commit(ctx); err != nil {
		return err
	}
	a.ctx, a.recorded = ctx, true
	err := keyFault(f(a))
	outcome := audit.Completed
	if found := (*exitError)(nil); err != nil && !(errors.As(err, &found) && found.code == exitFindings) {
		outcome = audit.Aborted
	}
	if len(a.notes) > 0 {
		err = errors.Join(err, recorder.Watch(context.WithoutCancel(ctx), a))
		a.notes = nil
	}
	entry.End(outcome, 0, 0)
	return err
}

// check refuses half of the flags.
func (c actor) check() error {
	together := (c.Ledger == "") == (c.LedgerSigner == "")
	switch {
	case c.UnsafeWithoutLedger && c.Ledger == "" && together:
		return nil
	case c.UnsafeWithoutLedger || c.Ledger == "" || !together:
		return refused(errors.New("say where this is recorded: --ledger and --ledger-signer, or --unsafe-without-ledger"))
	}
	return nil
}

// tokens returns what names patients in the ledger.
func (c actor) tokens(e *env) (*audit.TokenKeys, error) {
	secret := audit.TokenKey{Epoch: "unmatched", Secret: make([]byte, 32)}
	_, _ = rand.Read(secret.Secret)
	if c.PatientTokens != "" {
		epoch, path, ok := strings.Cut(c.PatientTokens, "=")
		if !ok {
			return nil, refused(errors.New("--patient-tokens: must be EPOCH=FILE"))
		}
		b, err := e.read(path)
		if err != nil {
			return nil, err
		}
		secret = audit.TokenKey{Epoch: epoch, Secret: b}
	}
	tokens, err := audit.NewTokenKeys(secret)
	if err != nil {
		return nil, refused(fmt.Errorf("--patient-tokens: %w", err))
	}
	return tokens, nil
}
