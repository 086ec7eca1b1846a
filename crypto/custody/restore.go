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
	// UnsafeEndedKeys restores tenant keys that the register has as destroyed
	// in every copy, which the bundle shows to be untrue. The default refuses with
	// [ErrEnded].
	UnsafeEndedKeys bool
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
	// Register is the head of the register that was asked.
	Register *RegisterHead `json:"register,omitempty"`
	// WithoutRegister says that nothing was asked for what was shredded.
	WithoutRegister bool `json:"without_register,omitempty"`
	// AnyRegister says that the bundle does not tell which register it was of,
	// so that another would have been taken as well: it was made without one,
	// or with an empty one that nothing tells from others.
	AnyRegister bool `json:"any_register,omitempty"`
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
	// EndedKeys are tenant keys that were restored and that the register has as
	// destroyed in every copy.
	EndedKeys []uint32 `json:"ended_keys,omitempty"`
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
// interrupted; a tenant opens nothing before its keyset, which comes last,
// after the register was asked again. What is shredded from then on is not seen,
// nor are the marks of holds set: apply the register to what was restored
// (Shredder.Apply of package shred) before anything opens.
//
// A register that does not contain the head that it had at the backup is
// [ErrOtherRegister]. The other errors are [ErrBundle], [ErrShares],
// [ErrShare], [ErrRegister], [ErrEnded], [ErrDifferent], or what a store, the
// register or the KEK returned.
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
	if err := h.knows(ctx, to.Register); err != nil {
		return Report{}, inRestore(err)
	}
	head, err := headOf(ctx, to.Register)
	if err != nil {
		return Report{}, inRestore(err)
	}
	from, err := newKEK(key, h.ID)
	if err != nil {
		return Report{}, err
	}
	report := Report{Bundle: h.ID, SHA256: Hash(bundle), Register: head, WithoutRegister: to.Register == nil,
		AnyRegister: to.Register != nil && h.Register.any()}
	for i := range shares {
		report.Shares = append(report.Shares, shares[i].Number())
	}
	jobs := make([]job, len(c.Tenants))
	for i := range c.Tenants {
		if jobs[i], err = to.prepare(ctx, &c.Tenants[i], from); err != nil {
			return Report{}, inRestore(err)
		}
	}
	for i := range jobs {
		done, err := to.run(ctx, &jobs[i])
		if err != nil {
			return report, inRestore(err)
		}
		report.Tenants = append(report.Tenants, done)
	}
	return report, nil
}

// inRestore says of an error that is not this package's own where it came from.
func inRestore(err error) error {
	for _, own := range []error{ErrBundle, ErrDifferent, ErrOtherRegister, ErrEnded, ErrRegister} {
		if errors.Is(err, own) {
			return err
		}
	}
	return fmt.Errorf("custody: restore: %w", err)
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
	file []byte // the keyset under the new KEK; nil if it is there
	gone gone
	done TenantRestored
}

// prepare finds out what is to be done for a tenant, and writes nothing.
func (to *Target) prepare(ctx context.Context, t *tenantContent, from kek) (job, error) {
	j := job{tenantContent: t, done: TenantRestored{Tenant: t.Tenant}}
	var err error
	if j.gone, err = goneOf(ctx, to.Register, t.Tenant); err != nil {
		return j, err
	}
	if err := to.endedKeys(&j); err != nil {
		return j, err
	}
	if j.gone.whole {
		if t.Keyset, err = keyset.Remains(t.Keyset, t.Tenant); err != nil {
			return j, err
		}
	}
	if err := to.prepareKeyset(ctx, &j, from); err != nil {
		return j, err
	}
	return j, to.sameIndex(ctx, &j)
}

// endedKeys returns ErrEnded if the keyset has a key that the register has as
// destroyed in every copy.
func (to *Target) endedKeys(j *job) error {
	if len(j.gone.keys) == 0 || j.gone.whole {
		return nil
	}
	facts, err := keyset.Inspect(j.Keyset)
	if err != nil {
		return err
	}
	j.done.EndedKeys = nil
	for _, k := range facts.Keys {
		if k.State != keyset.Destroyed && slices.Contains(j.gone.keys, k.ID) {
			j.done.EndedKeys = append(j.done.EndedKeys, k.ID)
		}
	}
	if len(j.done.EndedKeys) > 0 && !to.UnsafeEndedKeys {
		return ErrEnded
	}
	return nil
}

// indexName is crypto's name of the record by which subjects are named.
const indexName = "index"

func (to *Target) prepareKeyset(ctx context.Context, j *job, from kek) error {
	print, err := keyset.Fingerprint(ctx, j.Keyset, j.Tenant, from)
	if err != nil {
		return err
	}
	j.done.Keyset = "restored"
	if print == destroyed {
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
	case same == destroyed:
		j.done.Keyset = same // whatever the bundle has
	case same != print:
		return ErrDifferent
	case print != destroyed:
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

// run does a job: what was shredded, the records, what was shredded meanwhile,
// and last the keyset.
func (to *Target) run(ctx context.Context, j *job) (TenantRestored, error) {
	if err := to.destroy(ctx, j, j.gone.names); err != nil {
		return j.done, err
	}
	for _, r := range j.Records {
		if j.gone.whole {
			break
		}
		if err := to.put(ctx, j, r); err != nil {
			return j.done, err
		}
	}
	if err := to.again(ctx, j); err != nil || j.file == nil {
		return j.done, err
	}
	return j.done, to.Keysets.Write(ctx, j.Tenant, nil, j.file)
}

// again asks the register again.
func (to *Target) again(ctx context.Context, j *job) error {
	before := j.gone
	var err error
	if j.gone, err = goneOf(ctx, to.Register, j.Tenant); err != nil {
		return err
	}
	if err := to.endedKeys(j); err != nil {
		return err
	}
	since := slices.DeleteFunc(slices.Clone(j.gone.names), func(name string) bool { return slices.Contains(before.names, name) })
	if !j.gone.whole || before.whole {
		return to.destroy(ctx, j, since)
	}
	for _, r := range j.Records {
		since = append(since, r.Name)
	}
	if err := to.destroy(ctx, j, since); err != nil {
		return err
	}
	if j.file == nil && j.done.Keyset != destroyed {
		return ErrDifferent
	}
	j.done.Keyset = destroyed
	if j.file != nil {
		j.file, err = keyset.Remains(j.file, j.Tenant)
	}
	return err
}

// destroyed is what a Report and a fingerprint say of a keyset without keys.
const destroyed = "destroyed"

func (to *Target) destroy(ctx context.Context, j *job, names []string) error {
	for _, name := range names {
		if to.Subjects == nil {
			break
		}
		if err := to.Subjects.Destroy(ctx, j.Tenant, name); err != nil {
			return err
		}
		j.done.Shredded++
	}
	return nil
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
