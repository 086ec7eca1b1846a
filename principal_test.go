package safeguard_test

import (
	"context"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/stretchr/testify/require"
)

// Controls: HIPAA 164.312(a)(2)(i), 164.312(d); NIST CSF 2.0 PR.AA-01.
func TestPrincipalNamesOneEntity(t *testing.T) {
	good := safeguard.Principal{ID: "u-17", Kind: safeguard.Person}
	require.NoError(t, good.Validate())
	for name, c := range map[string]struct {
		spoil func(p *safeguard.Principal)
		want  string
	}{
		"no id":           {func(p *safeguard.Principal) { p.ID = "" }, "ID is not set"},
		"no kind":         {func(p *safeguard.Principal) { p.Kind = 0 }, "Kind is not set (Person or Service)"},
		"unknown kind":    {func(p *safeguard.Principal) { p.Kind = 9 }, "Kind is not set (Person or Service)"},
		"anonymous":       {func(p *safeguard.Principal) { p.ID = "Anonymous" }, "ID is a name of shared accounts"},
		"guest":           {func(p *safeguard.Principal) { p.ID = " guest " }, "ID is a name of shared accounts"},
		"blank":           {func(p *safeguard.Principal) { p.ID = "\t" }, "ID has a control character or is not UTF-8"},
		"forged log line": {func(p *safeguard.Principal) { p.ID = "u-17\nu-18" }, "ID has a control character or is not UTF-8"},
		"C1 control":      {func(p *safeguard.Principal) { p.ID = "u\u009b17" }, "ID has a control character or is not UTF-8"},
		"not UTF-8":       {func(p *safeguard.Principal) { p.ID = "\xff" }, "ID has a control character or is not UTF-8"},
		"too long":        {func(p *safeguard.Principal) { p.ID = strings.Repeat("u", 257) }, "ID is longer than 256 bytes"},
		"tenant":          {func(p *safeguard.Principal) { p.Tenant = "a\x00b" }, "Tenant has a control character or is not UTF-8"},
		"session":         {func(p *safeguard.Principal) { p.Session = "a\rb" }, "Session has a control character or is not UTF-8"},
		"method":          {func(p *safeguard.Principal) { p.Method = strings.Repeat("m", 300) }, "Method is longer than 256 bytes"},
	} {
		p := good
		c.spoil(&p)
		require.ErrorIs(t, p.Validate(), safeguard.ErrPrincipal, name)
		// The whole text: it names the field and never the value.
		require.EqualError(t, p.Validate(), safeguard.ErrPrincipal.Error()+": "+c.want, name)
		_, ok := safeguard.PrincipalFrom(safeguard.WithPrincipal(t.Context(), p))
		require.False(t, ok, name)
	}
}

// Controls: HIPAA 164.312(a)(2)(i), 164.312(d); NIST CSF 2.0 PR.AA-01.
func TestContextSaysWhoActs(t *testing.T) {
	_, ok := safeguard.PrincipalFrom(context.Background())
	require.False(t, ok)
	a := safeguard.Principal{ID: "a", Kind: safeguard.Person}
	b := safeguard.Principal{ID: "b", Kind: safeguard.Service}
	ctx := safeguard.WithPrincipal(t.Context(), a)
	got, ok := safeguard.PrincipalFrom(ctx)
	require.True(t, ok)
	require.Equal(t, a, got)
	got, _ = safeguard.PrincipalFrom(safeguard.WithPrincipal(ctx, b))
	require.Equal(t, b, got, "the later one counts")
	_, ok = safeguard.PrincipalFrom(safeguard.WithPrincipal(ctx, safeguard.Principal{}))
	require.False(t, ok, "nobody does not fall back to somebody")
}

// Controls: HIPAA 164.502(b)(1), 164.514(d)(2).
func TestPurposesAreCodesOfTheValueSet(t *testing.T) {
	for _, code := range []string{"TREAT", "HPAYMT", "HOPERAT", "HRESCH", "PATRQT", "PUBHLTH", "HMARKT", "COVERAGE", "ETREAT", "ERTREAT", "BTG"} {
		p, err := safeguard.ParsePurpose(code)
		require.NoError(t, err)
		require.Equal(t, code, string(p))
	}
	for _, code := range []string{"", "treat", "TREAT ", "PAYMENT", "MRN-55512345"} {
		_, err := safeguard.ParsePurpose(code)
		require.ErrorIs(t, err, safeguard.ErrPurpose)
		if code != "" {
			require.NotContains(t, err.Error(), code)
		}
	}
}
