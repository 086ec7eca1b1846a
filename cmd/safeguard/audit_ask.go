package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// checked is a ledger that is verified before it is read.
type checked struct {
	auditLedger
	Known            []string `sep:"none" placeholder:"FILE" help:"A checkpoint of the ledger that was kept elsewhere; may be given several times. Only with one is a ledger noticed that was set back or rewritten."`
	UnsafeUnverified bool     `help:"Do not verify the ledger first. What was changed in it is then not seen."`
}

// open verifies the ledger and opens it.
func (c checked) open(e *env) (*ledger.Reader, string, error) {
	key, err := c.verifierKey(e)
	if err != nil {
		return nil, "", err
	}
	if !c.UnsafeUnverified {
		if err := c.verify(e, key); err != nil {
			return nil, "", err
		}
	}
	r, err := ledger.OpenReader(c.Dir)
	return r, key, auditFault(err)
}

func (c checked) verify(e *env, key string) error {
	opts := &ledger.VerifyOptions{Progress: e.counted("verifying")}
	for _, path := range c.Known {
		note, err := e.read(path)
		if err != nil {
			return err
		}
		opts.Anchors = append(opts.Anchors, ledger.Kept{Name: path, Note: note})
	}
	v, err := ledger.Verify(e.ctx, c.Dir, key, opts)
	if err != nil {
		if fault := auditFault(err); fault != err {
			return fault
		}
		return openFault(c.Dir, err)
	}
	if !v.OK {
		return findings("%s: %s", c.Dir, v)
	}
	if v.Unsigned > 0 {
		e.note("%s: %d records at the end are not signed yet", c.Dir, v.Unsigned)
	}
	if v.Unanchored > 0 {
		e.note("%s: %d records at the end are in no checkpoint that was kept elsewhere", c.Dir, v.Unanchored)
	}
	return nil
}

// tokenFlags name the keys under which patients stand in a ledger.
type tokenFlags struct {
	Tokens []string `sep:"none" placeholder:"FILE" help:"A token key of the service, the current one first, then the older ones; may be given several times."`
}

func (t tokenFlags) keys() (*audit.TokenKeys, error) {
	if len(t.Tokens) == 0 {
		return nil, refused(errors.New("--tokens: name the token keys of the service"))
	}
	for _, path := range t.Tokens {
		if err := regular(path); err != nil {
			return nil, err
		}
	}
	keys, err := audit.LoadTokenKeys(t.Tokens[0], t.Tokens[1:]...)
	return keys, refused(err)
}

// with calls f on the record, as who acts for a tenant, with a recorder that
// names patients as the service does.
func (r recording) with(e *env, tenant string, tokens audit.Tokens, f func(ctx context.Context, notes *audit.Recorder) error) error {
	return r.do(e, func(on *recorded) error {
		who := on.who
		who.Tenant = tenant
		if err := who.Validate(); err != nil {
			return refused(fmt.Errorf("who acts: %w", err))
		}
		notes := on.recorder
		if tokens != nil {
			own, err := audit.New(on.log, tokens, &audit.Options{Source: "urn:safeguard:audit"})
			if err != nil {
				return err
			}
			defer own.Close(context.WithoutCancel(e.ctx))
			notes = own
		}
		return f(safeguard.WithPrincipal(e.ctx, who), notes)
	})
}

// span is a time between two others.
type span struct {
	From string `placeholder:"TIME" help:"Not before: a day, which begins in UTC, or a time as in RFC 3339. Default: no bound."`
	To   string `placeholder:"TIME" help:"A day, in UTC, with which it ends, or a time as in RFC 3339 before which. Default: no bound."`
}

func (s span) times() (from, to time.Time, err error) {
	if from, _, err = instant("--from", s.From); err != nil {
		return from, to, err
	}
	to, day, err := instant("--to", s.To)
	if day {
		to = to.AddDate(0, 0, 1)
	}
	if err == nil && !from.IsZero() && !to.IsZero() && !from.Before(to) {
		err = refused(errors.New("--to: is not after --from"))
	}
	return from, to, err
}

// instant reads a day or a time.
func instant(flag, text string) (t time.Time, day bool, err error) {
	if text == "" {
		return t, false, nil
	}
	if t, err = time.Parse(time.DateOnly, text); err == nil {
		return t, true, nil
	}
	if t, err = time.Parse(time.RFC3339, text); err != nil {
		return t, false, refused(fmt.Errorf("%s: must be a day, YYYY-MM-DD, or a time as in RFC 3339", flag))
	}
	return t, false, nil
}

// maxReference bounds a line of a list of patients, in bytes.
const maxReference = 4 << 10

// people reads a list of patients, one reference a line, and keeps none.
func (e *env) people(path string) iter.Seq2[safeguard.Patient, error] {
	return func(yield func(safeguard.Patient, error) bool) {
		in := e.in
		if path != "-" {
			if err := regular(path); err != nil {
				yield(safeguard.Patient{}, err)
				return
			}
			f, err := os.Open(path)
			if err != nil {
				yield(safeguard.Patient{}, err)
				return
			}
			defer f.Close()
			in = f
		}
		for p, err := range patientLines(in) {
			if !yield(p, err) {
				return
			}
		}
	}
}

// patientLines reads references. An error shows none of them.
func patientLines(in io.Reader) iter.Seq2[safeguard.Patient, error] {
	return func(yield func(safeguard.Patient, error) bool) {
		lines := bufio.NewScanner(in)
		lines.Buffer(make([]byte, 0, maxReference), maxReference)
		for lines.Scan() {
			ref := strings.TrimRight(lines.Text(), "\r")
			if ref != "" && !yield(safeguard.NewPatient(ref), nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(safeguard.Patient{}, refused(fmt.Errorf("the list of patients: %w", err)))
		}
	}
}
