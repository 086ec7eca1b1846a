package crypto_test

import (
	"bytes"
	"crypto/fips140"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// searched are the indexes of the tests: one column with two, another with a
// compound one and one of full width.
func searched() crypto.IndexedTable {
	return crypto.IndexedTable{Table: "patients", Rows: 1 << 20, Indexes: []crypto.IndexSpec{
		{Name: "ssn_last4", Distinct: 10_000, Bits: 10, Parts: []crypto.IndexPart{
			{Column: "ssn", Kind: "ssn", Transforms: []crypto.Transform{crypto.Digits, crypto.LastFour}},
		}},
		{Name: "ssn", Distinct: 1 << 20, Bits: 9, Parts: []crypto.IndexPart{
			{Column: "ssn", Kind: "ssn", Transforms: []crypto.Transform{crypto.Digits}},
		}},
		{Name: "name_born", Distinct: 200_000, Bits: 15, Parts: []crypto.IndexPart{
			{Column: "name", Kind: "name", Transforms: []crypto.Transform{crypto.TrimSpace, crypto.Soundex}},
			{Column: "born", Kind: "birthdate", Transforms: []crypto.Transform{crypto.Year}},
		}},
		{Name: "mrn", Distinct: 1 << 20, UnsafeFullWidth: true, Parts: []crypto.IndexPart{
			{Column: "mrn", Kind: "mrn", Transforms: []crypto.Transform{crypto.TrimSpace, crypto.Lower}},
		}},
	}}
}

func newSearch(t testing.TB, s *crypto.Sealer, table crypto.IndexedTable) *crypto.Search {
	t.Helper()
	search, err := crypto.NewSearch(s, table)
	require.NoError(t, err)
	return search
}

// token makes a token with an assertion.
func token(t testing.TB, x *crypto.BlindIndex, tenant string, values ...string) []byte {
	t.Helper()
	out, err := x.AppendToken(t.Context(), nil, tenant, bytesOf(values)...)
	require.NoError(t, err)
	return out
}

func bytesOf(values []string) [][]byte {
	var out [][]byte
	for _, v := range values {
		out = append(out, []byte(v))
	}
	return out
}

// Equal values after the transforms have equal tokens, also in another
// process; a search asks for the same bytes.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestBlindIndex(t *testing.T) {
	f := newFixture(t, nil)
	search := newSearch(t, f.Sealer, searched())
	require.Len(t, search.Indexes(), 4)
	require.Nil(t, search.Index("none"))
	last4 := search.Index("ssn_last4")

	none, err := last4.Tokens(t.Context(), tenantA, []byte("123-45-6789"))
	require.NoError(t, err)
	require.Empty(t, none, "a search makes no key")
	require.Empty(t, f.recordNames(t, tenantA))

	got := token(t, last4, tenantA, "123-45-6789")
	require.Len(t, got, 4+2)
	require.Zero(t, got[5]&0x3f, "10 bits")
	require.Equal(t, got, token(t, last4, tenantA, "6789"))
	// Short tokens coincide now and then: four values do not.
	require.True(t, slices.ContainsFunc([]string{"6785", "6786", "6787", "6788"}, func(v string) bool {
		return !bytes.Equal(got, token(t, last4, tenantA, v))
	}))
	version, ok := crypto.TokenVersion(got)
	require.True(t, ok)
	require.Equal(t, uint32(1), version)

	other, err := crypto.New(f.keys, f.store, nil)
	require.NoError(t, err)
	tokens, err := newSearch(t, other, searched()).Index("ssn_last4").Tokens(t.Context(), tenantA, []byte("000006789"))
	require.NoError(t, err)
	require.Equal(t, [][]byte{got}, tokens)

	require.Len(t, token(t, search.Index("mrn"), tenantA, " AB-1 "), 4+16)
	require.Equal(t, token(t, search.Index("mrn"), tenantA, " AB-1 "), token(t, search.Index("mrn"), tenantA, "ab-1"))
	born := search.Index("name_born")
	require.Equal(t, token(t, born, tenantA, "Robert", "1980-02-29"), token(t, born, tenantA, "Rupert ", "1980"))
	require.True(t, slices.ContainsFunc([]string{"1981", "1982", "1983", "1984"}, func(year string) bool {
		return !bytes.Equal(token(t, born, tenantA, "Robert", "1980"), token(t, born, tenantA, "Robert", year))
	}))

	null, err := last4.AppendNull(t.Context(), []byte("x"), tenantA)
	require.NoError(t, err)
	require.Equal(t, "x\x00\x00\x00\x01", string(null))
	_, ok = crypto.TokenVersion(null[:3])
	require.False(t, ok)
	_, ok = crypto.TokenVersion(make([]byte, 8))
	require.False(t, ok)
}

// Tokens tell nothing across tenants, tables, columns, indexes, transforms,
// widths or parts: the same value has unrelated hashes there.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestBlindIndexesAreApart(t *testing.T) {
	f := newFixture(t, nil)
	digits := []crypto.Transform{crypto.Digits}
	base := crypto.IndexSpec{Name: "a", Distinct: 1 << 16, UnsafeFullWidth: true, Parts: []crypto.IndexPart{{Column: "ssn", Transforms: digits}}}
	variants := map[string]func(*crypto.IndexedTable, *crypto.IndexSpec){
		"base":       func(*crypto.IndexedTable, *crypto.IndexSpec) {},
		"table":      func(t *crypto.IndexedTable, _ *crypto.IndexSpec) { t.Table = "patient" },
		"column":     func(_ *crypto.IndexedTable, x *crypto.IndexSpec) { x.Parts[0].Column = "mrn" },
		"name":       func(_ *crypto.IndexedTable, x *crypto.IndexSpec) { x.Name = "b" },
		"transforms": func(_ *crypto.IndexedTable, x *crypto.IndexSpec) { x.Parts[0].Transforms = nil },
		"order": func(_ *crypto.IndexedTable, x *crypto.IndexSpec) {
			x.Parts[0].Transforms = []crypto.Transform{crypto.Digits, crypto.TrimSpace}
		},
		"width": func(_ *crypto.IndexedTable, x *crypto.IndexSpec) { x.UnsafeFullWidth, x.Bits = false, 16 },
		"moved border": func(t *crypto.IndexedTable, x *crypto.IndexSpec) {
			t.Table, x.Name = "patientsa", "a"
		},
	}
	seen, ids := map[string]string{}, map[string]string{}
	for name, change := range variants {
		spec := base
		spec.Parts = []crypto.IndexPart{base.Parts[0]}
		table := crypto.IndexedTable{Table: "patients", Rows: 1 << 20}
		change(&table, &spec)
		table.Indexes = []crypto.IndexSpec{spec}
		x := newSearch(t, f.Sealer, table)
		for _, tenant := range []string{tenantA, tenantB} {
			hash := string(token(t, x.Indexes()[0], tenant, "123456789"))
			require.Empty(t, seen[hash], "%s of %s", name, tenant)
			seen[hash] = name + " of " + tenant
			if name == "base" { // also where it is cut to the width of another
				require.Empty(t, seen[hash[:6]], "%s of %s", name, tenant)
				seen[hash[:6]] = name + " of " + tenant
			}
		}
		id := x.Indexes()[0].ID()
		require.Empty(t, ids[id], name)
		ids[id] = name
	}
	// The parts of a compound index do not run into each other.
	table := crypto.IndexedTable{Table: "t", Rows: 1 << 20, Indexes: []crypto.IndexSpec{{
		Name: "c", Distinct: 1000, UnsafeFullWidth: true, Parts: []crypto.IndexPart{{Column: "a"}, {Column: "b"}},
	}}}
	x := newSearch(t, f.Sealer, table).Index("c")
	require.NotEqual(t, token(t, x, tenantA, "ab", "c"), token(t, x, tenantA, "a", "bc"))
	require.NotEqual(t, token(t, x, tenantA, "a", "b"), token(t, x, tenantA, "b", "a"))
}

// Fewer bits than bytes give the spread that was planned: over many values
// every token of 10 bits occurs about as often.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestTokensAreEven(t *testing.T) {
	x := newSearch(t, newFixture(t, nil).Sealer, searched()).Index("ssn_last4")
	counts := map[string]int{}
	for i := range 10_000 {
		counts[string(token(t, x, tenantA, fmt.Sprintf("%04d", i)))]++
	}
	require.Greater(t, len(counts), 1000)
	require.LessOrEqual(t, len(counts), 1024)
	for _, n := range counts {
		require.Less(t, n, 40, "the mean is 9.8")
	}
}

// A value that is no value of the index is refused before it becomes a token,
// in words that do not show it.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestIndexRefusals(t *testing.T) {
	f := newFixture(t, nil)
	search := newSearch(t, f.Sealer, searched())
	long := bytes.Repeat([]byte("7"), crypto.MaxIndexValue)
	_, err := search.Index("ssn").AppendToken(t.Context(), nil, tenantA, long)
	require.NoError(t, err)
	for _, c := range []struct {
		index, err string
		values     []string
	}{
		{"ssn_last4", "empty", []string{""}},
		{"ssn_last4", "fewer than four characters", []string{"12-3"}},
		{"ssn_last4", "no digit", []string{"planted"}},
		{"ssn", "longer than 1024 bytes", []string{string(long) + "7"}},
		{"ssn", "not one value for each part", nil},
		{"ssn", "not one value for each part", []string{"1", "2"}},
		{"name_born", "not a date", []string{"Robert", "planted"}},
		{"name_born", "empty", []string{"Robert", ""}},
		{"mrn", "not UTF-8", []string{"planted\xff"}},
	} {
		_, err := search.Index(c.index).AppendToken(t.Context(), nil, tenantA, bytesOf(c.values)...)
		require.ErrorIs(t, err, crypto.ErrIndexValue)
		require.EqualError(t, err, "crypto: index: value cannot be indexed: "+c.err)
		_, err = search.Index(c.index).Tokens(t.Context(), tenantA, bytesOf(c.values)...)
		require.ErrorIs(t, err, crypto.ErrIndexValue)
	}
	// A refusal leaves nothing behind in the memory that the next value uses.
	want := token(t, search.Index("ssn"), tenantA, "123456789")
	_, err = search.Index("name_born").AppendToken(t.Context(), nil, tenantA, []byte("Robert"), []byte("planted"))
	require.Error(t, err)
	require.Equal(t, want, token(t, search.Index("ssn"), tenantA, "123456789"))

	for _, tenant := range []string{"", string(make([]byte, 1025))} {
		_, err = search.Index("ssn").AppendToken(t.Context(), nil, tenant, []byte("1"))
		require.ErrorIs(t, err, crypto.ErrRef)
	}
	_, err = search.Index("ssn").AppendToken(t.Context(), nil, "unknown", []byte("1"))
	require.ErrorIs(t, err, crypto.ErrTenant)
	_, err = new(crypto.BlindIndex).AppendToken(t.Context(), nil, tenantA, []byte("1"))
	require.Error(t, err)
	require.Empty(t, new(crypto.Search).Indexes())

	require.NoError(t, f.store.Destroy(t.Context(), tenantB, "search"))
	_, err = search.Index("ssn").AppendToken(t.Context(), nil, tenantB, []byte("1"))
	require.ErrorIs(t, err, crypto.ErrShredded)
}

// A root key that was altered or put under another tenant makes no tokens.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestIndexKeyIsAuthentic(t *testing.T) {
	f := newFixture(t, nil)
	newToken := func(tenant string) error {
		_, err := newSearch(t, f.Sealer, searched()).Index("ssn").AppendToken(t.Context(), nil, tenant, []byte("1"))
		return err
	}
	require.NoError(t, newToken(tenantA))
	record, err := f.store.Get(t.Context(), tenantA, "search")
	require.NoError(t, err)
	require.NoError(t, f.store.Put(t.Context(), tenantB, "search", nil, record))
	require.ErrorIs(t, newToken(tenantB), crypto.ErrOpen)
	const leased = 19 // eight bytes that count the messages of subjects' keys, and mean nothing here
	for i := range record {
		if i >= leased && i < leased+8 {
			continue
		}
		altered := bytes.Clone(record)
		altered[i] ^= 0x40
		require.NoError(t, f.store.Put(t.Context(), tenantA, "search", record, altered))
		require.Error(t, newToken(tenantA), i)
		require.NoError(t, f.store.Put(t.Context(), tenantA, "search", altered, record))
	}
	require.NoError(t, newToken(tenantA))
}

// Tokens of a ready key allocate nothing.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestIndexAllocations(t *testing.T) {
	if raceEnabled || fips140.Enabled() {
		t.Skip("the race detector and the module's self tests allocate")
	}
	search, ctx := newSearch(t, newFixture(t, nil).Sealer, searched()), t.Context()
	dst, ssn, name, born := make([]byte, 0, 64), []byte("123-45-6789"), []byte("Robert"), []byte("1980-02-29")
	last4, compound, mrn := search.Index("ssn_last4"), search.Index("name_born"), search.Index("mrn")
	grows := []byte("ȺȾ-1")
	token(t, last4, tenantA, "6789")
	for name, f := range map[string]func() error{
		"last four": func() error { _, err := last4.AppendToken(ctx, dst, tenantA, ssn); return err },
		"compound":  func() error { _, err := compound.AppendToken(ctx, dst, tenantA, name, born); return err },
		"growing":   func() error { _, err := mrn.AppendToken(ctx, dst, tenantA, grows); return err },
	} {
		require.Zero(t, testing.AllocsPerRun(200, func() { require.NoError(t, f()) }), name)
	}
}

func BenchmarkBlindIndex(b *testing.B) {
	search, ctx := newSearch(b, newFixture(b, nil).Sealer, searched()), b.Context()
	dst, value := make([]byte, 0, 64), []byte("0123456789abcdef")
	for _, name := range []string{"ssn", "ssn_last4", "mrn"} {
		x := search.Index(name)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if sink, err = x.AppendToken(ctx, dst, tenantA, value); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	// The floor: one pooled hash over the same 16 bytes, its state reset.
	b.Run("raw HMAC", func(b *testing.B) {
		mac := hmac.New(sha256.New, pattern(32))
		b.ReportAllocs()
		for b.Loop() {
			sink = rawToken(mac, dst, value)
		}
	})
}

func rawToken(mac hash.Hash, dst, value []byte) []byte {
	mac.Reset()
	_, _ = mac.Write(value)
	return mac.Sum(binary.BigEndian.AppendUint32(dst, 1))
}

// recordNames returns the names of all records of a tenant.
func (f fixture) recordNames(t testing.TB, tenant string) []string {
	t.Helper()
	all, err := f.store.Names(t.Context(), tenant, "", 1<<20)
	require.NoError(t, err)
	return all
}
