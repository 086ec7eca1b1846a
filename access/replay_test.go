package access_test

import (
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/stretchr/testify/require"
)

// A record that the policy cannot have made is told apart from one that it can
// no longer decide, and neither error repeats what stands in the record.
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.PS-04.
func TestReplayRefuses(t *testing.T) {
	p, err := access.ParsePolicy([]byte(gatePolicy))
	require.NoError(t, err)
	good := openClinic().decide(t).Record()
	now, err := p.Replay(good, "Patient", "read", safeguard.Treatment)
	require.NoError(t, err)
	require.True(t, now.Agrees)
	require.Equal(t, []string{"ask-again", "log-reason"}, now.Obligations)

	for name, c := range map[string]struct {
		spoil func(*audit.Decision)
		want  string
	}{
		"another policy":    {func(r *audit.Decision) { r.Policy = "sha256:00" }, "of another policy"},
		"no policy":         {func(r *audit.Decision) { r.Policy = "" }, "of another policy"},
		"a code of the Mux": {func(r *audit.Decision) { r.Code = access.CodeRawWrite }, "not the code of a decision"},
		"no code":           {func(r *audit.Decision) { r.Code = "" }, "not the code of a decision"},
		"inactive":          {func(r *audit.Decision) { r.Code = access.CodeInactive }, "access.inactive is a denial that no rule took"},
		"training":          {func(r *audit.Decision) { r.Code = access.CodeTraining }, "no rule took"},
		"scope":             {func(r *audit.Decision) { r.Code = access.CodeScope }, "no rule took"},
		"a source":          {func(r *audit.Decision) { r.Code = access.CodeConsentSource }, "no rule took"},
		"throttle":          {func(r *audit.Decision) { r.Code = access.CodeThrottle }, "no rule took"},
		"no basis":          {func(r *audit.Decision) { r.Basis = nil }, "without a basis"},
		"unknown role":      {func(r *audit.Decision) { r.Basis = []string{"role:secret-12345"} }, "does not know"},
		"unknown word":      {func(r *audit.Decision) { r.Basis = []string{"secret-12345"} }, "does not know"},
		"unknown label":     {func(r *audit.Decision) { r.Basis = []string{"label:"} }, "does not know"},
		"unknown consent":   {func(r *audit.Decision) { r.Basis = []string{"consent:secret-12345"} }, "does not know"},
		"unknown inactive":  {func(r *audit.Decision) { r.Basis = []string{"inactive-role:"} }, "does not know"},
		"unknown relation":  {func(r *audit.Decision) { r.Basis = []string{"relation:neighbour"} }, "does not know"},
		"unknown condition": {func(r *audit.Decision) { r.Basis = []string{"condition:secret-12345"} }, "does not know"},
	} {
		r := good
		c.spoil(&r)
		now, err := p.Replay(r, "Patient", "read", safeguard.Treatment)
		require.ErrorIs(t, err, access.ErrReplay, name)
		require.ErrorContains(t, err, c.want, name)
		require.NotContains(t, err.Error(), "secret-12345")
		require.Equal(t, access.Replayed{}, now, name)
	}
	_, err = new(access.Policy).Replay(audit.Decision{Code: access.CodeNoRule}, "", "", "")
	require.ErrorIs(t, err, access.ErrReplay)
}

// A record that was changed after the fact does not agree.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04.
func TestReplayFindsAChangedRecord(t *testing.T) {
	p, err := access.ParsePolicy([]byte(gatePolicy))
	require.NoError(t, err)
	good := openClinic().decide(t).Record()
	for name, c := range map[string]struct {
		spoil   func(*audit.Decision)
		differs []string
	}{
		"a field more":        {func(r *audit.Decision) { r.Fields = []string{"Patient.*", "Patient.name"} }, []string{"fields"}},
		"another rule":        {func(r *audit.Decision) { r.Rules = []string{"N-2"} }, []string{"rules"}},
		"denied":              {func(r *audit.Decision) { r.Allowed = false }, []string{"effect"}},
		"another code":        {func(r *audit.Decision) { r.Code = access.CodeLabel }, []string{"code"}},
		"without a care team": {func(r *audit.Decision) { r.Basis = []string{"role:nurse"} }, []string{"effect", "code", "rules", "fields"}},
	} {
		r := good
		c.spoil(&r)
		now, err := p.Replay(r, "Patient", "read", safeguard.Treatment)
		require.NoError(t, err, name)
		require.False(t, now.Agrees, name)
		require.Equal(t, c.differs, now.Differs, name)
	}
	now, err := p.Replay(good, "Patient", "raed", safeguard.Treatment)
	require.NoError(t, err)
	require.Equal(t, access.CodeUndeclared, now.Code)
	now, err = p.Replay(good, "Patient", "read", "CURIOSITY")
	require.NoError(t, err)
	require.Equal(t, access.CodeNoPurpose, now.Code)
}

// Deciding allocates nothing with every gate that costs: an account, training,
// a cached relationship, labels.
//
// Controls: none, it is about cost.
func TestDecideWithGatesAllocatesNothing(t *testing.T) {
	h := newHospital(t, 100, 50)
	for i := range 3 * 1024 { // a table that grows forgets
		require.True(t, h.decide(i).Allowed)
	}
	i := 0
	require.Zero(t, testing.AllocsPerRun(2000, func() {
		if !h.decide(i).Allowed {
			panic("denied")
		}
		i++
	}))
}
