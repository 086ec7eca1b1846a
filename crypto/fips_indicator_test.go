//go:build fipsindicator

package crypto_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/fips140"
	"crypto/md5"
	"testing"
	_ "unsafe" // for linkname

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// The service indicator of Go's cryptographic module says of the goroutine
// whether every service that it called since the reset is an approved one. It
// is not exported, so this file has a build tag and links only with:
//
//	go test -tags fipsindicator -ldflags=-checklinkname=0 -run Indicator ./crypto
//
//go:linkname setIndicator crypto/internal/fips140.setIndicator
func setIndicator(uint8)

//go:linkname getIndicator crypto/internal/fips140.getIndicator
func getIndicator() uint8

// The states of the indicator; 1 is that something was not approved.
const indicatorUnset, indicatorApproved = 0, 2

// approved reports whether f called approved services alone, and one at least.
func approved(f func()) bool {
	setIndicator(indicatorUnset)
	f()
	return getIndicator() == indicatorApproved
}

// Every way in which a Sealer seals, opens, moves, wraps, counts, derives and
// names is an approved service, also the first time, when keys are made and
// messages leased.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestIndicator(t *testing.T) {
	for name, service := range indicated(t) {
		require.True(t, approved(service), name)
		require.True(t, approved(service), "%s, again", name)
	}
}

func indicated(t *testing.T) map[string]func() {
	s, ctx := newFixture(t, nil), t.Context()
	rows := rowsOf[twelve](t, s.Sealer, nil)
	search := newSearch(t, s.Sealer, searched())
	value, row := "a value", sampleTwelve()
	token(t, search.Index("ssn"), tenantA, "123-45-6789") // makes the root
	out := map[string]func(){
		"new key": func() { _, err := crypto.NewKey(1, pattern(32)); require.NoError(t, err) },
		"token":   func() { token(t, search.Index("ssn"), tenantA, "123-45-6789") },
		"tokens": func() {
			_, err := search.Index("ssn").Tokens(ctx, tenantA, []byte("123-45-6789"))
			require.NoError(t, err)
		},
		"rotate the root of indexes": func() {
			fresh := newFixture(t, nil)
			token(t, newSearch(t, fresh.Sealer, searched()).Index("ssn"), tenantA, "123-45-6789")
			_, _ = fresh.RotateIndexKeys(ctx, tenantA)
		},
		"re-wrap subjects": func() {
			fresh := newFixture(t, nil)
			seal(t, fresh.Sealer, refOf(patient(1)), value)
			_, _, err := fresh.RewrapSubjects(ctx, tenantA, "", 10)
			require.NoError(t, err)
		},
		"first value of a subject": func() { seal(t, newFixture(t, nil).Sealer, refOf(patient(1)), value) },
	}
	for kind, subject := range subjects {
		ref := refOf(subject)
		other := ref
		other.Row = "row-2"
		sealed := seal(t, s.Sealer, ref, value)
		sealedRow := sealRow(t, rows, row, ref)
		blob := sealBlob(t, s.Sealer, pattern(200_000), ref)
		out["seal "+kind] = func() { seal(t, s.Sealer, ref, value) }
		out["open "+kind] = func() { _, err := s.AppendOpen(ctx, nil, sealed, ref); require.NoError(t, err) }
		out["rewrap "+kind] = func() { _, err := s.AppendRewrap(ctx, nil, sealed, ref); require.NoError(t, err) }
		out["rebind "+kind] = func() { _, err := s.AppendRebind(ctx, nil, sealed, ref, other); require.NoError(t, err) }
		out["seal row "+kind] = func() { sealRow(t, rows, row, ref) }
		out["open row "+kind] = func() {
			var got twelve
			_, err := rows.Open(ctx, &got, ref, crypto.UnsafeAllFields{}, sealedRow)
			require.NoError(t, err)
		}
		out["seal blob "+kind] = func() { sealBlob(t, s.Sealer, pattern(200_000), ref) }
		out["open blob "+kind] = func() {
			got, err := readBlob(t, s.Sealer, blob, ref)
			require.NoError(t, err)
			require.True(t, bytes.Equal(pattern(200_000), got))
		}
	}
	out["name"] = func() {
		_, err := s.SubjectName(ctx, tenantA, patientOf(1))
		require.NoError(t, err)
	}
	out["budget"] = func() { _, err := s.Budget(ctx, tenantA); require.NoError(t, err) }
	return out
}

// The indicator tells: what is not approved is seen, also between services
// that are, and no service at all is not approval.
//
// Controls: none, it checks the test above.
func TestIndicatorTells(t *testing.T) {
	if fips140.Enforced() {
		t.Skip("what is not approved cannot be called")
	}
	block, err := aes.NewCipher(pattern(32))
	require.NoError(t, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(t, err)
	s := newFixture(t, nil).Sealer
	require.False(t, approved(func() {}), "nothing")
	require.False(t, approved(func() { gcm.Seal(nil, pattern(12), pattern(16), nil) }), "a nonce of one's own")
	require.False(t, approved(func() {
		gcm.Seal(nil, pattern(12), pattern(16), nil)
		seal(t, s, refOf(crypto.NoSubject()), "a value")
	}), "among others")
	require.False(t, approved(func() { md5.Sum(nil) }), "outside the module")
}
