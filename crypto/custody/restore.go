package custody

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// A Register says what was shredded, so that restoring a backup brings none of
// it back. Names returns the names in the store of subjects' keys of a tenant
// that must not come back; "index" among them says that the tenant as a whole
// must not. The register of package shred is one.
//
// It must be the register as it is now, from where it is kept apart from the
// backups, not one that was restored with them.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-01, PR.DS-11.
type Register interface {
	Names(ctx context.Context, tenant string) ([]string, error)
}

// A Target is where a backup is restored to.
//
// Controls: HIPAA 164.308(a)(7)(ii)(B), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-11.
type Target struct {
	// Keysets is the store that gets the keysets, and KEK what they are put
	// under: the new host's, not that of the backup's time.
	Keysets keyset.Store
	KEK     crypto.KEK
	// Subjects is the store of subjects' keys: one that gets the records of
	// the bundle, or, where they were backed up apart, the restored one, from
	// which what was shredded since is destroyed again.
	Subjects crypto.SubjectKeys
	// Register says what that is.
	Register Register
	// UnsafeWithoutRegister restores without Register, and so brings back what
	// was shredded after the backup. Subjects may then be nil too, if the bundle
	// includes no records.
	UnsafeWithoutRegister bool
}

// A Report says what a restore did. It marshals to JSON.
//
// Controls: HIPAA 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-11.
type Report struct {
	Bundle string `json:"bundle"`
	SHA256 string `json:"sha256"`
	// Shares are the numbers of those that opened it.
	Shares  []int            `json:"shares"`
	Tenants []TenantRestored `json:"tenants"`
	// WithoutRegister says that nothing was asked for what was shredded.
	WithoutRegister bool `json:"without_register,omitempty"`
}

// A TenantRestored is what a restore did for a tenant.
//
// Controls: HIPAA 164.308(a)(7)(ii)(B), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-11.
type TenantRestored struct {
	Tenant string `json:"tenant"`
	// Keyset is "restored", "there" (the same was there before) or
	// "destroyed" (it was then, or the register says so).
	Keyset string `json:"keyset"`
	// Restored and There are records that were written, or were there before;
	// Kept are those of which the target had another, which stays.
	Restored int `json:"restored"`
	There    int `json:"there"`
	Kept     int `json:"kept"`
	// Shredded is how many names were destroyed, again, by the register.
	Shredded int `json:"shredded"`
}

// Restore opens a bundle with its shares and writes its keysets, under another
// KEK, and its records. It needs neither the KEK nor the service of the time
// of the backup.
//
// Whatever the register names is destroyed in the target before a record or a
// keyset is written, so that what was shredded stays so; without a register it
// restores nothing that has subjects. A keyset or an index that is in the
// target and is another is [ErrDifferent], before anything is written; other
// records that are there stay. It may be repeated, and goes on where it was
// interrupted; a tenant opens nothing before its keyset, which comes last.
//
// The errors are [ErrBundle], [ErrShares], [ErrShare], [ErrRegister],
// [ErrDifferent], or what a store, the register or the KEK returned.
//
// Controls: HIPAA 164.308(a)(7)(ii)(B), 164.310(d)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-11, PR.DS-01.
func Restore(ctx context.Context, bundle []byte, shares []Share, to Target) (Report, error) {
	key, err := join(bundle, shares)
	if err != nil {
		return Report{}, err
	}
	defer clear(key)
	h, c, err := unpack(bundle, key)
	if err != nil {
		return Report{}, err
	}
	if err := to.validate(h.Subjects); err != nil {
		return Report{}, err
	}
	from, err := newKEK(key, h.ID)
	if err != nil {
		return Report{}, err
	}
	report := Report{Bundle: h.ID, SHA256: Hash(bundle), WithoutRegister: to.Register == nil}
	for i := range shares {
		report.Shares = append(report.Shares, shares[i].Number())
	}
	jobs := make([]job, len(c.Tenants))
	for i := range c.Tenants {
		if jobs[i], err = to.prepare(ctx, &c.Tenants[i], from); err != nil {
			return Report{}, fmt.Errorf("custody: restore: %w", err)
		}
	}
	for i := range jobs {
		done, err := to.run(ctx, &jobs[i])
		if err != nil {
			return report, fmt.Errorf("custody: restore: %w", err)
		}
		report.Tenants = append(report.Tenants, done)
	}
	return report, nil
}

func (to *Target) validate(subjects Subjects) error {
	switch {
	case to.Keysets == nil || to.KEK == nil:
		return errors.New("custody: restore: no store of keysets, or no key-encryption key")
	case subjects == SubjectsIncluded && to.Subjects == nil:
		return ErrRegister
	case to.Register != nil && to.Subjects == nil && subjects != SubjectsNone:
		return ErrRegister
	case to.Register == nil && subjects != SubjectsNone && !to.UnsafeWithoutRegister:
		return ErrRegister
	}
	return nil
}

// A job is what is to be done for a tenant.
type job struct {
	*tenantContent
	file  []byte   // the keyset under the new KEK; nil if it is there
	names []string // that the register has
	ended bool     // the tenant as a whole was shredded
	done  TenantRestored
}

// prepare finds out what is to be done for a tenant, and writes nothing.
func (to *Target) prepare(ctx context.Context, t *tenantContent, from kek) (job, error) {
	j := job{tenantContent: t, done: TenantRestored{Tenant: t.Tenant}}
	var err error
	if to.Register != nil {
		if j.names, err = to.Register.Names(ctx, t.Tenant); err != nil {
			return j, err
		}
	}
	if slices.Contains(j.names, indexName) {
		j.ended = true
		if t.Keyset, err = keyset.Remains(t.Keyset, t.Tenant); err != nil {
			return j, err
		}
	}
	if err := to.prepareKeyset(ctx, &j, from); err != nil {
		return j, err
	}
	return j, to.sameIndex(ctx, &j)
}

// indexName is crypto's name of the record by which subjects are named.
const indexName = "index"

func (to *Target) prepareKeyset(ctx context.Context, j *job, from kek) error {
	print, err := keyset.Fingerprint(ctx, j.Keyset, j.Tenant, from)
	if err != nil {
		return err
	}
	j.done.Keyset = "restored"
	if print == "destroyed" {
		j.done.Keyset = print
	}
	there, err := to.Keysets.Read(ctx, j.Tenant)
	if errors.Is(err, crypto.ErrTenant) {
		j.file, err = keyset.Rewrap(ctx, j.Keyset, j.Tenant, from, to.KEK)
		return err
	}
	if err != nil {
		return err
	}
	same, err := keyset.Fingerprint(ctx, there, j.Tenant, to.KEK)
	if errors.Is(err, keyset.ErrUnwrap) {
		return fmt.Errorf("%w: %w", ErrDifferent, err)
	}
	if err != nil {
		return err
	}
	switch {
	case same == "destroyed":
		j.done.Keyset = same // whatever the bundle has
	case same != print:
		return ErrDifferent
	case print != "destroyed":
		j.done.Keyset = "there"
	}
	return nil
}

// sameIndex returns ErrDifferent if the target has another index than the
// bundle: under it, the records of the bundle would not be found.
func (to *Target) sameIndex(ctx context.Context, j *job) error {
	for _, r := range j.Records {
		if r.Name != indexName {
			continue
		}
		there, err := to.Subjects.Get(ctx, j.Tenant, indexName)
		if err == nil && !bytes.Equal(there, r.Record) {
			return ErrDifferent
		}
		if err != nil && !errors.Is(err, crypto.ErrNotFound) && !errors.Is(err, crypto.ErrShredded) {
			return err
		}
	}
	return nil
}

// run does a job: what was shredded, the records, and last the keyset.
func (to *Target) run(ctx context.Context, j *job) (TenantRestored, error) {
	for _, name := range j.names {
		if to.Subjects == nil {
			break
		}
		if err := to.Subjects.Destroy(ctx, j.Tenant, name); err != nil {
			return j.done, err
		}
		j.done.Shredded++
	}
	for _, r := range j.Records {
		if j.ended {
			break
		}
		if err := to.put(ctx, j, r); err != nil {
			return j.done, err
		}
	}
	if j.file == nil {
		return j.done, nil
	}
	return j.done, to.Keysets.Write(ctx, j.Tenant, nil, j.file)
}

func (to *Target) put(ctx context.Context, j *job, r record) error {
	err := to.Subjects.Put(ctx, j.Tenant, r.Name, nil, r.Record)
	if errors.Is(err, crypto.ErrShredded) {
		return nil // by the register, or by the target's own account
	}
	if !errors.Is(err, crypto.ErrConflict) {
		j.done.Restored++
		return err
	}
	there, err := to.Subjects.Get(ctx, j.Tenant, r.Name)
	switch {
	case errors.Is(err, crypto.ErrShredded):
		return nil
	case err != nil:
		return err
	case bytes.Equal(there, r.Record):
		j.done.There++
	default:
		j.done.Kept++
	}
	return nil
}
