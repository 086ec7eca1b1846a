package review_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/review"
)

var officer = safeguard.Principal{ID: "officer", Kind: safeguard.Person, Tenant: "t1"}

// reviewable is a log with accesses, two alerts and an override.
func reviewable(t testing.TB) *memory {
	m := &memory{now: monday}
	for i := range 200 {
		m.access(monday, fmt.Sprintf("nurse-%d", i%10), nil, fmt.Sprintf("p1.%d", i))
	}
	m.access(monday, "former", nil, "p1.x")
	rule, err := review.NewClosedAccount(roster{"former": monday, "nurse-3": monday}, nil)
	require.NoError(t, err)
	e, err := review.New([]review.Rule{rule}, nil)
	require.NoError(t, err)
	require.NoError(t, e.CatchUp(t.Context(), m, m, &slot{}))
	m.add(audit.Event{Type: audit.TypeBreakGlassInvoked, Time: monday}, map[string]any{
		"principal": audit.Actor{ID: "nurse-4", Kind: "person", Tenant: "t1"}})
	return m
}

func judge(r *review.Round) (out []review.Judgement) {
	for _, i := range r.Items {
		j := review.Judgement{Index: i.Index, Verdict: review.Appropriate, Code: "care-team"}
		if i.Flagged == "alert" {
			j = review.Judgement{Index: i.Index, Verdict: review.Inappropriate, Code: "case-opened"}
		}
		out = append(out, j)
	}
	return out
}

// A round is prepared, judged, signed, written, and verified from the log.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(b); NIST CSF 2.0 DE.AE-03, PR.PS-04.
func TestRound(t *testing.T) {
	m := reviewable(t)
	sealed, vkey := m.seal(t, "clinic/log")
	r, err := review.Prepare(t.Context(), m, 0, sealed.Size, sealed, nil)
	require.NoError(t, err)
	require.Equal(t, uint64(201), r.Accesses)
	require.Equal(t, uint64(3), r.Flagged)
	require.Equal(t, uint64(25), r.Sampled)
	again, err := review.Prepare(t.Context(), m, 0, sealed.Size, sealed, nil)
	require.NoError(t, err)
	require.Equal(t, r, again, "nobody chooses the sample")
	other := sealed
	other.Root[0] ^= 1
	different, err := review.Prepare(t.Context(), m, 0, sealed.Size, other, nil)
	require.NoError(t, err)
	require.NotEqual(t, r.Items, different.Items, "another root draws others")

	s, err := r.Sign(officer, key("officer"), judge(r), nil)
	require.NoError(t, err)
	_, err = s.Record(t.Context(), m)
	require.NoError(t, err)
	e, err := audit.ParseEvent(m.records[len(m.records)-1])
	require.NoError(t, err)
	require.Equal(t, audit.TypeReviewCompleted, e.Type)
	read, err := review.ParseSignOff(e.Data)
	require.NoError(t, err)
	require.Equal(t, s, read)
	require.NoError(t, review.Verify(t.Context(), m, read, keys{"officer": key("officer")}, vkey))
}

// Nothing of a sign-off, of the range or of the reviewer can be changed.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(c)(1); NIST CSF 2.0 DE.AE-03.
func TestVerifyRefuses(t *testing.T) {
	m := reviewable(t)
	sealed, vkey := m.seal(t, "clinic/log")
	r, err := review.Prepare(t.Context(), m, 0, sealed.Size, sealed, nil)
	require.NoError(t, err)
	good, err := r.Sign(officer, key("officer"), judge(r), nil)
	require.NoError(t, err)
	known := keys{"officer": key("officer")}
	for name, change := range map[string]func(s *review.SignOff){
		"range":     func(s *review.SignOff) { s.To-- },
		"digest":    func(s *review.SignOff) { s.Digest = s.Digest[:63] + "0" },
		"verdict":   func(s *review.SignOff) { s.Judgements[0].Verdict = review.Unclear },
		"code":      func(s *review.SignOff) { s.Judgements[0].Code = "fine" },
		"reviewer":  func(s *review.SignOff) { s.Reviewer = "chief" },
		"own":       func(s *review.SignOff) { s.Own = "sole" },
		"sampled":   func(s *review.SignOff) { s.Sample = 1 },
		"time":      func(s *review.SignOff) { s.At = s.At.Add(1) },
		"first":     func(s *review.SignOff) { s.First = s.First.Add(1) },
		"no base64": func(s *review.SignOff) { s.Signature = "?" },
	} {
		s := good
		s.Judgements = append([]review.Judgement(nil), good.Judgements...)
		change(&s)
		require.ErrorIs(t, review.Verify(t.Context(), m, s, known, vkey), review.ErrSignOff, name)
	}
	require.ErrorIs(t, review.Verify(t.Context(), m, good, keys{"officer": key("thief")}, vkey), review.ErrSignOff)
	require.ErrorIs(t, review.Verify(t.Context(), m, good, keys{}, vkey), review.ErrSignOff)
	_, otherKey := m.seal(t, "other/log")
	require.ErrorIs(t, review.Verify(t.Context(), m, good, known, otherKey), review.ErrSignOff)

	changed := &memory{records: append([][]byte(nil), m.records...)}
	changed.records[7] = changed.records[8]
	require.ErrorIs(t, review.Verify(t.Context(), changed, good, known, vkey), review.ErrSignOff)
	changed.records = m.records[:150]
	require.ErrorIs(t, review.Verify(t.Context(), changed, good, known, vkey), review.ErrRange)
}

// Every item wants a judgement, by somebody who did not act in it.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
func TestSignRefuses(t *testing.T) {
	m := reviewable(t)
	sealed, vkey := m.seal(t, "clinic/log")
	r, err := review.Prepare(t.Context(), m, 0, sealed.Size, sealed, nil)
	require.NoError(t, err)
	all := judge(r)
	sign := func(who safeguard.Principal, list []review.Judgement) error {
		_, err := r.Sign(who, key("x"), list, nil)
		return err
	}
	require.ErrorIs(t, sign(officer, all[1:]), review.ErrJudgement)
	require.ErrorIs(t, sign(officer, append(all, review.Judgement{Index: 9999, Verdict: review.Unclear, Code: "x"})), review.ErrJudgement)
	require.ErrorIs(t, sign(officer, append(all[1:], all[1])), review.ErrJudgement)
	prose := append([]review.Judgement(nil), all...)
	prose[0].Code = "Mrs Smith asked"
	require.ErrorIs(t, sign(officer, prose), review.ErrJudgement)
	require.ErrorIs(t, sign(safeguard.Principal{ID: "bot", Kind: safeguard.Service}, all), safeguard.ErrPrincipal)
	require.ErrorIs(t, sign(safeguard.Principal{}, all), safeguard.ErrPrincipal)
	nurse := safeguard.Principal{ID: "nurse-4", Kind: safeguard.Person, Tenant: "t1"}
	require.ErrorIs(t, sign(nurse, all), review.ErrOwn)

	s, err := r.Sign(nurse, key("nurse-4"), all, &review.SignOptions{UnsafeOwnItems: "sole-practitioner"})
	require.NoError(t, err)
	known := keys{"nurse-4": key("nurse-4")}
	require.NoError(t, review.Verify(t.Context(), m, s, known, vkey))

	_, err = review.Prepare(t.Context(), m, 0, sealed.Size+1, sealed, nil)
	require.ErrorIs(t, err, review.ErrRange)
	_, err = review.Prepare(t.Context(), m, 5, 5, sealed, nil)
	require.ErrorIs(t, err, review.ErrRange)
}

// A range with more flagged items than one record holds is refused.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
func TestTooManyItems(t *testing.T) {
	m := &memory{records: make([][]byte, 301)}
	sealed, _ := m.seal(t, "clinic/log")
	_, err := review.Prepare(t.Context(), m, 0, 301, sealed, nil)
	require.ErrorIs(t, err, review.ErrTooMany)
	r, err := review.Prepare(t.Context(), m, 0, 300, sealed, nil)
	require.NoError(t, err)
	require.Equal(t, "unreadable", r.Items[0].Flagged)
}

// The largest sign-off fits into a record.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
func TestSignOffFits(t *testing.T) {
	var s review.SignOff
	for i := range 500 {
		s.Judgements = append(s.Judgements, review.Judgement{Index: 1<<63 + uint64(i), Verdict: review.Inappropriate, Code: "abcdefghijklmnopqrstuvwxyz012345"})
	}
	b, err := json.Marshal(s)
	require.NoError(t, err)
	require.Less(t, len(b), 60_000)
}

// FuzzParseSignOff: what is parsed is written the same.
func FuzzParseSignOff(f *testing.F) {
	m := reviewable(f)
	sealed, _ := m.seal(f, "clinic/log")
	r, err := review.Prepare(f.Context(), m, 0, sealed.Size, sealed, nil)
	require.NoError(f, err)
	s, err := r.Sign(officer, key("officer"), judge(r), nil)
	require.NoError(f, err)
	b, err := json.Marshal(s)
	require.NoError(f, err)
	f.Add(b)
	f.Add([]byte(`{"version":1,"from":0,"to":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := review.ParseSignOff(data)
		if err != nil {
			require.ErrorIs(t, err, review.ErrSignOff)
			return
		}
		b, err := json.Marshal(s)
		require.NoError(t, err)
		again, err := review.ParseSignOff(b)
		require.NoError(t, err)
		require.Equal(t, s.Canonical(), again.Canonical())
	})
}
