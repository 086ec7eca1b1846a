package crypto_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// A value is proved to open without an Entry, a message of the key or a new
// version, and only where it was sealed.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestVerify(t *testing.T) {
	f := newFixture(t, &crypto.Options{})
	type chart struct {
		Name string `phi:"name"`
		Note string `phi:"text,group=notes"`
	}
	rows, err := crypto.NewRows[chart](f.Sealer, nil)
	require.NoError(t, err)
	for name, subject := range subjects {
		t.Run(name, func(t *testing.T) {
			ref := refOf(subject)
			row, err := rows.Seal(t.Context(), &chart{"Ann", "well"}, ref)
			require.NoError(t, err)
			wholeRow, err := row.MarshalBinary()
			require.NoError(t, err)
			blob := sealBlob(t, f.Sealer, random(100, 1), ref)
			for what, sealed := range map[string][]byte{
				"cell": seal(t, f.Sealer, ref, "value"), "row": wholeRow, "header": blob[:crypto.BlobHeaderSize(subject)],
			} {
				before := f.keys[tenantA].Primary().Seals()
				require.NoError(t, f.Verify(t.Context(), sealed, ref), what)
				require.Equal(t, before, f.keys[tenantA].Primary().Seals(), what)
				other := ref
				other.Row = "row-2"
				require.ErrorIs(t, f.Verify(t.Context(), sealed, other), crypto.ErrOpen, what)
				for i := range sealed {
					altered := append([]byte(nil), sealed...)
					altered[i] ^= 1
					require.Error(t, f.Verify(t.Context(), altered, ref), "%s altered at %d", what, i)
				}
				for i := range sealed {
					if what != "row" { // one cut between groups is a row of fewer groups
						require.Error(t, f.Verify(t.Context(), sealed[:i], ref), "%s cut at %d", what, i)
					}
				}
			}
			require.ErrorIs(t, f.Verify(t.Context(), blob, crypto.Ref{}), crypto.ErrRef)
		})
	}
	require.ErrorIs(t, new(crypto.Sealer).Verify(t.Context(), seal(t, f.Sealer, refOf(crypto.NoSubject()), "x"), refOf(crypto.NoSubject())), crypto.ErrTenant)
}
