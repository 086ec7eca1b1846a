package shred_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
	"github.com/safeguard-sdk/safeguard/crypto/shred/shredtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

const tenantA, tenantB = "clinic-a", "clinic-b"

// soak returns the full count under SAFEGUARD_SOAK=1, else the sample.
func soak(sample, full int) int {
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		return full
	}
	return sample
}

func seed(n byte) []byte {
	out := make([]byte, 32)
	for i := range out {
		out[i] = n + byte(i)
	}
	return out
}

var signer = ed25519.NewKeyFromSeed(seed(9))

func public() ed25519.PublicKey { return signer.Public().(ed25519.PublicKey) }

// everybody may do everything.
func everybody(context.Context, safeguard.Principal, shred.Step, shred.Order) error { return nil }

// A world is a clinic with a store, a register and two persons.
type world struct {
	*shred.Shredder
	sealer   *crypto.Sealer
	keys     cryptotest.Keys
	store    crypto.SubjectKeys
	log      shred.Log
	register *shred.Register
	opts     shred.Options
	audit    *audittest.Log
	recorder *audit.Recorder
}

func newWorld(t testing.TB, opts shred.Options) *world {
	t.Helper()
	keys, err := cryptotest.NewKeys(tenantA, tenantB)
	require.NoError(t, err)
	w := &world{keys: keys, store: cryptotest.NewSubjects(), log: new(shredtest.Log), opts: opts, audit: audittest.NewLog()}
	if w.opts.Authorize == nil {
		w.opts.Authorize = everybody
	}
	tokens, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "e1", Secret: seed(1)})
	require.NoError(t, err)
	w.recorder, err = audit.New(w.audit, tokens, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.recorder.Close(context.Background()) })
	w.sealer = newSealer(t, w.keys, w.store)
	w.open(t)
	return w
}

// open makes the Shredder over what the world has, as a new process would.
func (w *world) open(t testing.TB) {
	t.Helper()
	var err error
	w.register, err = shred.OpenRegister(t.Context(), w.log)
	require.NoError(t, err)
	w.Shredder, err = shred.New(w.sealer, w.store, w.register, signer, &w.opts)
	require.NoError(t, err)
}

func newSealer(t testing.TB, keys crypto.Keys, store crypto.SubjectKeys) *crypto.Sealer {
	t.Helper()
	s, err := crypto.New(keys, store, &crypto.Options{UnsafeUnaudited: true})
	require.NoError(t, err)
	return s
}

// as returns a context in which a person acts, with an audit Entry.
func (w *world) as(t testing.TB, id string) context.Context {
	return w.principal(t, safeguard.Principal{ID: id, Kind: safeguard.Person, Method: "password+totp"})
}

func (w *world) principal(t testing.TB, p safeguard.Principal) context.Context {
	ctx, _ := w.recorder.Begin(safeguard.WithPrincipal(t.Context(), p), "JOB", "test")
	return ctx
}

func patient(i int) safeguard.Patient { return safeguard.NewPatient(fmt.Sprintf("Patient/MRN-%d", i)) }

func refOf(tenant string, p safeguard.Patient, row int) crypto.Ref {
	return crypto.Ref{Tenant: tenant, Table: "patients", Column: "ssn", Row: fmt.Sprint(row), Subject: crypto.SubjectOf(p)}
}

func (w *world) seal(t testing.TB, tenant string, p safeguard.Patient, row int) []byte {
	t.Helper()
	sealed, err := w.sealer.AppendSeal(t.Context(), nil, []byte("123-45-6789"), refOf(tenant, p, row))
	require.NoError(t, err)
	return sealed
}

// opens returns the error of opening a value in a process that knows nothing yet.
func (w *world) opens(t testing.TB, tenant string, p safeguard.Patient, row int, sealed []byte) error {
	t.Helper()
	_, err := newSealer(t, w.keys, w.store).AppendOpen(t.Context(), nil, sealed, refOf(tenant, p, row))
	return err
}

func orderOf(p safeguard.Patient) shred.Order {
	return shred.Order{Kind: shred.DestroyPatient, Tenant: tenantA, Patient: p, Reason: "retention.expired"}
}

// destroy lets two persons carry out an order.
func (w *world) destroy(t testing.TB, o shred.Order) *shred.Statement {
	t.Helper()
	id, err := w.Request(w.as(t, "dr.lee"), o)
	require.NoError(t, err)
	c, err := w.Approve(w.as(t, "ms.ray"), id, o)
	require.NoError(t, err)
	s, err := shred.Verify(c, public())
	require.NoError(t, err)
	return s
}

var errBroken = errors.New("broken")

// A breaker makes the n-th call to what it stands before fail, either before
// it has an effect or after.
type breaker struct {
	mu    sync.Mutex
	left  int // calls until it breaks; 0 never
	after bool
	calls int
}

func (b *breaker) do(f func() error) error {
	b.mu.Lock()
	b.calls++
	breaks, after := b.left > 0 && b.calls == b.left, b.after
	b.mu.Unlock()
	if breaks && !after {
		return errBroken
	}
	err := f()
	if breaks {
		return errBroken
	}
	return err
}

type brokenStore struct {
	*cryptotest.Subjects
	*breaker
}

func (s brokenStore) Get(ctx context.Context, tenant, name string) (b []byte, err error) {
	err = s.do(func() error { b, err = s.Subjects.Get(ctx, tenant, name); return err })
	return b, err
}

func (s brokenStore) Put(ctx context.Context, tenant, name string, old, record []byte) error {
	return s.do(func() error { return s.Subjects.Put(ctx, tenant, name, old, record) })
}

func (s brokenStore) Destroy(ctx context.Context, tenant, name string) error {
	return s.do(func() error { return s.Subjects.Destroy(ctx, tenant, name) })
}

func (s brokenStore) Names(ctx context.Context, tenant, after string, max int) (names []string, err error) {
	err = s.do(func() error { names, err = s.Subjects.Names(ctx, tenant, after, max); return err })
	return names, err
}

type brokenLog struct {
	shred.Log
	*breaker
}

func (l brokenLog) Append(ctx context.Context, number uint64, entry []byte) error {
	return l.do(func() error { return l.Log.Append(ctx, number, entry) })
}

func (l brokenLog) Read(ctx context.Context, number uint64) (b []byte, err error) {
	err = l.do(func() error { b, err = l.Log.Read(ctx, number); return err })
	return b, err
}

type eraser struct {
	*breaker
	erased map[string]int64
}

func (e eraser) EraseTokens(_ context.Context, tenant, name string) (n int64, err error) {
	err = e.do(func() error {
		n = e.erased[tenant+"/"+name]
		delete(e.erased, tenant+"/"+name)
		return nil
	})
	return n, err
}

type keysets struct {
	*breaker
	keys cryptotest.Keys
}

func (k keysets) DestroyKeyset(_ context.Context, tenant string) (ids []uint32, bound time.Duration, err error) {
	err = k.do(func() error { delete(k.keys, tenant); return nil })
	return []uint32{1}, time.Minute, err
}

// longKeysets go on for long, and not for whole seconds.
type longKeysets struct{ keysets }

func (k longKeysets) DestroyKeyset(ctx context.Context, tenant string) ([]uint32, time.Duration, error) {
	ids, _, err := k.keysets.DestroyKeyset(ctx, tenant)
	return ids, 2*time.Hour + time.Millisecond, err
}

type exporter struct{ *breaker }

func (e exporter) ExportTenant(context.Context, string) (out shred.Export, err error) {
	err = e.do(func() error {
		out = shred.Export{Digest: strings.Repeat("ab", 32), Records: 7}
		return nil
	})
	return out, err
}
