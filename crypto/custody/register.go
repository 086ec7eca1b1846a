package custody

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// A Register says what was shredded, so that restoring a backup brings none of
// it back. The register of package shred is one. It must be the register as it
// is now, from where it is kept apart from the backups, not one that was
// restored with them.
//
//   - Names returns the names in the store of subjects' keys of a tenant that
//     must not come back.
//   - Ended reports whether the tenant as a whole must not, and which of its
//     tenant keys are destroyed in every copy.
//   - Head returns how many entries the register has, and what stands for them
//     all, such as the hash of the last one. Of an empty one that is what tells
//     it from others, or "" where nothing does.
//   - Contains reports whether what Head returned once is part of the register
//     still; it is true of zero and "".
//
// Controls: HIPAA 164.310(d)(2)(i), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-01, PR.DS-11.
type Register interface {
	Names(ctx context.Context, tenant string) ([]string, error)
	Ended(ctx context.Context, tenant string) (whole bool, keys []uint32, err error)
	Head(ctx context.Context) (entries uint64, hash string, err error)
	Contains(ctx context.Context, entries uint64, hash string) (bool, error)
}

// A RegisterHead is what Head of a [Register] returned.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type RegisterHead struct {
	Entries uint64 `json:"entries"`
	Hash    string `json:"hash,omitempty"`
}

// headOf returns the head of a register, nil if there is none.
func headOf(ctx context.Context, r Register) (*RegisterHead, error) {
	if r == nil {
		return nil, nil
	}
	entries, hash, err := r.Head(ctx)
	return &RegisterHead{entries, hash}, err
}

// any reports whether a head is that of any register.
func (h *RegisterHead) any() bool { return h == nil || h.Entries == 0 && h.Hash == "" }

// knows returns ErrOtherRegister if a register is not the one that was there
// when the backup was made.
func (h *Header) knows(ctx context.Context, r Register) error {
	if r == nil || h.Register == nil {
		return nil
	}
	ok, err := r.Contains(ctx, h.Register.Entries, h.Register.Hash)
	if err == nil && !ok {
		err = ErrOtherRegister
	}
	return err
}

// gone is what must not come back of a tenant.
type gone struct {
	names []string
	whole bool
	keys  []uint32
}

func goneOf(ctx context.Context, r Register, tenant string) (g gone, err error) {
	if r == nil {
		return g, nil
	}
	if g.whole, g.keys, err = r.Ended(ctx, tenant); err != nil {
		return g, err
	}
	g.names, err = r.Names(ctx, tenant)
	return g, err
}

// An account is what a register says, asked once for each tenant.
type account struct {
	register Register
	tenants  map[string]gone
}

// shredded reports whether a register says that the keys of a place are
// destroyed.
func (a account) shredded(ctx context.Context, sealer *crypto.Sealer, ref crypto.Ref) (bool, error) {
	g, ok := a.tenants[ref.Tenant]
	if !ok {
		var err error
		if g, err = goneOf(ctx, a.register, ref.Tenant); err != nil {
			return false, fmt.Errorf("custody: drill: %w", err)
		}
		a.tenants[ref.Tenant] = g
	}
	patient, ok := ref.Subject.Patient()
	if g.whole || !ok || len(g.names) == 0 {
		return g.whole, nil
	}
	name, err := sealer.SubjectName(ctx, ref.Tenant, patient)
	if err != nil {
		return false, nil // it does not open, and nobody knows why
	}
	return slices.Contains(g.names, name), nil
}

// refusal reports whether an error is that of keys that are destroyed.
func refusal(err error) bool {
	return errors.Is(err, crypto.ErrShredded) || errors.Is(err, crypto.ErrTenant)
}
