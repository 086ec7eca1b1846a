package shred

import (
	"context"
	"errors"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// Applied counts what [Shredder.Apply] and [Register.Apply] did.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type Applied struct {
	// Tenants have something destroyed, held or released, Names is how many names were
	// destroyed.
	Tenants, Names int
	// Held is how many patients under a hold were marked in the store. Kept is
	// how many names were left, because their order is not done and the store
	// has them as held.
	Held, Kept int
	// Released is how many marks of holds were taken off the store, because two
	// persons had released every case.
	Released int
	// Keysets is how many tenants' keysets were destroyed, and Tokens how many
	// tokens of blind indexes. Register.Apply leaves both alone.
	Keysets int
	Tokens  int64
}

// Apply makes the account of the register true again after a restore: of the
// store of keys, of keysets, of a database with tokens, or of all of them. It
// destroys the names, the keysets and the tokens that were destroyed before,
// marks what is held, and takes the marks off of which the register has every
// case as released, also if another program set one anew. It must have returned without an error before
// anything opens a value, and then [Shredder.Resume] before anything else. It
// may be repeated. It needs no person: two have decided.
//
// It returns [ErrOrder] if a tenant was destroyed and Options.Keysets is not
// set, and, after all else is done, [ErrReturned] if a tenant key came back
// that is certified as destroyed. Options.Keysets and Options.Keys must be of
// the restored keysets, and Options.Erasers of the restored database.
func (s *Shredder) Apply(ctx context.Context) (Applied, error) {
	e, err := s.entry(ctx, "shred.apply")
	if err == nil {
		err = e.Commit(ctx)
	}
	if err != nil {
		return Applied{}, err
	}
	tenants, err := s.register.tenants(ctx)
	if err != nil {
		return Applied{}, err
	}
	keysets, tokens := 0, int64(0)
	for _, tenant := range tenants {
		n, erased, err := s.applyTenant(ctx, tenant)
		keysets, tokens = keysets+n, tokens+erased
		if err != nil {
			return Applied{Keysets: keysets, Tokens: tokens}, err
		}
	}
	done, err := s.register.Apply(ctx, s.store)
	done.Keysets, done.Tokens = keysets, tokens
	if err != nil {
		return done, err
	}
	return done, s.returned(ctx)
}

// applyTenant destroys the keyset of a destroyed tenant, and the tokens of all
// that was destroyed of it.
func (s *Shredder) applyTenant(ctx context.Context, tenant string) (keysets int, tokens int64, err error) {
	d, err := s.register.doomed(ctx, tenant)
	if err != nil {
		return 0, 0, err
	}
	if d.whole {
		if s.opts.Keysets == nil {
			return 0, 0, badOrder("Options.Keysets is not set, and a tenant was destroyed")
		}
		_, _, err := s.opts.Keysets.DestroyKeyset(ctx, tenant)
		if err != nil && !errors.Is(err, crypto.ErrTenant) { // not restored
			return 0, 0, wrap("keyset", err)
		}
		keysets = 1
	}
	for _, name := range sortedKeys(d.names) {
		if !isSubject(name) || !d.names[name] {
			continue
		}
		erased, err := s.erase(ctx, subject{tenant, name})
		if err != nil {
			return keysets, tokens, err
		}
		for _, n := range erased {
			tokens += n
		}
	}
	return keysets, tokens, nil
}

// returned returns ErrReturned if a tenant key is there that is certified as
// destroyed.
func (s *Shredder) returned(ctx context.Context) error {
	if s.opts.Keys == nil {
		return nil
	}
	facts, err := s.opts.Keys.KeyFacts(ctx)
	if err != nil {
		return wrap("keys", err)
	}
	return s.register.view(ctx, func(st *state) error {
		for _, f := range facts {
			if len(without([]uint32{f.ID}, st.endedKeys(f.Tenant))) == 0 {
				return ErrReturned
			}
		}
		return nil
	})
}

// Apply does to a store of subjects' keys what [Shredder.Apply] does to all
// there is, for a store that no Shredder is over: a copy, or one whose tokens
// and keysets were not restored. Of a tenant that was destroyed as a whole it
// also destroys what the register does not list, if the store is a
// crypto.SubjectLister. Keysets and tokens that were restored it leaves as they
// are: the values of a destroyed tenant that have no patient open with its
// keyset alone.
func (r *Register) Apply(ctx context.Context, store crypto.SubjectKeys) (Applied, error) {
	var done Applied
	tenants, err := r.tenants(ctx)
	for _, tenant := range tenants {
		if err == nil {
			err = r.applyTenant(ctx, store, tenant, &done)
		}
	}
	return done, err
}

func (r *Register) applyTenant(ctx context.Context, store crypto.SubjectKeys, tenant string, done *Applied) error {
	d, err := r.doomed(ctx, tenant)
	if err != nil {
		return err
	}
	if err := r.applyReleases(ctx, store, tenant, done); err != nil {
		return err
	}
	if err := applyNames(ctx, store, tenant, d, done); err != nil {
		return err
	}
	if err := r.applyHolds(ctx, store, tenant, done); err != nil {
		return err
	}
	done.Tenants++
	lister, ok := store.(crypto.SubjectLister)
	if !d.whole || !ok {
		return nil
	}
	return eachPage(ctx, lister, tenant, func(page []string) error {
		for _, name := range page {
			if err := store.Destroy(ctx, tenant, name); err != nil {
				return wrap("apply: store", err)
			}
			done.Names++
		}
		return nil
	})
}

// applyNames destroys the names, those of subjects first: where one is kept,
// so are the keys that it is found and opened by.
func applyNames(ctx context.Context, store crypto.SubjectKeys, tenant string, d doomed, done *Applied) error {
	kept := done.Kept
	for _, subjects := range []bool{true, false} {
		for _, name := range sortedKeys(d.names) {
			if isSubject(name) != subjects || !subjects && done.Kept > kept {
				continue
			}
			keep, err := keeps(ctx, store, subject{tenant, name}, d.names[name])
			if err == nil && keep {
				done.Kept++
				continue
			}
			if err == nil {
				err = store.Destroy(ctx, tenant, name)
			}
			if err != nil {
				return wrap("apply: store", err)
			}
			done.Names++
		}
	}
	return nil
}

// keeps reports whether a name is to be left: one whose destruction was begun
// and stopped, and that is held.
func keeps(ctx context.Context, store crypto.SubjectKeys, at subject, certified bool) (bool, error) {
	if certified || !isSubject(at.name) {
		return false, nil
	}
	_, r, err := readRecord(ctx, store, at)
	if errors.Is(err, crypto.ErrNotFound) || errors.Is(err, crypto.ErrShredded) {
		return false, nil
	}
	return err == nil && r.Held, err
}

// applyHolds marks what is held. A store without the key that names subjects
// can have none.
func (r *Register) applyHolds(ctx context.Context, store crypto.SubjectKeys, tenant string, done *Applied) error {
	var held []string
	err := r.view(ctx, func(s *state) error {
		for at := range s.holds {
			if at.tenant == tenant && !s.destroyed(tenant) {
				held = append(held, at.name)
			}
		}
		return nil
	})
	if err != nil || len(held) == 0 {
		return err
	}
	_, err = store.Get(ctx, tenant, indexName)
	if errors.Is(err, crypto.ErrNotFound) || errors.Is(err, crypto.ErrShredded) {
		return nil
	}
	if err != nil {
		return wrap("apply: store", err)
	}
	for _, name := range held {
		err := setHeld(ctx, store, subject{tenant, name}, true)
		if err != nil && !errors.Is(err, crypto.ErrShredded) {
			return err
		}
		done.Held++
	}
	return nil
}

// applyReleases takes off the marks of holds that were released since: nobody
// could release them again. It leaves those alone that the register does not
// know.
func (r *Register) applyReleases(ctx context.Context, store crypto.SubjectKeys, tenant string, done *Applied) error {
	released := make(map[string]bool)
	err := r.view(ctx, func(s *state) error {
		for _, o := range s.orders {
			if o.Tenant == tenant && s.released(o) {
				released[o.Subject] = true
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range sortedKeys(released) {
		at := subject{tenant, name}
		_, record, err := readRecord(ctx, store, at)
		if errors.Is(err, crypto.ErrNotFound) || errors.Is(err, crypto.ErrShredded) {
			continue
		}
		if err == nil && record.Held {
			err = setHeld(ctx, store, at, false)
			done.Released++
		}
		if err == nil {
			err = r.remark(ctx, store, at)
		}
		if err != nil && !errors.Is(err, crypto.ErrShredded) {
			return err
		}
	}
	return nil
}

// released reports whether o released the last open case of its subject.
func (s *state) released(o *order) bool {
	return o.Kind == ReleaseHold && o.certificate != nil && len(s.holds[o.subject()]) == 0
}

// indexName is crypto's name of the record by which subjects are named.
const indexName = "index"

// eachPage calls f with the living names of a tenant, page by page.
func eachPage(ctx context.Context, lister crypto.SubjectLister, tenant string, f func(names []string) error) error {
	after := ""
	for {
		names, err := lister.Names(ctx, tenant, after, chunk)
		if err != nil {
			return wrap("store", err)
		}
		if len(names) > 0 {
			if err := f(names); err != nil {
				return err
			}
			after = names[len(names)-1]
		}
		if len(names) < chunk {
			return nil
		}
	}
}
