package oidc

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
)

// What an Exchange remembers is bounded, in all and for one account, and makes
// room when tokens are over. Nobody is locked out by the sessions of one account,
// its owner included: the one that began first gives way.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func TestGrantsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &Exchange{grants: map[string]*Token{}, own: map[account][]string{}}
		token := func(user string, life time.Duration) *Token {
			return &Token{principal: safeguard.Principal{ID: user}, deadline: time.Now().Add(life)}
		}
		for n := range 3 * maxOwn {
			require.True(t, x.keep("ada-"+strconv.Itoa(n), token("ada", time.Minute)))
		}
		require.False(t, x.keep("ada-"+strconv.Itoa(3*maxOwn-1), token("bob", time.Hour)))
		require.Len(t, x.grants, maxOwn)
		require.Len(t, x.own[account{id: "ada"}], maxOwn)
		require.Nil(t, x.grant("ada-"+strconv.Itoa(2*maxOwn-1)))
		require.NotNil(t, x.grant("ada-"+strconv.Itoa(2*maxOwn)))
		for n := range maxGrants - maxOwn {
			require.True(t, x.keep("s-"+strconv.Itoa(n), token(strconv.Itoa(n), time.Hour)))
		}
		require.False(t, x.room())
		require.False(t, x.keep("bob", token("bob", time.Hour)))
		require.True(t, x.keep("ada-more", token("ada", time.Minute)))
		require.Len(t, x.grants, maxGrants)
		<-time.NewTimer(time.Minute).C
		require.True(t, x.room())
		require.True(t, x.keep("bob", token("bob", time.Hour)))
		require.Len(t, x.grants, maxGrants-maxOwn+1)
		require.NotContains(t, x.own, account{id: "ada"})
		for n := range maxOwn - 1 {
			require.True(t, x.keep("ada-again-"+strconv.Itoa(n), token("ada", time.Hour)))
		}
		require.False(t, x.keep("one more", token("carl", time.Hour)))
		<-time.NewTimer(time.Hour).C
		require.True(t, x.keep("last", token("ada", time.Hour)))
		require.Len(t, x.grants, 1)
		require.Equal(t, map[account][]string{{id: "ada"}: {"last"}}, x.own)
	})
}

// A token is over when either clock says so: the wall clock can be set back, and
// the monotonic one stands still while a machine is suspended.
//
// Controls: HIPAA 164.312(d), 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func TestEitherClockExpires(t *testing.T) {
	v := fuzzVerifier(t)
	now := time.Now()
	later, before := now.Add(time.Minute), now.Add(-time.Minute)
	require.Nil(t, v.inTime(&Token{expires: later.Round(0), deadline: later}, now))
	require.Equal(t, codeExpired, v.inTime(&Token{expires: before.Round(0), deadline: later}, now).kind)
	require.Equal(t, codeExpired, v.inTime(&Token{expires: later.Round(0), deadline: before}, now).kind)
	for _, c := range []struct {
		expires, deadline time.Time
		counts            bool
	}{{later, later, true}, {before, later, false}, {later, before, false}} { // of a forwarded identity
		token := &Token{expires: c.expires.Round(0), deadline: c.deadline}
		require.Equal(t, c.counts, token.counts(t.Context()))
	}
}

// An issuer that puts ever new keys under an id that is distrusted does not fill
// the memory.
//
// Controls: HIPAA 164.312(d), 164.308(a)(7)(ii)(C); NIST CSF 2.0 PR.AA-03, PR.IR-04.
func TestDistrustIsBounded(t *testing.T) {
	k := fuzzVerifier(t).keys
	require.True(t, k.distrust("stolen"))
	for n := range 2 * maxDistrusted {
		key := &publicKey{id: "stolen", thumbprint: [32]byte{byte(n), byte(n >> 8)}}
		k.mu.Lock()
		k.publish([]*publicKey{key}, time.Now())
		k.mu.Unlock()
	}
	require.Len(t, k.thumbs, maxDistrusted)
	require.Empty(t, k.current.Load().byID)
}

// Revoke forgets the tokens of the account, and of no other.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestRevokeForgets(t *testing.T) {
	v := fuzzVerifier(t)
	ada := &Token{principal: safeguard.Principal{ID: "ada"}, digest: [32]byte{1}}
	bob := &Token{principal: safeguard.Principal{ID: "bob"}, digest: [32]byte{2}}
	v.cache.put(ada)
	v.cache.put(bob)
	require.NoError(t, v.Revoke(t.Context(), "", "ada"))
	require.Nil(t, v.cache.get(&ada.digest))
	require.Same(t, bob, v.cache.get(&bob.digest))
}
