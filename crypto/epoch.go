package crypto

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard/crypto/internal/record"
)

// A SubjectsReport counts what one call of [Sealer.RewrapSubjects] or
// [Sealer.PruneSubjects] did.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type SubjectsReport struct {
	// Records is how many living records were looked at.
	Records int
	// Changed is how many of them were written anew.
	Changed int
	// Keys is how many keys were wrapped anew, or dropped.
	Keys int
	// Held is how many records kept a key because of a legal hold.
	Held int
}

// RewrapSubjects wraps the keys of up to n records of a tenant under the
// primary, and the tenant's root keys among them: it begins after the name
// after ("" is the beginning) and returns where to go on, "" at the end. Values
// are not touched and stay as they are. It can be repeated, and stopped at any
// time; a record that is being shredded is passed over.
//
// It ends an epoch: when all records of a tenant are wrapped anew, and the old
// key is gone from the keyset and from the backups of the keyset, then no
// older copy of the store opens, with the keys of who was shredded since. Do
// it when every process has the new primary, and again until nothing changes,
// since a process that has not may still make a record under the old one.
//
// It returns [ErrNotListed] for a store without [SubjectLister], otherwise
// the errors of [Sealer.AppendSeal], with what was done until then.
func (s *Sealer) RewrapSubjects(ctx context.Context, tenant, after string, n int) (next string, r SubjectsReport, err error) {
	ks, err := s.keyset(ctx, tenant)
	if err != nil {
		return after, r, err
	}
	return s.eachRecord(ctx, tenant, after, n, &r, func(name string, rec *record.Record) (int, error) {
		return s.rewrapRecord(ctx, ks, tenant, name, rec)
	})
}

// rewrapRecord wraps anew what is not wrapped under the primary.
func (s *Sealer) rewrapRecord(ctx context.Context, ks *Keyset, tenant, name string, rec *record.Record) (changed int, err error) {
	for i := range rec.Keys {
		k := &rec.Keys[i]
		if !k.Old && k.Wrapper() == ks.primary.id {
			continue
		}
		material, err := unwrap(ks, tenant, name, k)
		if err != nil {
			return 0, err
		}
		err = s.wrap(ctx, ks, tenant, name, k, material)
		clear(material)
		if err != nil {
			return 0, err
		}
		changed++
	}
	return changed, nil
}

// PruneSubjects drops, from up to n records of a tenant, the versions that
// were made under the tenant key id, but never the newest one of a subject and
// none under a legal hold. It walks as [Sealer.RewrapSubjects] does and returns
// the same errors.
//
// A value that carries id then opens no more, neither in the database nor in a
// backup of it: rewrap all values first ([Sealer.AppendRewrap]), and verify
// that none carries id. Processes that have the keys ready open them until
// SubjectTTL has passed.
func (s *Sealer) PruneSubjects(ctx context.Context, tenant string, id uint32, after string, n int) (next string, r SubjectsReport, err error) {
	return s.eachRecord(ctx, tenant, after, n, &r, func(name string, rec *record.Record) (int, error) {
		if len(name) != nameSize || len(rec.Keys) == 0 {
			return 0, nil
		}
		newest := rec.Keys[len(rec.Keys)-1].Version
		stale := func(k record.Key) bool { return k.Born == id && k.Version != newest }
		if rec.Held {
			if slices.ContainsFunc(rec.Keys, stale) {
				r.Held++
			}
			return 0, nil
		}
		before := len(rec.Keys)
		rec.Keys = slices.DeleteFunc(rec.Keys, stale)
		return before - len(rec.Keys), nil
	})
}

// eachRecord lets change alter up to n records of a tenant, and stores those
// of which it changed a key.
func (s *Sealer) eachRecord(ctx context.Context, tenant, after string, n int, r *SubjectsReport, change func(name string, rec *record.Record) (int, error)) (string, SubjectsReport, error) {
	lister, ok := s.store.(SubjectLister)
	if !ok {
		return after, *r, ErrNotListed
	}
	if n <= 0 {
		return after, *r, errors.New("crypto: subjects: n must be positive")
	}
	names, err := lister.Names(ctx, tenant, after, n)
	if err != nil {
		return after, *r, storeFailure(err)
	}
	for _, name := range names {
		if err := s.changeRecord(ctx, tenant, name, r, change); err != nil {
			return after, *r, err
		}
		after = name
	}
	if len(names) < n {
		after = ""
	}
	return after, *r, nil
}

// changeRecord changes one record, again if another process changed it
// meanwhile. One that is gone is left alone.
func (s *Sealer) changeRecord(ctx context.Context, tenant, name string, r *SubjectsReport, change func(name string, rec *record.Record) (int, error)) error {
	if strings.HasPrefix(name, countPrefix) && len(name) != nameSize {
		return nil
	}
	held := r.Held
	for range maxConflicts {
		r.Held = held
		old, rec, err := s.readRecord(ctx, tenant, name)
		if errors.Is(err, ErrShredded) || errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		changed, err := change(name, rec)
		if err == nil && changed > 0 {
			err = s.writeRecord(ctx, tenant, name, old, rec)
		}
		switch {
		case errors.Is(err, ErrConflict), errors.Is(err, ErrShredded) && changed > 0:
			continue
		case err != nil:
			return err
		}
		r.Records++
		r.Keys += changed
		if changed > 0 {
			r.Changed++
		}
		return nil
	}
	return ErrConflict
}
