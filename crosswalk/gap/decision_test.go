package gap_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/gap"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// All three choices for all 22 addressable specifications, and none for
// anything else.
//
// Controls: HIPAA 164.316(b)(1), 164.308(a)(1)(ii)(B).
func TestDecideSpecifications(t *testing.T) {
	addressable := 0
	for r := range crosswalk.All() {
		for _, record := range []gap.Record{implemented(t, r.ID), alternative(t, r.ID), notReasonable(t, r.ID)} {
			d, err := gap.Decide(record)
			if r.Designation != crosswalk.Addressable {
				require.ErrorIs(t, err, gap.ErrInvalid, r.ID)
				require.True(t, d.IsZero())
				continue
			}
			require.NoError(t, err, r.ID)
			require.Equal(t, record, d.Record())
			require.Equal(t, r.ID, d.Specification())
		}
		if r.Designation == crosswalk.Addressable {
			addressable++
		}
	}
	require.Equal(t, 22, addressable)
	_, err := gap.Decide(implemented(t, safeguard.AuditControls))
	require.ErrorContains(t, err, "164.312(b) is required: there is nothing to decide")
	_, err = gap.Decide(implemented(t, safeguard.AccessControl))
	require.ErrorContains(t, err, "164.312(a)(1) is no addressable specification")
	_, err = gap.Decide(implemented(t, "164.312(A)(2)(IV)"))
	require.ErrorIs(t, err, crosswalk.ErrUnknownID)
	require.ErrorContains(t, err, "did you mean 164.312(a)(2)(iv)?")
}

// The attack: every way to leave a specification out without saying why, in Go
// and in JSON.
//
// Controls: HIPAA 164.316(b)(1), 164.308(a)(1)(ii)(B).
func TestDecideNeedsReasons(t *testing.T) {
	const id = safeguard.EncryptionAndDecryption
	type change func(r *gap.Record)
	for name, c := range map[string]struct {
		from   func(testing.TB, safeguard.Control) gap.Record
		change change
		path   string
	}{
		"no rationale":                 {alternative, func(r *gap.Record) { r.Rationale = "" }, "rationale"},
		"blank rationale":              {alternative, func(r *gap.Record) { r.Rationale = " \n\t " }, "rationale"},
		"n/a":                          {alternative, func(r *gap.Record) { r.Rationale = "n/a" }, "rationale"},
		"dots":                         {alternative, func(r *gap.Record) { r.Rationale = "........................" }, "rationale"},
		"too expensive":                {alternative, func(r *gap.Record) { r.Rationale = "to be done" }, "rationale"},
		"no contribution":              {alternative, func(r *gap.Record) { r.Contribution = "" }, "contribution"},
		"factor (i)":                   {alternative, func(r *gap.Record) { r.Factors.Organisation = "" }, "factors.organisation"},
		"factor (ii)":                  {alternative, func(r *gap.Record) { r.Factors.Infrastructure = "none" }, "factors.infrastructure"},
		"factor (iii)":                 {alternative, func(r *gap.Record) { r.Factors.Costs = "high" }, "factors.costs"},
		"factor (iv)":                  {alternative, func(r *gap.Record) { r.Factors.Risks = "low" }, "factors.risks"},
		"no measure":                   {alternative, func(r *gap.Record) { r.Measure = "" }, "measure"},
		"a reason for no measure":      {alternative, func(r *gap.Record) { r.WithoutMeasure = "none is needed here" }, "without_measure"},
		"not reasonable, no rationale": {notReasonable, func(r *gap.Record) { r.Rationale = "" }, "rationale"},
		"not reasonable, no reason for no measure": {notReasonable, func(r *gap.Record) { r.WithoutMeasure = "" }, "without_measure"},
		"not reasonable, a measure":                {notReasonable, func(r *gap.Record) { r.Measure = "a locked and watched room" }, "measure"},
		"implemented, how":                         {implemented, func(r *gap.Record) { r.Measure = "yes" }, "measure"},
		"implemented, rationale":                   {implemented, func(r *gap.Record) { r.Rationale = "because we could not" }, "rationale"},
		"implemented, without measure":             {implemented, func(r *gap.Record) { r.WithoutMeasure = "because we could not" }, "without_measure"},
		"another choice":                           {alternative, func(r *gap.Record) { r.Choice = "not implemented" }, "choice"},
		"no choice":                                {alternative, func(r *gap.Record) { r.Choice = "" }, "choice"},
		"no approver":                              {implemented, func(r *gap.Record) { r.ApprovedBy = " " }, "approved_by"},
		"no approval date":                         {implemented, func(r *gap.Record) { r.ApprovedOn = risk.Date{} }, "approved_on"},
		"no effect":                                {implemented, func(r *gap.Record) { r.EffectiveFrom = risk.Date{} }, "effective_from"},
		"backdated":                                {implemented, func(r *gap.Record) { r.EffectiveFrom = r.ApprovedOn.AddDays(-1) }, "effective_from"},
		"ended before it began":                    {implemented, func(r *gap.Record) { r.LastInEffect = r.EffectiveFrom.AddDays(-1) }, "last_in_effect"},
		"no review":                                {implemented, func(r *gap.Record) { r.ReviewBy = risk.Date{} }, "review_by"},
		"review at once":                           {implemented, func(r *gap.Record) { r.ReviewBy = r.ApprovedOn }, "review_by"},
	} {
		t.Run(name, func(t *testing.T) {
			r := c.from(t, id)
			c.change(&r)
			d, err := gap.Decide(r)
			require.True(t, d.IsZero())
			require.ErrorIs(t, err, gap.ErrInvalid)
			var at *gap.Error
			require.ErrorAs(t, err, &at)
			require.Equal(t, c.path, at.Path)

			b, err := json.Marshal(r)
			require.NoError(t, err)
			before := decide(t, implemented(t, id))
			d = before
			require.ErrorIs(t, json.Unmarshal(b, &d), gap.ErrInvalid)
			require.Equal(t, before, d, "unchanged")
		})
	}
}

// The least that passes for a reason: twelve letters or digits.
func TestDecideLeastReason(t *testing.T) {
	r := alternative(t, safeguard.EncryptionAndDecryption)
	r.Rationale = "abc-def ghi jk"
	_, err := gap.Decide(r)
	require.ErrorIs(t, err, gap.ErrInvalid)
	r.Rationale += "1"
	decide(t, r)
}

// One decision ends and another begins on the day after, not on the same day,
// in whichever order they stand.
//
// Controls: HIPAA 164.316(b)(1), 164.316(b)(2)(i).
func TestDecisionsInTurn(t *testing.T) {
	first, second, other := implemented(t, safeguard.AutomaticLogoff), alternative(t, safeguard.AutomaticLogoff), implemented(t, safeguard.EncryptionAndDecryption)
	second.EffectiveFrom = day(t, "2026-11-15")
	for last, ok := range map[string]bool{"2026-11-14": true, "2026-11-15": false, "2026-12-01": false, "": false} {
		first.LastInEffect = risk.Date{}
		if last != "" {
			first.LastInEffect = day(t, last)
		}
		for _, order := range [][]gap.Record{{first, other, second}, {second, other, first}} {
			a := draft(t)
			a.Decisions = nil
			for _, r := range order {
				a.Decisions = append(a.Decisions, decide(t, r))
			}
			err := a.Validate()
			if !ok {
				require.ErrorContains(t, err, "decisions[2]: in effect at the same time as decisions[0] on 164.312(a)(2)(iii)", last)
				continue
			}
			require.NoError(t, err, last)
			d, found := a.Decision(safeguard.AutomaticLogoff, day(t, "2026-11-14"))
			require.True(t, found)
			require.Equal(t, gap.Implemented, d.Record().Choice)
			d, found = a.Decision(safeguard.AutomaticLogoff, day(t, "2026-11-15"))
			require.True(t, found)
			require.Equal(t, gap.Alternative, d.Record().Choice)
		}
	}
}

// There is no way round Decide: the zero value cannot be written, what was
// given and what is returned can be changed without effect, and a file cannot
// smuggle in a field.
//
// Controls: HIPAA 164.316(b)(1).
func TestDecisionIsClosed(t *testing.T) {
	_, err := json.Marshal(gap.Decision{})
	require.ErrorIs(t, err, gap.ErrInvalid)
	a := final(t, nil)
	a.Decisions[3] = gap.Decision{}
	require.ErrorContains(t, a.Validate(), "decisions[3]: a decision without content")
	require.Error(t, a.WriteJSON(failing{}))

	r := alternative(t, safeguard.EncryptionAndDecryption)
	r.Evidence = []string{"one"}
	d := decide(t, r)
	r.Evidence[0] = "two"
	got := d.Record()
	got.Evidence[0], got.Rationale = "three", ""
	require.Equal(t, []string{"one"}, d.Record().Evidence)
	require.NotEmpty(t, d.Record().Rationale)

	var back gap.Decision
	b, err := json.Marshal(d)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &back))
	require.Equal(t, d, back)
	for _, bad := range []string{`null`, `{}`, `[]`, `"implemented"`, `{"Choice": "implemented"}`, string(b[:len(b)-1]) + `,"choice":"implemented"}`} {
		require.ErrorIs(t, json.Unmarshal([]byte(`[`+bad+`]`), &[]gap.Decision{}), gap.ErrInvalid, bad)
	}
	require.Zero(t, gap.Decision{}.Record())
	require.Zero(t, gap.Decision{}.RetainUntil())
	require.False(t, gap.Decision{}.InEffect(day(t, "2026-11-20")))
}

// Six years from creation or from when it was last in effect, whichever is
// later, and no end while it is in effect.
//
// Controls: HIPAA 164.316(b)(2)(i).
func TestRetention(t *testing.T) {
	for _, c := range []struct{ created, last, want string }{
		{"2020-03-01", "2026-11-20", "2032-11-20"},
		{"2026-11-20", "2020-03-01", "2032-11-20"},
		{"2024-02-29", "2024-02-29", "2030-03-01"},
		{"2022-02-28", "2022-02-28", "2028-02-28"},
	} {
		require.Equal(t, c.want, gap.RetainUntil(day(t, c.created), day(t, c.last)).String())
	}
	require.Zero(t, gap.RetainUntil(day(t, "2020-03-01"), risk.Date{}))
	require.Zero(t, gap.RetainUntil(risk.Date{}, day(t, "2020-03-01")))

	r := implemented(t, safeguard.AutomaticLogoff)
	require.Zero(t, decide(t, r).RetainUntil())
	r.LastInEffect = day(t, "2026-12-31")
	d := decide(t, r)
	require.Equal(t, "2032-12-31", d.RetainUntil().String())
	for on, want := range map[string]bool{"2026-11-01": false, "2026-11-02": true, "2026-12-31": true, "2027-01-01": false} {
		require.Equal(t, want, d.InEffect(day(t, on)), on)
	}
}
