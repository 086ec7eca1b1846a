package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

// keysShred destroys keys on the order of two persons.
type keysShred struct {
	Request     shredRequest     `cmd:"" help:"Order the destruction of a patient's keys. Nothing is destroyed yet."`
	Tenant      shredTenant      `cmd:"" help:"Order the destruction of all keys of a tenant, when a contract ends."`
	Epoch       shredEpoch       `cmd:"" help:"Order a certificate that a tenant key and all its copies are destroyed, so that old backups are mute."`
	Hold        shredHold        `cmd:"" help:"Forbid the destruction of a patient's keys, for a case."`
	Release     shredRelease     `cmd:"" help:"Order the end of a hold."`
	Approve     shredApprove     `cmd:"" help:"As a second person, say an order again and so carry it out; write its certificate."`
	Cancel      shredCancel      `cmd:"" help:"Take an order back of which nothing was carried out yet."`
	Resume      shredResume      `cmd:"" help:"Finish orders that were approved and then interrupted."`
	Outstanding shredOutstanding `cmd:"" help:"List what old backups can still open; exit 1 if there is something."`
	Verify      shredVerify      `cmd:"" help:"Check a certificate with the signer's public key; exit 1 if it is not as it was signed."`
	Apply       shredApply       `cmd:"" help:"After a restore, destroy again whatever was destroyed, and mark what is held."`
}

// Help is the long text of --help.
func (keysShred) Help() string {
	return `One person orders, another approves. Both are named in the operators file, which says who may do what; a rule that is not in it denies:

  {"operators": [
    {"id": "anna", "tenants": ["clinic-a"], "kinds": ["patient", "release"], "steps": ["request", "hold"]},
    {"id": "ben", "tenants": ["*"], "kinds": ["patient", "release", "tenant", "epoch"], "steps": ["approve"]}
  ]}

It also says which ways of knowing who acts count. "methods" are os-login, the login uid that the kernel keeps of a session, and os-account, the account of the process; left out, both. "unsafe_methods", none if left out, can be os-sudo, what sudo's variable says, and stated, what --operator says.

What two of these prove: that two logins of this host were used, not that two people were at the keyboard. os-login proves it only where every login sets the login uid (pam_loginuid): where cat /proc/self/loginuid says 4294967295 after signing in, as in most containers, any process may set its own, once; leave os-login out of methods there. os-sudo proves nothing where anybody has a shell of the account or of root, since a variable is as quickly set. And whoever can become root, or the owner of the register's files, can write there whatever they like. So give the files to an account of their own that both reach through sudo for this command alone, keep the audit records of sudo on another host, and compare the head of the register with the ledger.

A certificate does not say that copies of plaintext are gone, nor that old backups of the store are mute: see epoch and outstanding.`
}

// shredderFlags are what a Shredder works with.
type shredderFlags struct {
	keysetFlags
	Subjects string        `required:"" placeholder:"STORE" help:"Store of subjects' keys: dir:PATH, or the URL of a PostgreSQL database."`
	Register string        `required:"" placeholder:"DIR" help:"The register of what was ordered and destroyed. Keep it apart from the store and its backups."`
	Signer   string        `required:"" placeholder:"FILE" help:"The key that signs certificates, as 'evidence key' makes it."`
	Bound    time.Duration `default:"1h" help:"The longest time for which a process keeps a subject's key in memory (SubjectTTL). It stands in certificates."`
	Tokens   string        `placeholder:"URL" help:"The PostgreSQL database of blind-index tokens, whose tokens of the patient are deleted; with #TABLE behind it if that is not index_tokens."`
	actor
}

// shredFlags are what a step of a person needs.
type shredFlags struct {
	shredderFlags
	Operators   string `required:"" placeholder:"FILE" help:"Who may do what."`
	Tenant      string `required:"" placeholder:"TENANT" help:"Whose keys."`
	NewRegister bool   `help:"Make the register, at the first step ever. Without it one that is not there is an error: its disk may not be mounted, and an empty one knows of no hold."`
}

// patientFlag names a patient, never on the command line.
type patientFlag struct {
	Patient string `placeholder:"FILE" help:"File with the reference of the patient, as the service seals with; - for standard input."`
}

func (f patientFlag) read(e *env) (safeguard.Patient, error) {
	if f.Patient == "" {
		return safeguard.Patient{}, nil
	}
	b, err := e.read(f.Patient)
	if err != nil {
		return safeguard.Patient{}, err
	}
	ref := strings.TrimRight(string(b), "\r\n")
	if ref == "" || strings.ContainsAny(ref, "\r\n") {
		return safeguard.Patient{}, refused(errors.New("--patient: must be one line with the reference of one patient"))
	}
	return safeguard.NewPatient(ref), nil
}

// with calls f with a Shredder that asks the operators file.
func (c shredFlags) with(e *env, exporter shred.Exporter, f func(*act, *shred.Shredder) error) error {
	return c.do(e, "shred", func(a *act) error {
		ops, err := readOperators(e, c.Operators)
		if err != nil {
			return err
		}
		open := shred.OpenDirLog
		if c.NewRegister {
			open = shred.NewDirLog
		}
		return c.shredder(e, a, open, &shred.Options{Authorize: ops.authorize, Exporter: exporter}, f)
	})
}

// alone calls f with a Shredder that lets nobody take a step.
func (c shredderFlags) alone(e *env, action string, f func(*act, *shred.Shredder) error) error {
	return c.do(e, action, func(a *act) error {
		return c.shredder(e, a, shred.OpenDirLog, &shred.Options{Authorize: (&operators{}).authorize}, f)
	})
}

// shredder calls f with a Shredder.
func (c shredderFlags) shredder(e *env, a *act, open openLog, opts *shred.Options, f func(*act, *shred.Shredder) error) error {
	signer, err := loadKey(c.Signer)
	if err != nil {
		return err
	}
	ring, err := c.ring(e, nil)
	if err != nil {
		return err
	}
	store, closed, err := subjectsFlag{c.Subjects}.openSubjects(a.ctx, false)
	if err != nil {
		return err
	}
	defer closed()
	register, log, err := openRegister(a.ctx, c.Register, open)
	if err != nil {
		return err
	}
	defer log.Close()
	sealer, err := newSealer(ring, store, a)
	if err != nil {
		return err
	}
	opts.Bound, opts.Keysets, opts.Keys, opts.UnsafeUnaudited = c.Bound, keyset.Destroyer{Ring: ring}, ring, !a.recorded
	if opts.Tokens, err = c.patientTokens(e); err != nil {
		return err
	}
	erased, err := c.erasers(opts)
	if err != nil {
		return err
	}
	defer erased()
	s, err := shred.New(sealer, store, register, signer, opts)
	if err != nil {
		return refused(err)
	}
	return f(a, s)
}

// patientTokens returns what names patients in certificates as in the ledger,
// nil if that would match nothing.
func (c shredderFlags) patientTokens(e *env) (audit.Tokens, error) {
	if c.PatientTokens == "" {
		return nil, nil
	}
	return c.tokens(e)
}

// erasers adds the tokens of blind indexes.
func (c shredderFlags) erasers(opts *shred.Options) (closed func(), err error) {
	if c.Tokens == "" {
		return func() {}, nil
	}
	address, table, _ := strings.Cut(c.Tokens, "#")
	db, err := openDB("--tokens", address)
	if err != nil {
		return nil, err
	}
	tokens, err := sealsql.NewTokens(db, sealsql.Postgres, &sealsql.TokensOptions{Table: table})
	if err != nil {
		_ = db.Close()
		return nil, refused(err)
	}
	opts.Erasers = map[string]crypto.TokenEraser{"index tokens": tokens}
	return func() { _ = db.Close() }, nil
}

// openLog is shred.OpenDirLog, or shred.NewDirLog, which may make one.
type openLog func(dir string) (*shred.DirLog, error)

// openRegister opens the register in dir.
func openRegister(ctx context.Context, dir string, open openLog) (*shred.Register, *shred.DirLog, error) {
	log, err := open(dir)
	if err != nil {
		return nil, nil, refused(fmt.Errorf("--register: %s: %w", dir, err))
	}
	r, err := shred.OpenRegister(ctx, log)
	if err != nil {
		return nil, nil, errors.Join(err, log.Close())
	}
	return r, log, nil
}
