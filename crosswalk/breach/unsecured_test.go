package breach_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/breach"
)

// Controls: HIPAA 164.402(2).
func TestSealedDataIsSecured(t *testing.T) {
	h := sealed(t)
	p := h.Protection(breach.Period{First: day(t, "2026-01-10"), Last: day(t, "2026-01-20")})
	require.True(t, p.Secured, p.Reasons)
	require.Len(t, p.Reasons, 1)
}

// Every point that is unknown, missing or proved for other days only makes the
// data unsecured.
//
// Controls: HIPAA 164.402(2), 164.414(b).
func TestWhatMakesPHIUnsecured(t *testing.T) {
	at := breach.Period{First: day(t, "2026-01-10"), Last: day(t, "2026-01-20")}
	for name, c := range map[string]struct {
		spoil func(*breach.Holding)
		want  string
	}{
		"form unknown":         {func(h *breach.Holding) { h.Form = "" }, "form of the data is not known"},
		"in clear":             {func(h *breach.Holding) { h.Form = breach.InClear }, "in clear"},
		"redacted":             {func(h *breach.Holding) { h.Form = breach.Redacted }, "redaction is excluded"},
		"process unnamed":      {func(h *breach.Holding) { h.Process = "" }, "process is not named"},
		"process blank":        {func(h *breach.Holding) { h.Process = " " }, "process is not named"},
		"no standard":          {func(h *breach.Holding) { h.Consistent = breach.No }, "publications that the guidance names"},
		"standard unknown":     {func(h *breach.Holding) { h.Consistent = "" }, "publications that the guidance names"},
		"keys beside the data": {func(h *breach.Holding) { h.KeysApart = breach.No }, "kept apart"},
		"keys nobody knows":    {func(h *breach.Holding) { h.KeysApart = breach.Unknown }, "kept apart"},
		"key place unnamed":    {func(h *breach.Holding) { h.KeyPlace = "" }, "where the keys were"},
		"keys breached":        {func(h *breach.Holding) { h.KeysBreached = breach.Yes }, "keys were not breached"},
		"keys unknown":         {func(h *breach.Holding) { h.KeysBreached = "" }, "keys were not breached"},
		"opened":               {func(h *breach.Holding) { h.Opened = breach.Yes }, "not reached in clear"},
		"opened unknown":       {func(h *breach.Holding) { h.Opened = "" }, "not reached in clear"},
		"no evidence":          {func(h *breach.Holding) { h.Evidence = nil }, "no evidence for these days that proves: keys apart"},
		"evidence of less":     {func(h *breach.Holding) { h.Evidence[0].Proves = h.Evidence[0].Proves[:2] }, "proves: keys intact"},
		"evidence of later":    {func(h *breach.Holding) { h.Evidence[0].Covers.First = day(t, "2026-01-11") }, "proves: encrypted"},
		"evidence of earlier":  {func(h *breach.Holding) { h.Evidence[0].Covers.Last = day(t, "2026-01-19") }, "proves: not opened"},
		"evidence of a day":    {func(h *breach.Holding) { h.Evidence[0].Covers.Last = breach.Date{} }, "proves: encrypted"},
		"evidence of no day":   {func(h *breach.Holding) { h.Evidence[0].Covers = breach.Period{} }, "proves: encrypted"},
		"shredded, unproved":   {func(h *breach.Holding) { h.Form = breach.Shredded }, "proves: destroyed"},
		"sanitized, no method": {func(h *breach.Holding) { h.Form, h.Process = breach.Sanitized, "" }, "way of destruction"},
		"sanitized otherwise":  {func(h *breach.Holding) { h.Form, h.Consistent = breach.Sanitized, breach.Unknown }, "SP 800-88"},
	} {
		t.Run(name, func(t *testing.T) {
			h := sealed(t)
			c.spoil(&h)
			p := h.Protection(at)
			require.False(t, p.Secured)
			require.Contains(t, strings.Join(p.Reasons, "\n"), c.want)
		})
	}
	h := sealed(t)
	require.False(t, h.Protection(breach.Period{}).Secured, "nothing can be shown for an unknown time")
	require.False(t, (&breach.Holding{}).Protection(at).Secured)
}

// Controls: HIPAA 164.402(2).
func TestDestroyedMediaAreSecured(t *testing.T) {
	at := breach.Period{First: day(t, "2026-01-10")}
	for _, form := range []breach.Form{breach.Shredded, breach.Sanitized} {
		h := breach.Holding{Name: "discs", Form: form, Process: "purged", Consistent: breach.Yes, Evidence: []breach.Evidence{{Ref: "r",
			Proves: []breach.Claim{breach.ClaimDestruction}, Covers: breach.Period{First: day(t, "2026-01-09"), Last: day(t, "2026-02-01")}}}}
		require.True(t, h.Protection(at).Secured)
		h.Evidence[0].Covers.First = day(t, "2026-01-11")
		require.False(t, h.Protection(at).Secured, "destroyed after the incident began")
	}
}

// An incident without an end went on until it was discovered.
func TestEvidenceMustCoverUntilDiscovery(t *testing.T) {
	f := incident(t)
	f.Holdings = f.Holdings[:1]
	require.Equal(t, breach.SecuredPHI, report(t, f, "2026-04-01").Verdict)
	f.Occurred.Last = breach.Date{}
	f.Holdings[0].Evidence[0].Covers.Last = day(t, "2026-01-19")
	require.Equal(t, breach.Breach, report(t, f, "2026-04-01").Verdict)
}
