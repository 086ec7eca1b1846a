package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// auditCmd is about the ledgers of a service.
type auditCmd struct {
	Verify  auditVerify  `cmd:"" help:"Say whether a ledger, or a fleet of them, is what was signed; exit 1 if not."`
	Public  auditPublic  `cmd:"" help:"Write the public key of a ledger in the form that --key takes."`
	Prove   auditProve   `cmd:"" help:"Prove that records are in a ledger, for strangers; check such proofs."`
	Anchor  auditAnchor  `cmd:"" help:"Keep checkpoints outside the machine of the ledger."`
	Export  auditExport  `cmd:"" help:"Copy a ledger, publish it for others, or hold a drill of its restoration."`
	Restore auditRestore `cmd:"" help:"Bring a ledger back from its exports."`

	Query  auditQuery  `cmd:"" help:"Ask who saw a patient's record, what somebody did, and whom it concerns."`
	Report auditReport `cmd:"" help:"Write an accounting of disclosures, an access report, or what was reviewed."`
	Review auditReview `cmd:"" help:"Help a person to review the log: findings, a sample, the sign-off, and what is covered."`
	Prune  auditPrune  `cmd:"" help:"Remove what need not be kept any more, by two persons."`
	Holds  auditHolds  `cmd:"" help:"Keep records beyond their time."`
}

// Help is the long text of --help.
func (auditCmd) Help() string {
	return `DIR is a ledger as package audit/ledger writes it, or a copy. Its public key (--key or --key-file) must have come by a way that the ledger's host does not control, and so must the checkpoints that were kept elsewhere (--known, --anchor-file, --anchor-state): only with one is a ledger noticed that was set back or rewritten by the holder of its key.

Whatever hands out records is itself recorded in a ledger of the operator's own (--record DIR --record-signer FILE), which is not that of a running service. Records are not encrypted: what is handed out is to be protected like the ledger.

The run books are docs/audit.md and docs/audit-questions.md.`
}

// auditLedger names a ledger and its public key.
type auditLedger struct {
	Dir string `arg:"" help:"Directory of the ledger."`
	auditKey
}

// auditKey is the public key of a ledger.
type auditKey struct {
	Key     string `placeholder:"VKEY" help:"Public key of the ledger, as Ledger.VerifierKey returns it."`
	KeyFile string `placeholder:"FILE" help:"A file that holds the public key."`
}

// verifierKey returns the public key.
func (l auditKey) verifierKey(e *env) (string, error) {
	if (l.Key == "") == (l.KeyFile == "") {
		return "", refused(errors.New("say whose ledger it must be: --key or --key-file"))
	}
	return e.keyText(l.Key, l.KeyFile)
}

// keyText returns a key that is given, or what stands in a file.
func (e *env) keyText(key, file string) (string, error) {
	if file != "" {
		b, err := e.read(file)
		if err != nil {
			return "", err
		}
		key = strings.TrimSpace(string(b))
	}
	if key == "" || strings.ContainsAny(key, "\r\n") {
		return "", refused(errors.New("the public key is not one line of text"))
	}
	return key, nil
}

// auditFault marks what the packages refuse: a ledger that is not what was
// signed is a finding, and what is not there or cannot be is the input's fault.
func auditFault(err error) error {
	var known *exitError
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	for _, is := range []error{ledger.ErrDamaged, ledger.ErrWrongKey, ledger.ErrProof} {
		if errors.Is(err, is) {
			return findings("%w", err)
		}
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ledger.ErrLocked) {
		return refused(err)
	}
	return err
}

// recording are the flags of a command that hands out records, or changes how
// long they stay: who does it is recorded first.
type recording struct {
	Operator     string `placeholder:"NAME" help:"Who acts, where the account does not say it. It is recorded as stated, not as known."`
	Record       string `placeholder:"DIR" help:"Ledger in which this is recorded, which is made if there is none. Not that of a running service."`
	RecordSigner string `placeholder:"FILE" help:"The key that signs it, as 'evidence key' makes it."`
}

// recorded is something that is being done, on the record.
type recorded struct {
	ctx      context.Context // carries who acts
	who      safeguard.Principal
	log      *ledger.Ledger
	recorder *audit.Recorder
}

// do opens the ledger of the operator, and calls f with what records in it.
func (r recording) do(e *env, f func(*recorded) error) error {
	if r.Record == "" || r.RecordSigner == "" {
		return refused(errors.New("say where this is recorded: --record and --record-signer"))
	}
	who, err := e.principal(r.Operator)
	if err != nil {
		return err
	}
	key, err := loadKey(r.RecordSigner)
	if err != nil {
		return err
	}
	tokens, err := actor{}.tokens(e)
	if err != nil {
		return err
	}
	l, err := ledger.Open(r.Record, key, nil)
	if err != nil {
		return recordFault(err)
	}
	recorder, err := audit.New(l, tokens, &audit.Options{Source: "urn:safeguard:audit"})
	if err != nil {
		return errors.Join(err, l.Close(e.ctx))
	}
	err = auditFault(f(&recorded{ctx: safeguard.WithPrincipal(e.ctx, who), who: who, log: l, recorder: recorder}))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.ctx), 30*time.Second)
	defer cancel()
	return errors.Join(err, recorder.Close(ctx), l.Close(ctx))
}

// recordFault says what is wrong with the ledger of the operator.
func recordFault(err error) error {
	if errors.Is(err, ledger.ErrLocked) {
		return refused(fmt.Errorf("--record: a service has it open; name a ledger of your own: %w", err))
	}
	if errors.Is(err, ledger.ErrWrongKey) {
		return refused(fmt.Errorf("--record: %w", err))
	}
	return fmt.Errorf("--record: %w", err)
}

// counted returns a function that says how far a long run is.
func (e *env) counted(what string) func(done, total uint64) {
	next := time.Now()
	return func(done, total uint64) {
		if now := time.Now(); now.After(next) {
			next = now.Add(time.Second)
			e.step("%s: %d of %d", what, done, total)
		}
	}
}
