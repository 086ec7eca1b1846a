package crypto_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
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

type fixture struct {
	*crypto.Sealer
	keys  cryptotest.Keys
	store *cryptotest.Subjects
}

// unaudited returns opts with openings that leave no trace, which most tests
// are about anything but.
func unaudited(opts *crypto.Options) *crypto.Options {
	if opts == nil {
		opts = &crypto.Options{}
	}
	o := *opts
	o.UnsafeUnaudited = true
	return &o
}

// names returns the names of a tenant's subjects in the store, without the
// reserved ones.
func (f fixture) names(t testing.TB, tenant string) []string {
	t.Helper()
	all, err := f.store.Names(t.Context(), tenant, "", 1<<20)
	require.NoError(t, err)
	return slices.DeleteFunc(all, func(n string) bool { return len(n) != 64 })
}

// newFixture returns a Sealer over random keys of two tenants and a store in
// memory.
func newFixture(t testing.TB, opts *crypto.Options) fixture {
	t.Helper()
	keys, err := cryptotest.NewKeys(tenantA, tenantB)
	require.NoError(t, err)
	store := cryptotest.NewSubjects()
	s, err := crypto.New(keys, store, unaudited(opts))
	require.NoError(t, err)
	return fixture{s, keys, store}
}

func patient(i int) crypto.Subject { return crypto.SubjectOf(patientOf(i)) }

func patientOf(i int) safeguard.Patient { return safeguard.NewPatient(fmt.Sprintf("Patient/%d", i)) }

func refOf(s crypto.Subject) crypto.Ref {
	return crypto.Ref{Tenant: tenantA, Table: "patients", Column: "ssn", Row: "row-1", Subject: s}
}

func pattern(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(i*7 + n)
	}
	return out
}

// seal seals with an assertion.
func seal(t testing.TB, s *crypto.Sealer, ref crypto.Ref, plaintext string) []byte {
	t.Helper()
	sealed, err := s.AppendSeal(t.Context(), nil, []byte(plaintext), ref)
	require.NoError(t, err)
	require.False(t, len(plaintext) > 4 && bytes.Contains(sealed, []byte(plaintext)))
	return sealed
}
