package keyset_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

func termsOf(t *testing.T, r *keyset.Ring) (refresh, outage time.Duration) {
	t.Helper()
	facts, err := r.Facts(t.Context(), "clinic-a")
	require.NoError(t, err)
	return time.Duration(facts.RefreshSeconds) * time.Second, time.Duration(facts.OutageSeconds) * time.Second
}

// The terms of a keyset are in its file: a Ring with longer options keeps them
// all the same, and a certificate states them whoever asks for it.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-11, PR.DS-01.
func TestTermsOfTheFileHold(t *testing.T) {
	month := &keyset.Options{Outage: 30 * 24 * time.Hour}
	for name, c := range map[string]struct {
		made, used *keyset.Options
		want       time.Duration
	}{
		"longer options": {nil, month, 24 * time.Hour},
		"shorter":        {month, nil, 24 * time.Hour},
		"both":           {month, month, 30 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newRing(t, c.made)
				process, store := f.far(t, c.used)
				primary(t, process)
				store.off.Store(true)
				_, bound, err := keyset.Destroyer{Ring: f.other(t, nil)}.DestroyKeyset(t.Context(), "clinic-a")
				require.NoError(t, err)
				start := time.Now()
				for err == nil {
					_, err = process.Keyset(t.Context(), "clinic-a")
					time.Sleep(10 * time.Second)
				}
				require.InDelta(t, c.want.Seconds(), time.Since(start).Seconds(), 30)
				require.LessOrEqual(t, time.Since(start), bound)
				synctest.Wait()
			})
		})
	}
}

// Terms can be made longer, for all who use the keyset, and never shorter.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.312(c)(1); NIST CSF 2.0 PR.DS-11.
func TestExtend(t *testing.T) {
	f := newRing(t, nil)
	longer := f.other(t, &keyset.Options{Outage: 48 * time.Hour, Refresh: 90 * time.Second})
	primary(t, longer)
	shorter := func(r *keyset.Ring) uint64 {
		report, err := r.Report(t.Context())
		require.NoError(t, err)
		return report[0].Counters["terms.shorter"]
	}
	require.EqualValues(t, 1, shorter(longer))
	before := fingerprint(t, f)
	require.NoError(t, longer.Extend(t.Context(), "clinic-a"))
	refresh, outage := termsOf(t, longer)
	require.Equal(t, 48*time.Hour, outage)
	require.Equal(t, 90*time.Second, refresh)
	require.Zero(t, shorter(longer))
	require.Equal(t, before, fingerprint(t, f), "the keys are the same")
	require.NoError(t, f.other(t, &keyset.Options{Refresh: time.Second, Outage: time.Minute}).Extend(t.Context(), "clinic-a"))
	_, outage = termsOf(t, f.other(t, nil))
	require.Equal(t, 48*time.Hour, outage)
	require.NoError(t, longer.Rotate(t.Context(), "clinic-a", primary(t, longer)))
	_, outage = termsOf(t, longer)
	require.Equal(t, 48*time.Hour, outage, "a change keeps them")
	_, bound, err := keyset.Destroyer{Ring: f.Ring}.DestroyKeyset(t.Context(), "clinic-a")
	require.NoError(t, err)
	require.Equal(t, 48*time.Hour+3*90*time.Second+time.Second, bound, "in what is left, too")
}

// Terms are authenticated, so nobody shortens the time that a key is kept, and
// a file has none that no Ring could keep.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestTermsAreAuthenticated(t *testing.T) {
	f := newRing(t, &keyset.Options{Refresh: 30 * time.Second, Outage: 72 * time.Hour})
	plain := newRing(t, nil)
	read := func(f ringFixture) []byte {
		content, err := f.store.Store.Read(t.Context(), "clinic-a")
		require.NoError(t, err)
		return content
	}
	const head, refresh, outage = `  "primary"`, "  \"refresh\": 30,\n", "  \"outage\": 259200,\n"
	content := read(f)
	require.Contains(t, string(content), refresh+outage+head)
	require.NotContains(t, string(read(plain)), "refresh", "the defaults are not written")
	for name, c := range map[string]struct {
		f        ringFixture
		old, new string
		want     error
	}{
		"shorter outage":  {f, outage, "  \"outage\": 3600,\n", keyset.ErrUnwrap},
		"longer outage":   {f, outage, "  \"outage\": 259201,\n", keyset.ErrUnwrap},
		"another refresh": {f, refresh, "  \"refresh\": 31,\n", keyset.ErrUnwrap},
		"none":            {f, refresh + outage, "", keyset.ErrUnwrap},
		"given":           {plain, head, "  \"refresh\": 60,\n  \"outage\": 86400,\n" + head, keyset.ErrUnwrap},
		"no refresh":      {f, refresh, "", keyset.ErrFormat},
		"no outage":       {f, outage, "", keyset.ErrFormat},
		"negative":        {f, refresh, "  \"refresh\": -30,\n", keyset.ErrFormat},
		"over an hour":    {f, refresh, "  \"refresh\": 3601,\n", keyset.ErrFormat},
		"over 30 days":    {f, outage, "  \"outage\": 2592001,\n", keyset.ErrFormat},
		"below refresh":   {f, outage, "  \"outage\": 29,\n", keyset.ErrFormat},
		"not a number":    {f, outage, "  \"outage\": \"3d\",\n", keyset.ErrFormat},
	} {
		altered := replace(read(c.f), c.old, c.new)
		require.NotEqual(t, read(c.f), altered, name)
		_, err := keyset.Rewrap(t.Context(), altered, "clinic-a", c.f.kms, c.f.kms)
		require.ErrorIs(t, err, c.want, name)
	}
}
