package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

type shredApply struct{ shredderFlags }

// Help is the long text of --help.
func (shredApply) Help() string {
	return `Run it after any restore, of the keysets, of the store of subjects' keys or of the database of tokens (--tokens), before anything opens, with the register as it is now and not one that was restored with them. It destroys again the names, keysets and tokens that the register has as destroyed, marks what is held, and then finishes the orders that were approved and interrupted. It may be repeated. It asks nobody: two persons have decided.

Exit code 1 says that all of it is done and a tenant key is back of which two persons stated that every copy is destroyed: destroy it, and the backup that it came from.`
}

// Run makes what the register says true again.
func (c *shredApply) Run(e *env) error {
	return c.alone(e, "shred.apply", func(a *act, s *shred.Shredder) error {
		done, err := s.Apply(a.ctx)
		if err != nil && !errors.Is(err, shred.ErrReturned) {
			return err
		}
		text := fmt.Sprintf("%d names of %d tenants, %d keysets and %d tokens are destroyed, %d patients held, %d left as held, %d holds that were released taken off",
			done.Names, done.Tenants, done.Keysets, done.Tokens, done.Held, done.Kept, done.Released)
		a.note("The register was applied: "+text+".", map[string]string{"key_back": strconv.FormatBool(err != nil)})
		e.note("%s", text)
		if failed := resume(e, a, s); failed != nil {
			return errors.Join(failed, err)
		}
		if err != nil {
			return findings("%w", err)
		}
		return nil
	})
}

type shredResume struct{ shredderFlags }

// Run finishes what was interrupted.
func (c *shredResume) Run(e *env) error {
	return c.alone(e, "shred.resume", func(a *act, s *shred.Shredder) error { return resume(e, a, s) })
}

// resume finishes what was interrupted and writes the certificates.
func resume(e *env, a *act, s *shred.Shredder) error {
	done, err := s.Resume(a.ctx)
	for _, certificate := range done {
		err = errors.Join(err, compact(certificate)(e.out))
	}
	a.note(fmt.Sprintf("%d orders were finished.", len(done)), nil)
	return err
}
