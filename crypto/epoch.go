package crypto

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

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
	// Kept is how many records kept a key because processes may still seal
	// with it.
	Kept int
	// Unopened is how many living records could not be read, or have a key that
	// does not unwrap under the keyset. They were left as they are.
	Unopened int
}

var errUnopened = fmt.Errorf("crypto: subjects: not all records could be read: %w", ErrOpen)

// pruneAge is how old the successor of a version must be before the version is
// dropped: what the longest SubjectTTL of any process allows, twice, for clocks
// that differ.
const pruneAge = 2 * maxSubjectTTL

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
// A record that cannot be read stops nothing: it is counted in Unopened, and
// once all n were looked at the error is [ErrOpen], with next as after success.
// While there are such records the old key must stay. Otherwise it returns
// [ErrNotListed] for a store without [SubjectLister], or the errors of
// [Sealer.AppendSeal], with what was done until then.
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
// were made under the tenant key id, but never the newest one of a subject,
// none under a legal hold, and none whose successor is younger than two hours:
// a process that has it ready goes on sealing with it. It refuses the id of the
// primary. It walks as [Sealer.RewrapSubjects] does and returns the same errors.
//
// A value that carries id then opens no more, neither in the database nor in a
// backup of it. So wait two hours after the last process has learned of the
// new primary, or has stopped: one that cannot read its keysets learns nothing
// and may go on for as long as its Keys allow in an outage. Then rewrap all
// values ([Sealer.AppendRewrap]), verify that none carries id, and prune, an
// hour or more after the last RewrapSubjects. Processes that have the keys ready open such values
// until SubjectTTL has passed.
func (s *Sealer) PruneSubjects(ctx context.Context, tenant string, id uint32, after string, n int) (next string, r SubjectsReport, err error) {
	ks, err := s.keyset(ctx, tenant)
	if err != nil {
		return after, r, err
	}
	if id == ks.primary.id {
		return after, r, errors.New("crypto: subjects: prune: the id is that of the primary")
	}
	return s.eachRecord(ctx, tenant, after, n, &r, func(name string, rec *record.Record) (int, error) {
		return pruneRecord(name, rec, id, &r), nil
	})
}

// pruneRecord drops the versions of rec that were made under the tenant key id
// and that nobody seals with.
func pruneRecord(name string, rec *record.Record, id uint32, r *SubjectsReport) (dropped int) {
	if len(name) != nameSize || len(rec.Keys) == 0 {
		return 0
	}
	var living []record.Key
	stale, young := 0, 0
	for i, k := range rec.Keys {
		switch {
		case k.Born != id || i == len(rec.Keys)-1:
		case time.Since(rec.Keys[i+1].Created) < pruneAge:
			young++
		default:
			stale++
			continue
		}
		living = append(living, k)
	}
	if rec.Held && stale+young > 0 {
		r.Held++
		return 0
	}
	if young > 0 {
		r.Kept++
	}
	rec.Keys = living
	return stale
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
	if r.Unopened > 0 {
		return after, *r, errUnopened
	}
	return after, *r, nil
}

// changeRecord changes one record, again if another process changed it
// meanwhile. One that is gone is left alone.
func (s *Sealer) changeRecord(ctx context.Context, tenant, name string, r *SubjectsReport, change func(name string, rec *record.Record) (int, error)) error {
	if strings.HasPrefix(name, countPrefix) && len(name) != nameSize {
		return nil
	}
	before := *r
	for range maxConflicts {
		*r = before
		old, rec, err := s.readRecord(ctx, tenant, name)
		if errors.Is(err, ErrShredded) || errors.Is(err, ErrNotFound) {
			return nil
		}
		changed := 0
		if err == nil {
			changed, err = change(name, rec)
		}
		if err == nil && changed > 0 {
			err = s.writeRecord(ctx, tenant, name, old, rec)
		}
		switch {
		case errors.Is(err, errUnwrap), errors.Is(err, record.ErrMalformed):
			r.Unopened++
			return nil
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
