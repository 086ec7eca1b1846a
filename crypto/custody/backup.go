package custody

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

const (
	// maxShares is how many custodians there can be: GF(2^8) without 0.
	maxShares = 255
	// page is how many tenants or names are listed at a time.
	page = 1024
)

// A Source is what is backed up.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-11.
type Source struct {
	// Keysets and KEK are those of the service: every tenant in the store is
	// backed up, with one call of KEK each.
	Keysets keyset.Store
	KEK     crypto.KEK
	// Subjects is the store of subjects' keys, which must be a
	// [crypto.SubjectLister] too. Nil where the Plan says that there is none,
	// or that it is backed up apart.
	Subjects crypto.SubjectKeys
	// Register is the register of what was shredded. Its head goes into the
	// bundle, and [Restore] then refuses a register that does not contain it. Nil
	// leaves an empty register, of a wrong path for instance, unseen.
	Register Register
}

// A Plan says who keeps the key of a backup.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-11, PR.DS-01.
type Plan struct {
	// Threshold is how many shares open the backup, at least two.
	Threshold int
	// Custodians are the names of who gets a share each, in order, all
	// different: at most 255.
	Custodians []string
	// Subjects says how the subjects' keys are backed up. The zero value
	// includes them.
	Subjects Subjects
}

func (p *Plan) validate() error {
	if p.Threshold < 2 || p.Threshold > len(p.Custodians) || len(p.Custodians) > maxShares {
		return errors.New("custody: backup: the threshold must be 2 to the number of custodians, and those at most 255")
	}
	seen := make(map[string]bool)
	for _, name := range p.Custodians {
		if name == "" || len(name) > 256 || name != oneLine(name) || seen[name] {
			return errors.New("custody: backup: custodians must have names of one line, at most 256 bytes, all different")
		}
		seen[name] = true
	}
	return nil
}

// Backup returns a bundle with the keysets of all tenants under a new random
// key, and the shares of that key, one for each custodian in order. The bundle
// may be kept anywhere; no share may be kept with it, nor two together. No key
// is written in the clear, and the key of the backup is not kept: whoever
// loses more shares than the plan allows loses the backup.
//
// It needs the KEK of the service now, and neither it nor the service that
// holds it ever after: [Restore] puts the keysets under another.
//
// Subjects' records are as of before the keysets, so that each opens under
// them. The counts of messages sealed since the backup are not in it: rotate
// every keyset after a restore.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-11, PR.DS-01.
func Backup(ctx context.Context, from Source, plan Plan) (bundle []byte, shares []Share, err error) {
	if err := plan.validate(); err != nil {
		return nil, nil, err
	}
	if plan.Subjects == "" {
		plan.Subjects = SubjectsIncluded
	}
	if err := from.validate(plan.Subjects); err != nil {
		return nil, nil, err
	}
	var key [keySize]byte
	rand.Read(key[:])
	defer clear(key[:])
	h, shares := newHeader(plan, key[:])
	if h.Register, err = headOf(ctx, from.Register); err != nil {
		return nil, nil, fmt.Errorf("custody: backup: %w", err)
	}
	c, err := from.collect(ctx, h, key[:])
	if err != nil {
		return nil, nil, err
	}
	bundle, err = pack(h, c, key[:])
	if err != nil {
		return nil, nil, err
	}
	// A backup that does not open is found now, not when it is needed.
	if _, _, err := open(bundle, shares[len(shares)-plan.Threshold:]); err != nil {
		return nil, nil, err
	}
	return bundle, shares, nil
}

func (from *Source) validate(subjects Subjects) error {
	if from.Keysets == nil || from.KEK == nil {
		return errors.New("custody: backup: no store of keysets, or no key-encryption key")
	}
	_, lists := from.Subjects.(crypto.SubjectLister)
	switch {
	case subjects == SubjectsIncluded && !lists:
		return errors.New("custody: backup: subjects included: no store of subjects that lists them")
	case subjects != SubjectsIncluded && from.Subjects != nil:
		return errors.New("custody: backup: there is a store of subjects, but the plan does not include it")
	}
	return nil
}

func newHeader(plan Plan, key []byte) (*Header, []Share) {
	var id [idSize]byte
	rand.Read(id[:])
	h := &Header{
		Format: format, ID: encoding.EncodeToString(id[:]), Created: time.Now().UTC().Truncate(time.Second),
		Threshold: plan.Threshold, Subjects: plan.Subjects,
	}
	values := split(key, plan.Threshold, len(plan.Custodians))
	shares := make([]Share, len(values))
	for i, value := range values {
		s := &shares[i]
		s.bundle, s.number, s.threshold, s.total = id, byte(i+1), byte(plan.Threshold), byte(len(values))
		copy(s.value[:], value)
		clear(value)
		h.Shares = append(h.Shares, Custodian{i + 1, plan.Custodians[i], s.fingerprint()})
	}
	return h, shares
}

// collect reads what is backed up, and says in h what it is.
func (from *Source) collect(ctx context.Context, h *Header, key []byte) (*content, error) {
	to, err := newKEK(key, h.ID)
	if err != nil {
		return nil, err
	}
	c := &content{}
	for after := ""; ; {
		tenants, err := from.Keysets.Tenants(ctx, after, page)
		if err != nil {
			return nil, fmt.Errorf("custody: backup: %w", err)
		}
		for _, tenant := range tenants {
			t, facts, err := from.tenant(ctx, tenant, to)
			if err != nil {
				return nil, fmt.Errorf("custody: backup: %w", err)
			}
			c.Tenants, h.Tenants = append(c.Tenants, t), append(h.Tenants, facts)
		}
		if len(tenants) < page {
			return c, nil
		}
		after = tenants[len(tenants)-1]
	}
}

func (from *Source) tenant(ctx context.Context, tenant string, to kek) (tenantContent, TenantHeader, error) {
	t, h := tenantContent{Tenant: strings.Clone(tenant)}, TenantHeader{Tenant: tenant}
	var err error
	if from.Subjects != nil {
		if t.Records, err = records(ctx, from.Subjects, tenant); err != nil {
			return t, h, err
		}
	}
	file, err := from.Keysets.Read(ctx, tenant)
	if err != nil {
		return t, h, err
	}
	if t.Keyset, err = keyset.Rewrap(ctx, file, tenant, from.KEK, to); err != nil {
		return t, h, err
	}
	facts, err := keyset.Inspect(t.Keyset)
	if err != nil {
		return t, h, err
	}
	h.Primary, h.Records = facts.Primary, len(t.Records)
	for _, k := range facts.Keys {
		h.Keys = append(h.Keys, k.Key)
	}
	return t, h, nil
}

// records returns all records of a tenant, those with reserved names first:
// the names of subjects are made by a key that is one of them.
func records(ctx context.Context, from crypto.SubjectKeys, tenant string) ([]record, error) {
	lister, ok := from.(crypto.SubjectLister)
	if !ok {
		return nil, crypto.ErrNotListed
	}
	var reserved, subjects []record
	for after := ""; ; {
		names, err := lister.Names(ctx, tenant, after, page)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			b, err := from.Get(ctx, tenant, name)
			if errors.Is(err, crypto.ErrShredded) || errors.Is(err, crypto.ErrNotFound) {
				continue // shredded meanwhile
			}
			if err != nil {
				return nil, err
			}
			if len(name) < nameSize {
				reserved = append(reserved, record{name, b})
			} else {
				subjects = append(subjects, record{name, b})
			}
		}
		if len(names) < page {
			return append(reserved, subjects...), nil
		}
		after = names[len(names)-1]
	}
}

// nameSize is the length of a subject's name in the store.
const nameSize = 64

// open returns what is in a bundle, by its shares.
func open(bundle []byte, shares []Share) (*Header, *content, error) {
	key, err := join(bundle, shares)
	if err != nil {
		return nil, nil, err
	}
	defer clear(key)
	h, c, err := unpack(bundle, key)
	if err != nil {
		return nil, nil, err
	}
	return h, c, nil
}

// join checks the shares against the header and returns the key.
func join(bundle []byte, shares []Share) ([]byte, error) {
	h, err := Inspect(bundle)
	if err != nil {
		return nil, err
	}
	var xs []byte
	var ys [][]byte
	for i := range shares {
		s := &shares[i]
		if err := h.fits(s, xs); err != nil {
			return nil, err
		}
		xs, ys = append(xs, s.number), append(ys, s.value[:])
	}
	if len(xs) < h.Threshold {
		return nil, fmt.Errorf("%w: %d of %d", ErrShares, len(xs), h.Threshold)
	}
	return combine(xs[:h.Threshold], ys[:h.Threshold]), nil
}

// fits returns nil if a share is of the bundle, as it was made, and not among
// those that are there.
func (h *Header) fits(s *Share, there []byte) error {
	number := int(s.number)
	switch {
	case s.Bundle() != h.ID:
		return &ShareError{number, "is of another bundle"}
	case number < 1 || number > len(h.Shares), int(s.threshold) != h.Threshold, int(s.total) != len(h.Shares):
		return &ShareError{number, "its numbers are not the bundle's"}
	case subtle.ConstantTimeCompare([]byte(s.fingerprint()), []byte(h.Shares[number-1].Fingerprint)) != 1:
		return &ShareError{number, "is not as it was handed out"}
	}
	for _, x := range there {
		if x == s.number {
			return &ShareError{number, "is there twice"}
		}
	}
	return nil
}
