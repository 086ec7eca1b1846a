package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

type auditProve struct {
	Dir string `arg:"" optional:"" help:"Directory of the ledger."`
	auditKey
	Index   []uint64 `placeholder:"N" help:"The number of a record, counted from 0; several with commas, or given several times."`
	Known   string   `placeholder:"FILE" help:"A checkpoint that was kept elsewhere: that it is of the same ledger is proven too."`
	Under   string   `placeholder:"FILE" help:"The checkpoint to prove under, for instance one that witnesses have signed too. Default: the one in DIR."`
	Out     string   `short:"o" default:"-" placeholder:"FILE" help:"The new file for the bundle. Default: standard output."`
	Check   string   `placeholder:"FILE" help:"Check a bundle instead of making one; - for standard input."`
	Records bool     `help:"With --check: write the records that it holds, after they were checked."`
	recording
}

// Help is the long text of --help.
func (auditProve) Help() string {
	return `A bundle holds records with the proofs (RFC 6962) that they are in the ledger that a checkpoint signs, for whoever has nothing but the public key. Check it with --check, or without this program with docs/verify-bundle.sh, which needs a shell and openssl.

Without --index it holds no record, and proves that the known checkpoint is of this ledger: nothing that it covers was changed or removed since.

Records stand in a bundle as they are in the ledger, so who made it is recorded. It says that they are in the ledger, not that they are true, nor that no other belongs to the same question.`
}

// Run makes or checks a bundle.
func (c *auditProve) Run(e *env) error {
	key, err := c.verifierKey(e)
	if err != nil {
		return err
	}
	switch {
	case c.Check != "":
		return c.check(e, key)
	case c.Dir == "" || c.Records:
		return refused(errors.New("say of which ledger: DIR; or which bundle: --check FILE; --records goes with that"))
	case len(c.Index) == 0 && c.Known == "":
		return refused(errors.New("say what to prove: --index, --known or both"))
	case len(c.Index) == 0:
		return auditFault(c.make(e, key, nil))
	}
	return c.do(e, func(r *recorded) error { return c.make(e, key, r) })
}

// make writes a bundle. That records are handed out is on the record first.
func (c *auditProve) make(e *env, key string, r *recorded) error {
	if c.Out != "-" {
		if err := vacant(c.Out); err != nil {
			return err
		}
	}
	opts := &ledger.BundleOptions{}
	var err error
	if opts.Known, err = e.optional(c.Known); err != nil {
		return err
	}
	if opts.Checkpoint, err = e.optional(c.Under); err != nil {
		return err
	}
	reader, err := ledger.OpenReader(c.Dir)
	if err != nil {
		return err
	}
	defer reader.Close()
	e.step("proving %d records", len(c.Index))
	b, err := reader.Bundle(e.ctx, key, c.Index, opts)
	if err != nil {
		return proveFault(e, err)
	}
	if err := b.Verify(key); err != nil {
		return err
	}
	if r != nil {
		if err := r.handsOut("proof", b.Checkpoint, map[string]any{"records": len(b.Entries), "indexes": digestOf(c.Index)}); err != nil {
			return err
		}
	}
	var text bytes.Buffer
	if _, err := b.WriteTo(&text); err != nil {
		return err
	}
	return e.place(c.Out, text.Bytes())
}

// proveFault marks a record that cannot be proven, for it is not there, as the
// command line's fault.
func proveFault(e *env, err error) error {
	if errors.Is(err, ledger.ErrDamaged) || errors.Is(err, ledger.ErrWrongKey) || e.ctx.Err() != nil {
		return err
	}
	return openFault("prove", err)
}

// digestOf names a list of records without length.
func digestOf(indexes []uint64) string {
	b, _ := json.Marshal(indexes)
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// handsOut records that records leave the ledger, before they do.
func (r *recorded) handsOut(kind string, checkpoint []byte, about map[string]any) error {
	sum := sha256.Sum256(checkpoint)
	about["kind"], about["checkpoint"] = kind, "sha256:"+hex.EncodeToString(sum[:])
	data, err := json.Marshal(about)
	if err != nil {
		return err
	}
	_, err = r.recorder.Record(r.ctx, audit.Notice{Type: audit.TypeLogExported, Data: data})
	return err
}

// check checks a bundle.
func (c *auditProve) check(e *env, key string) error {
	if c.Dir != "" || len(c.Index) > 0 || c.Known != "" || c.Under != "" || c.Record != "" || c.Out != "-" {
		return refused(errors.New("--check takes a bundle, the public key and --records"))
	}
	in, done, err := e.stream(c.Check)
	if err != nil {
		return err
	}
	defer done()
	b, err := ledger.ReadBundle(in)
	if err == nil {
		err = b.Verify(key)
	}
	if err != nil {
		return findings("%s: %w", c.Check, err)
	}
	point, err := ledger.ParseCheckpoint(b.Checkpoint, key)
	if err != nil {
		return findings("%s: %w", c.Check, err)
	}
	if c.Records {
		return writeRecords(e.out, b)
	}
	return describeBundle(e.out, b, point, key)
}

func describeBundle(w io.Writer, b ledger.Bundle, point ledger.Checkpoint, key string) error {
	_, err := fmt.Fprintf(w, "holds: %d records of %s, signed with %d records\n", len(b.Entries), point.Origin, point.Size)
	if err == nil && len(b.Known) > 0 {
		known, _ := ledger.ParseCheckpoint(b.Known, key)
		_, err = fmt.Fprintf(w, "same ledger as the known checkpoint of %d records: nothing of these was changed or removed\n", known.Size)
	}
	for _, p := range b.Entries {
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "entry %d, %d bytes\n", p.Index, len(p.Record))
	}
	return err
}

func writeRecords(w io.Writer, b ledger.Bundle) error {
	for _, p := range b.Entries {
		if _, err := fmt.Fprintf(w, "%s\n", p.Record); err != nil {
			return err
		}
	}
	return nil
}

// optional reads a file, if one is named.
func (e *env) optional(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	return e.read(path)
}

// stream opens an input that is not read whole, "-" for standard input.
func (e *env) stream(path string) (io.Reader, func(), error) {
	if path == "-" {
		return e.in, func() {}, nil
	}
	if err := regular(path); err != nil {
		return nil, nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	return f, func() { _ = f.Close() }, nil
}

// vacant refuses a path at which there is something.
func vacant(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return refused(fmt.Errorf("%s: is there already", path))
	} else if !errors.Is(err, os.ErrNotExist) {
		return refused(err)
	}
	return nil
}

// place writes a new file, whole or not at all and for its owner only, or
// standard output.
func (e *env) place(path string, b []byte) error {
	if path == "-" {
		_, err := e.out.Write(b)
		return err
	}
	s := &sheaf{}
	if err := s.stage(path, nil); err != nil {
		return err
	}
	defer s.discard()
	return s.staged[0].put(b)
}
