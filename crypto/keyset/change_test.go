package keyset_test

import (
	"bytes"
	"encoding/json"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

var atOnce = &keyset.Options{UnsafeSealAtOnce: true, UnsafeDestroyAtOnce: true}

// opens are the options of a Sealer in a test, which has no audit.
var opens = &crypto.Options{UnsafeUnaudited: true}

func replace(content []byte, old, new string) []byte {
	return bytes.ReplaceAll(content, []byte(old), []byte(new))
}

func fingerprint(t *testing.T, f ringFixture) string {
	t.Helper()
	content, err := f.store.Store.Read(t.Context(), "clinic-a")
	require.NoError(t, err)
	print, err := keyset.Fingerprint(t.Context(), content, "clinic-a", f.kms)
	require.NoError(t, err)
	return print
}

func mustSeal(t *testing.T, s *crypto.Sealer) []byte {
	t.Helper()
	sealed, err := s.AppendSeal(t.Context(), nil, []byte("value"), ref("clinic-a"))
	require.NoError(t, err)
	return sealed
}

func wantOpens(t *testing.T, s *crypto.Sealer, sealed []byte) {
	t.Helper()
	got, err := s.AppendOpen(t.Context(), nil, sealed, ref("clinic-a"))
	require.NoError(t, err)
	require.Equal(t, "value", string(got))
}

// The life of a key: it is rotated away, opens on, is disabled, enabled,
// disabled and destroyed, in this order and no other.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestLifeOfAKey(t *testing.T) {
	f := newRing(t, atOnce)
	ctx, s := t.Context(), sealer(t, f)
	old := primary(t, f.Ring)
	sealed := mustSeal(t, s)
	require.ErrorIs(t, f.Disable(ctx, "clinic-a", old), keyset.ErrInUse)
	require.ErrorIs(t, f.DestroyKey(ctx, "clinic-a", old, keyset.Confirmation("clinic-a", old)), keyset.ErrInUse)

	require.NoError(t, f.Rotate(ctx, "clinic-a", old))
	next := primary(t, f.Ring)
	require.NotEqual(t, old, next)
	require.NoError(t, f.Rotate(ctx, "clinic-a", old), "somebody was first")
	require.Equal(t, next, primary(t, f.Ring))
	id, ok := crypto.KeyID(mustSeal(t, s))
	require.True(t, ok)
	require.Equal(t, next, id)
	wantOpens(t, s, sealed)

	require.ErrorIs(t, f.Rotate(ctx, "clinic-a", old+next+1), keyset.ErrNoKey)
	require.ErrorIs(t, f.DestroyKey(ctx, "clinic-a", old, keyset.Confirmation("clinic-a", old)), keyset.ErrInUse, "not disabled")
	require.NoError(t, f.Disable(ctx, "clinic-a", old))
	_, err := s.AppendOpen(ctx, nil, sealed, ref("clinic-a"))
	require.ErrorIs(t, err, crypto.ErrOpen)
	require.NoError(t, f.Enable(ctx, "clinic-a", old))
	wantOpens(t, s, sealed)
	require.NoError(t, f.Disable(ctx, "clinic-a", old))
	for _, confirm := range []string{"", "yes", keyset.Confirmation("clinic-a", next), keyset.Confirmation("clinic-b", old)} {
		require.ErrorIs(t, f.DestroyKey(ctx, "clinic-a", old, confirm), keyset.ErrConfirm)
	}
	disabled := fingerprint(t, f)
	require.NoError(t, f.DestroyKey(ctx, "clinic-a", old, keyset.Confirmation("clinic-a", old)))
	require.NotEqual(t, disabled, fingerprint(t, f), "it is of the states, too")
	require.ErrorIs(t, f.Enable(ctx, "clinic-a", old), keyset.ErrDestroyed)
	_, err = s.AppendOpen(ctx, nil, sealed, ref("clinic-a"))
	require.ErrorIs(t, err, crypto.ErrOpen)

	facts, err := f.Facts(ctx, "clinic-a")
	require.NoError(t, err)
	require.Len(t, facts.Keys, 2, "the id is kept")
	require.Equal(t, keyset.Destroyed, facts.Keys[0].State)
	require.NotZero(t, facts.Keys[0].Destroyed)
	require.Equal(t, next, facts.Sealing)
	content, err := f.store.Store.Read(ctx, "clinic-a")
	require.NoError(t, err)
	inspected, err := keyset.Inspect(content)
	require.NoError(t, err)
	require.Equal(t, facts.Primary, inspected.Primary)
	_, err = f.other(t, nil).Keyset(ctx, "clinic-a")
	require.NoError(t, err)
}

// A new key seals only when every process has read it, so that no process
// meets a value that it cannot open.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestRotationIsSeenBeforeItSeals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newRing(t, nil)
		rings := []*keyset.Ring{f.other(t, nil), f.other(t, nil), f.other(t, nil)}
		var sealers []*crypto.Sealer
		for _, r := range rings {
			sealers = append(sealers, sealer(t, r))
			time.Sleep(17 * time.Second) // they read the store at different times
		}
		old := primary(t, rings[0])
		seen := map[uint32]bool{}
		for second := range 400 {
			if second == 100 {
				require.NoError(t, rings[0].Rotate(t.Context(), "clinic-a", old))
				require.NoError(t, rings[1].Rotate(t.Context(), "clinic-a", old), "while it waits, too")
				require.ErrorIs(t, rings[0].Disable(t.Context(), "clinic-a", old), keyset.ErrInUse)
			}
			for _, from := range sealers {
				sealed := mustSeal(t, from)
				id, _ := crypto.KeyID(sealed)
				seen[id] = true
				if second != 221 { // the moment itself may go either way
					require.Equal(t, second < 221, id == old, "all begin together, two minutes after")
				}
				for _, to := range sealers {
					wantOpens(t, to, sealed)
				}
			}
			time.Sleep(time.Second)
		}
		require.Len(t, seen, 2)
		for _, r := range rings {
			require.NotEqual(t, old, primary(t, r))
		}
		require.NoError(t, rings[0].Disable(t.Context(), "clinic-a", old))
		synctest.Wait()
	})
}

// Of those who rotate at once one does, and nobody loses a key.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRotatorsAtOnceRotateOnce(t *testing.T) {
	f := newRing(t, atOnce)
	sealed := mustSeal(t, sealer(t, f))
	old := primary(t, f.Ring)
	var wg sync.WaitGroup
	for range 8 {
		r := f.other(t, atOnce)
		wg.Go(func() {
			if err := r.Rotate(t.Context(), "clinic-a", old); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	r := f.other(t, nil)
	facts, err := r.Facts(t.Context(), "clinic-a")
	require.NoError(t, err)
	require.Len(t, facts.Keys, 2)
	wantOpens(t, sealer(t, r), sealed)
}

// The keyset of a tenant is destroyed whole, for good and in every process.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(1); NIST CSF 2.0 PR.DS-01.
func TestDestroyKeyset(t *testing.T) {
	f := newRing(t, nil)
	synctest.Test(t, func(t *testing.T) {
		r, other := f.other(t, nil), f.other(t, nil)
		primary(t, r)
		primary(t, other)
		require.ErrorIs(t, r.DestroyKeyset(t.Context(), "clinic-a", ""), keyset.ErrConfirm)
		f.kms.set(refuses{}, false) // the KEK may be gone already
		for range 2 {
			require.NoError(t, r.DestroyKeyset(t.Context(), "clinic-a", keyset.Confirmation("clinic-a", 0)))
		}
		ids, bound, err := keyset.Destroyer{Ring: r}.DestroyKeyset(t.Context(), "clinic-a")
		require.NoError(t, err)
		require.Len(t, ids, 1)
		require.Equal(t, keyset.DefaultOutage+3*keyset.DefaultRefresh+time.Second, bound)
		_, err = r.Keyset(t.Context(), "clinic-a")
		require.ErrorIs(t, err, keyset.ErrDestroyed)
		require.ErrorIs(t, err, crypto.ErrTenant)
		time.Sleep(keyset.DefaultRefresh + time.Second)
		other.Keyset(t.Context(), "clinic-a")
		synctest.Wait()
		_, err = other.Keyset(t.Context(), "clinic-a")
		require.ErrorIs(t, err, keyset.ErrDestroyed)
		f.kms.set(nil, false)
		require.Error(t, r.Create(t.Context(), "clinic-a"))
		facts, err := r.Facts(t.Context(), "clinic-a")
		require.NoError(t, err)
		require.Zero(t, facts.Primary)
		require.Equal(t, keyset.Destroyed, facts.Keys[0].State)
	})
}

// Every fact of a key is authenticated: none can be altered to hide its age
// or its state.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestFactsAreAuthenticated(t *testing.T) {
	f := newRing(t, atOnce)
	ctx := t.Context()
	old := primary(t, f.Ring)
	require.NoError(t, f.Rotate(ctx, "clinic-a", old))
	require.NoError(t, f.Disable(ctx, "clinic-a", old))
	content, err := f.store.Store.Read(ctx, "clinic-a")
	require.NoError(t, err)
	alter := func(f func(head map[string]any, key map[string]any)) []byte {
		var head map[string]any
		d := json.NewDecoder(bytes.NewReader(content))
		d.UseNumber()
		require.NoError(t, d.Decode(&head))
		f(head, head["keys"].([]any)[0].(map[string]any))
		out, err := json.Marshal(head)
		require.NoError(t, err)
		return out
	}
	later := "2031-01-01T00:00:00Z"
	altered := map[string][]byte{
		"created":      alter(func(_, k map[string]any) { k["created"] = later }),
		"active":       alter(func(_, k map[string]any) { k["active"] = later }),
		"retired":      alter(func(_, k map[string]any) { delete(k, "retired") }),
		"disabled":     alter(func(_, k map[string]any) { k["disabled"] = later }),
		"state":        alter(func(_, k map[string]any) { k["state"] = "enabled" }),
		"destroyed":    alter(func(_, k map[string]any) { k["state"] = "destroyed" }),
		"id":           alter(func(_, k map[string]any) { k["id"] = 7 }),
		"file created": alter(func(h, _ map[string]any) { h["created"] = later }),
		"primary":      alter(func(h, k map[string]any) { k["state"] = "enabled"; h["primary"] = k["id"] }),
		"key left out": alter(func(h, _ map[string]any) { h["keys"] = h["keys"].([]any)[1:] }),
		"format":       alter(func(h, _ map[string]any) { h["format"] = "safeguard/keyset/1"; delete(h, "keys"); delete(h, "primary") }),
	}
	for name, bad := range altered {
		_, err := keyset.Fingerprint(ctx, bad, "clinic-a", f.kms)
		require.ErrorIs(t, err, keyset.ErrUnwrap, name)
	}
	for name, bad := range map[string][]byte{
		"no keys":    alter(func(h, _ map[string]any) { delete(h, "keys") }),
		"no primary": alter(func(h, _ map[string]any) { delete(h, "primary") }),
		"bad state":  alter(func(_, k map[string]any) { k["state"] = "" }),
		"two alike":  alter(func(h, k map[string]any) { h["keys"] = append(h["keys"].([]any), k) }),
		"unknown":    alter(func(h, _ map[string]any) { h["more"] = 1 }),
	} {
		_, err := keyset.Inspect(bad)
		require.ErrorIs(t, err, keyset.ErrFormat, name)
	}
	_, err = keyset.Fingerprint(ctx, alter(func(_, _ map[string]any) {}), "clinic-a", f.kms)
	require.NoError(t, err)
}
