package oidc

import (
	"crypto/sha256"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// The proofs of RFC 9449, sections 4.1 and 7.1, and the thumbprint of section 6.
const (
	rfcKey = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQy" +
		"VVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19."
	rfcTokenProof = rfcKey +
		"eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ." +
		"2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
	rfcResourceProof = rfcKey +
		"eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2" +
		"MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9." +
		"2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
	rfcThumbprint  = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
	rfcAccessToken = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
)

// The examples of the RFC verify, and say what they say there.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestRFC9449(t *testing.T) {
	p, err := readProof(rfcTokenProof)
	require.Nil(t, err)
	require.Equal(t, &proof{
		key: rfcThumbprint, id: "-BwC3ESc6acc2lTc", method: "POST", target: "https://server.example.com/token", issued: time.Unix(1562262616, 0),
	}, p)
	p, err = readProof(rfcResourceProof)
	require.Nil(t, err)
	ath := sha256.Sum256([]byte(rfcAccessToken))
	require.Equal(t, &proof{
		key: rfcThumbprint, id: "e1j3V_bKic8-LAEB", method: "GET", target: "https://resource.example.org/protectedresource",
		issued: time.Unix(1562262618, 0), token: encode(ath[:]),
	}, p)
	r := httptest.NewRequest("GET", "https://resource.example.org/protectedresource?q=1", nil)
	require.True(t, sameTarget(p.target, "https://resource.example.org", r))
	require.False(t, sameTarget(p.target, "https://server.example.com", r))
}

// A target is the same in every spelling that RFC 3986 calls equal, and in no
// other; query and fragment do not count.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestSameTarget(t *testing.T) {
	const origin = "https://api.example"
	for _, c := range []struct {
		target, request string
		want            bool
	}{
		{"https://api.example/a", "/a", true},
		{"HTTPS://API.example:443/a", "/a", true},
		{"https://api.example/a?x=1#y", "/a?z=2", true},
		{"https://api.example", "/", true},
		{"https://api.example/%7Ea%2fb", "/~a%2Fb", true},
		{"https://api.example/a%2Fb", "/a/b", false},
		{"https://api.example/a/", "/a", false},
		{"https://api.example/A", "/a", false},
		{"https://api.example/a/../b", "/b", false},
		{"http://api.example/a", "/a", false},
		{"https://api.example:8443/a", "/a", false},
		{"https://api.example.evil.example/a", "/a", false},
		{"https://ada@api.example/a", "/a", false},
		{"https:api.example/a", "/a", false},
		{"/a", "/a", false},
		{"", "/a", false},
		{"https://api.example/%zz", "/%25zz", false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RequestURI = c.request
		require.Equal(t, c.want, sameTarget(c.target, origin, r), c.target)
	}
}

// What was seen once is remembered until it has expired, the memory is bounded,
// and when it is full nothing new gets in.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestReplaysAreBounded(t *testing.T) {
	r := newReplays(3, 3)
	soon, past := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	id := func(n byte) [32]byte { return [32]byte{n} }
	require.Nil(t, r.first(id(1), account{id: "ada"}, soon))
	require.Nil(t, r.first(id(2), account{id: "ada"}, soon))
	require.Equal(t, codeReplay, r.first(id(1), account{id: "ada"}, soon).kind)
	require.Nil(t, r.first(id(3), account{id: "ada"}, past))
	require.Nil(t, r.first(id(4), account{id: "ada"}, soon)) // in the place of what has expired
	require.Equal(t, codeFull, r.first(id(5), account{id: "ada"}, soon).kind)
	require.Equal(t, codeReplay, r.first(id(4), account{id: "ada"}, soon).kind)
	require.Len(t, r.seen, 3)
}

// One account takes no more than its share of what is remembered, and gets it back.
//
// Controls: HIPAA 164.312(d), 164.308(a)(7)(ii)(C); NIST CSF 2.0 PR.AA-03, PR.IR-04.
func TestReplaysAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReplays(16, 2)
		until := time.Now().Add(time.Minute)
		ada, bob := account{id: "ada"}, account{id: "bob"}
		require.Nil(t, r.first([32]byte{1}, ada, until))
		require.Nil(t, r.first([32]byte{2}, ada, until))
		require.Equal(t, codeFull, r.first([32]byte{3}, ada, until).kind)
		require.Nil(t, r.first([32]byte{3}, bob, until))
		<-time.NewTimer(time.Minute + 1).C
		require.Nil(t, r.first([32]byte{4}, ada, until.Add(time.Minute)))
		require.Equal(t, map[account]int{ada: 1}, r.of)
		require.Len(t, r.seen, 1)
		require.Equal(t, defaultProofs/8, fuzzVerifier(t).proofs.share)
	})
}
