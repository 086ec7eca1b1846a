package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/custody"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// restoreFlags say what is restored, and where to.
type restoreFlags struct {
	Bundle string   `required:"" placeholder:"FILE" help:"The bundle of the backup."`
	Share  []string `required:"" sep:"none" placeholder:"FILE" help:"A share, as its custodian typed it; once for each, - for standard input."`
	keysetFlags
	subjectsFlag
	Register              string `placeholder:"DIR" help:"The register of what was destroyed, as it is now and not as it was restored."`
	UnsafeWithoutRegister bool   `help:"Restore without a register: what was destroyed since the backup comes back."`
	UnsafeEndedKeys       bool   `help:"Restore tenant keys of which two persons stated that every copy is destroyed."`
}

type keysRestore struct {
	restoreFlags
	results
	actor
}

// Help is the long text of --help.
func (keysRestore) Help() string {
	return `The keysets of the backup are put under the key-encryption key of --kek, a new one; the old one and its service are not needed. What the register names is destroyed in the store of subjects' keys before anything is written. Nothing that is there is overwritten. It may be repeated. Then, before anything opens, apply the register (keys shred apply), which also marks what is held, and rotate every keyset (keys rotate): what was sealed since the backup is not in its counts.`
}

// Run restores.
func (c *keysRestore) Run(e *env) error {
	formats := func(r custody.Report) []format { return []format{{"json", indented(r)}} }
	to, err := c.results.open(formats(custody.Report{})...)
	if err != nil {
		return err
	}
	defer to.discard()
	return c.do(e, "restore", func(a *act) error {
		bundle, report, done, err := c.restore(e, a, nil)
		if err != nil {
			return err
		}
		defer done.close()
		a.note("Keys were restored from a backup.", map[string]string{"sha256": custody.Hash(bundle), "ended_keys": strconv.Itoa(ended(report))})
		return to.write(e, formats(report)...)
	})
}

// told says what a restore could not know.
func told(e *env, bundle []byte, r custody.Report) {
	h, err := custody.Inspect(bundle)
	switch {
	case r.Register == nil:
		e.note("no register was asked: what was destroyed since the backup is back")
	case err == nil && h.Register == nil:
		e.note("the backup is bound to no register: that this one is the service's is for you to know")
	}
	if r.Register != nil && r.Register.Entries == 0 {
		e.note("the register is empty: nothing was destroyed, or it is not the service's")
	}
}

// ended counts tenant keys that are there again and should be nowhere.
func ended(r custody.Report) (n int) {
	for _, t := range r.Tenants {
		n += len(t.EndedKeys)
	}
	return n
}

// restored is what a restore wrote to.
type restored struct {
	store    *keyset.DirStore
	kek      crypto.KEK
	subjects subjectStore
	register custody.Register // nil without one
	close    func()
}

// restore restores a backup, into what check has nothing against.
func (c restoreFlags) restore(e *env, a *act, check func(restored, context.Context, []byte) error) ([]byte, custody.Report, restored, error) {
	var report custody.Report
	bundle, shares, err := c.read(e)
	if err != nil {
		return nil, report, restored{}, err
	}
	to, r, err := c.target(e, a.ctx)
	if err != nil {
		return nil, report, r, err
	}
	if check != nil {
		err = check(r, a.ctx, bundle)
	}
	if err != nil {
		r.close()
		return nil, report, r, err
	}
	report, err = custody.Restore(a.ctx, bundle, shares, to)
	if err != nil {
		r.close()
		return nil, report, r, err
	}
	told(e, bundle, report)
	return bundle, report, r, nil
}

// read reads bundle and shares.
func (c restoreFlags) read(e *env) ([]byte, []custody.Share, error) {
	bundle, err := readBundle(e, c.Bundle)
	if err != nil {
		return nil, nil, err
	}
	var shares []custody.Share
	for _, path := range c.Share {
		b, err := e.read(path)
		if err != nil {
			return nil, nil, err
		}
		share, err := custody.ParseShare(string(b))
		clear(b)
		if err != nil {
			return nil, nil, refused(fmt.Errorf("%s: %w", path, err))
		}
		shares = append(shares, share)
	}
	return bundle, shares, nil
}

// target opens what is restored to.
func (c restoreFlags) target(e *env, ctx context.Context) (to custody.Target, r restored, err error) {
	if (c.Register == "") != c.UnsafeWithoutRegister {
		return to, r, refused(errors.New("say what was destroyed since the backup: --register, or --unsafe-without-register"))
	}
	if r.kek, err = c.kek(e); err != nil {
		return to, r, err
	}
	if r.store, err = keyset.NewDirStore(c.Keys); err != nil {
		return to, r, refused(fmt.Errorf("--keys: %w", err))
	}
	if r.subjects, r.close, err = c.openSubjects(ctx, true); err != nil {
		return to, r, err
	}
	to = custody.Target{Keysets: r.store, KEK: r.kek, UnsafeWithoutRegister: c.UnsafeWithoutRegister, UnsafeEndedKeys: c.UnsafeEndedKeys}
	if r.subjects != nil {
		to.Subjects = r.subjects
	}
	if c.Register == "" {
		return to, r, nil
	}
	register, log, err := existingRegister(ctx, c.Register)
	if err != nil {
		r.close()
		return to, r, err
	}
	to.Register, r.register = register, register
	closed := r.close
	r.close = func() { _ = log.Close(); closed() }
	return to, r, nil
}
