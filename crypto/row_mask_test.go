package crypto_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
)

type grouped struct {
	ID    string `phi:"-"`
	Name  string `phi:"name"`
	Phone string `phi:"phone,group=contact"`
	Email string `phi:"email,group=contact"`
	HIV   bool   `phi:"clinical,group=labs"`
}

func sampleGrouped() grouped { return grouped{"7", "Ada", "555-0142-9", "a@b", true} }

// damage returns row with the ciphertext of a group altered, so that
// decrypting it fails.
func damage(t testing.TB, row crypto.SealedRow, name string) crypto.SealedRow {
	t.Helper()
	prefix, groups := takeApart(t, row)
	for _, g := range groups {
		if string(g.name) == name {
			g.sealed[len(g.sealed)-1] ^= 1
		}
	}
	return putTogether(t, prefix, groups...)
}

// Opening opens what the mask permits and decrypts nothing else: a closed
// group that cannot be decrypted is no obstacle.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestRowMask(t *testing.T) {
	s := newFixture(t, nil)
	r, ref := rowsOf[grouped](t, s.Sealer, nil), refOf(patient(1))
	row := sealRow(t, r, sampleGrouped(), ref)
	for name, c := range map[string]struct {
		mask     crypto.Mask
		want     grouped
		withheld []string
		closed   []string
	}{
		"one group":      {crypto.Fields{"Name"}, grouped{Name: "Ada"}, []string{"Email", "Phone", "HIV"}, []string{"contact", "labs"}},
		"half a group":   {crypto.Fields{"Name", "Phone"}, grouped{Name: "Ada"}, []string{"Email", "Phone", "HIV"}, []string{"contact", "labs"}},
		"a whole group":  {crypto.Fields{"Email", "Phone"}, grouped{Phone: "555-0142-9", Email: "a@b"}, []string{"Name", "HIV"}, []string{"", "labs"}},
		"nothing":        {crypto.Fields(nil), grouped{}, []string{"Name", "Email", "Phone", "HIV"}, []string{"", "contact", "labs"}},
		"another's name": {crypto.Fields{"name", "Labs", ""}, grouped{}, []string{"Name", "Email", "Phone", "HIV"}, []string{"", "contact", "labs"}},
	} {
		t.Run(name, func(t *testing.T) {
			bad := row
			for _, g := range c.closed {
				bad = damage(t, bad, g)
			}
			got := grouped{ID: "7", Name: "x", Phone: "x", Email: "x", HIV: true}
			report, err := r.Open(t.Context(), &got, ref, c.mask, bad)
			require.NoError(t, err)
			c.want.ID = "7"
			require.Equal(t, c.want, got)
			require.Equal(t, crypto.RowReport{Withheld: c.withheld}, report)
			_, err = r.Open(t.Context(), &got, ref, crypto.UnsafeAllFields{}, bad)
			require.ErrorIs(t, err, crypto.ErrOpen, "the damage is real")
			require.Equal(t, grouped{ID: "7"}, got)
		})
	}
	_, err := r.Open(t.Context(), new(grouped), ref, nil, row)
	require.ErrorContains(t, err, "no mask")
}

// A field that changed groups since a row was sealed is not opened with its
// old group for who may not see it.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestRowMaskAfterRegrouping(t *testing.T) {
	type before struct {
		Name string `phi:"name"`
		HIV  bool   `phi:"clinical"`
	}
	type after struct {
		Name string `phi:"name"`
		HIV  bool   `phi:"clinical,group=labs"`
	}
	s := newFixture(t, nil)
	ref := refOf(patient(1))
	row := sealRow(t, rowsOf[before](t, s.Sealer, nil), before{"Ada", true}, ref)
	r := rowsOf[after](t, s.Sealer, nil)
	var got after
	report, err := r.Open(t.Context(), &got, ref, crypto.Fields{"Name"}, damage(t, row, ""))
	require.NoError(t, err)
	require.Equal(t, after{}, got)
	require.Equal(t, []string{"Name", "HIV"}, report.Withheld)
	_, err = r.Open(t.Context(), &got, ref, crypto.Fields{"Name", "HIV"}, row)
	require.NoError(t, err)
	require.Equal(t, after{"Ada", true}, got)

	_, err = r.Update(t.Context(), row, &got, ref, crypto.Fields{"Name"})
	require.ErrorIs(t, err, crypto.ErrSchema, "HIV would be lost")
	_, err = r.Update(t.Context(), row, &got, ref, crypto.Fields{"HIV"})
	require.ErrorIs(t, err, crypto.ErrSchema, "HIV would be there twice")
	row, err = r.Update(t.Context(), row, &got, ref, crypto.Fields{"Name", "HIV"})
	require.NoError(t, err)
	require.Equal(t, []string{"", "labs"}, row.Groups())
	report, err = r.Open(t.Context(), &got, ref, crypto.Fields{"Name"}, row)
	require.NoError(t, err)
	require.Equal(t, []string{"HIV"}, report.Withheld)
}

// A caller who may see a part of a row can change that part, and keeps what is
// hidden from them.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestRowUpdate(t *testing.T) {
	s := newFixture(t, nil)
	r, ref := rowsOf[grouped](t, s.Sealer, nil), refOf(patient(1))
	row := sealRow(t, r, sampleGrouped(), ref)
	var v grouped
	mask := crypto.Fields{"Phone", "Email"}
	_, err := r.Open(t.Context(), &v, ref, mask, row)
	require.NoError(t, err)
	v.Phone, v.Name = "556", "ignored"
	updated, err := r.Update(t.Context(), row, &v, ref, mask)
	require.NoError(t, err)
	_, before := takeApart(t, row)
	_, after := takeApart(t, updated)
	require.Equal(t, before[0], after[0], "closed groups stay as they are")
	require.Equal(t, before[2], after[2])
	_, err = r.Open(t.Context(), &v, ref, crypto.UnsafeAllFields{}, updated)
	require.NoError(t, err)
	require.Equal(t, grouped{"", "Ada", "556", "a@b", true}, v)

	fresh, err := r.Update(t.Context(), crypto.SealedRow{}, &v, ref, crypto.Fields{"Name"})
	require.NoError(t, err)
	require.Equal(t, []string{""}, fresh.Groups())
	_, err = r.Update(t.Context(), row, &v, ref, nil)
	require.ErrorContains(t, err, "no mask")
}

// A column a group: parts open together or alone.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRowParts(t *testing.T) {
	s := newFixture(t, nil)
	r, ref := rowsOf[grouped](t, s.Sealer, nil), refOf(patient(1))
	row := sealRow(t, r, sampleGrouped(), ref)
	require.Equal(t, []string{"", "contact", "labs"}, row.Groups())
	require.True(t, row.Group("x").IsNull())
	labs, contact := row.Group("labs"), row.Group("contact")
	require.Equal(t, []string{"labs"}, labs.Groups())
	var v grouped
	report, err := r.Open(t.Context(), &v, ref, crypto.UnsafeAllFields{}, labs, crypto.SealedRow{}, contact)
	require.NoError(t, err)
	require.Equal(t, grouped{Phone: "555-0142-9", Email: "a@b", HIV: true}, v)
	require.Equal(t, crypto.RowReport{Absent: []string{"Name"}}, report)
	_, err = r.Open(t.Context(), &v, ref, crypto.UnsafeAllFields{}, crypto.SealedRow{})
	require.ErrorIs(t, err, crypto.ErrNull)
	require.Equal(t, grouped{}, v)
}

// Each opened field is noted by its name, closed ones are not, and without an
// Entry nothing opens.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestRowOpeningIsNoted(t *testing.T) {
	f := newFixture(t, nil)
	s, err := crypto.New(f.keys, f.store, nil)
	require.NoError(t, err)
	r, ref := rowsOf[grouped](t, s, nil), refOf(patient(2147114711))
	row := sealRow(t, r, sampleGrouped(), ref)
	var v grouped
	_, err = r.Open(t.Context(), &v, ref, crypto.UnsafeAllFields{}, row)
	require.ErrorIs(t, err, crypto.ErrUnaudited)
	ctx, entry, log := auditEntry(t)
	_, err = r.Open(ctx, &v, ref, crypto.Fields{"Phone", "Email"}, row)
	require.NoError(t, err)
	require.NoError(t, entry.Commit(ctx))
	text := string(log.records)
	require.Contains(t, text, "Phone")
	require.Contains(t, text, "Email")
	for _, hidden := range []string{".HIV", ".Name", "555-0142-9", "a@b", "2147114711"} {
		require.NotContains(t, text, hidden)
	}
}
