package access_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// gatePolicy has every gate. A nurse may read of her patients, on shift.
const gatePolicy = `{
  "version": 1, "tenant": "required", "labels": ["PSY", "42CFRPart2"],
  "resources": {"Patient": ["read", "export"]},
  "consent": [{"id": "C-1", "labels": ["42CFRPart2"], "because": "42 CFR 2.31"}],
  "training": {"required": ["hipaa", "privacy"], "max_age_days": 365, "grace_days": 10, "because": "164.308(a)(5)"},
  "separation": [{"id": "S-1", "kind": "static", "roles": ["biller", "approver"], "max": 1, "because": "fraud"},
                 {"id": "S-2", "kind": "dynamic", "roles": ["nurse", "auditor"], "max": 1, "because": "nobody reviews himself"}],
  "emergency": {"roles": ["nurse"], "reasons": ["life-threat"], "minutes": 30, "review_hours": 72, "max_unreviewed": 3,
                "step_up_minutes": 5, "override": ["consent"], "because": "164.312(a)(2)(ii)"},
  "roles": {
    "staff": {}, "biller": {}, "approver": {}, "auditor": {},
    "chief": {"inherits": ["approver"]},
    "suspended": {"deny": [{"id": "X-1", "resource": "Patient", "actions": ["read"], "because": "under investigation"}]},
    "nurse": {"inherits": ["staff"], "allow": [
      {"id": "N-1", "resource": "Patient", "actions": ["read"], "purposes": ["TREAT"], "fields": ["Patient.name"], "relationship": ["care-team"],
       "labels": {"max": "R", "sensitivity": ["42CFRPart2"]}, "conditions": ["on-shift"], "obligations": ["log-reason", "ask-again"], "because": "care"},
      {"id": "N-2", "resource": "Patient", "actions": ["read"], "purposes": ["BTG"], "fields": "all", "exempt": "164.502(b)(2)(v)",
       "labels": {"max": "V", "sensitivity": ["PSY", "42CFRPart2"]}, "emergency": true, "because": "emergency"}]}
  }
}`

// clinicWard is everything around a Guard over gatePolicy, with one nurse to whom
// every gate is open.
type clinicWard struct {
	subject   *access.Subject
	err       error // of the directory
	relations []string
	grant     access.Emergency
	consented bool
	onShift   bool
	ready     bool
	down      string // which other source fails
	asked     []string
	request   access.Request
	principal safeguard.Principal
	narrow    func(context.Context) context.Context
}

func openClinic() *clinicWard {
	now := time.Now()
	return &clinicWard{
		subject: &access.Subject{Active: true, Roles: []string{"nurse"}, Trained: map[string]time.Time{
			"hipaa": now.Add(-24 * time.Hour), "privacy": now.Add(-100 * 24 * time.Hour),
		}},
		relations: []string{"care-team"}, consented: true, onShift: true, ready: true,
		grant: access.Emergency{ID: "G-7", Until: now.Add(time.Minute)},
		request: access.Request{
			Resource: "Patient", Action: "read", Purpose: safeguard.Treatment, Patient: safeguard.NewPatient("MRN-99887766"),
			Tenant: "north", Labels: access.Labels{Confidentiality: "R", Sensitivity: []string{"42CFRPart2"}},
		},
		principal: safeguard.Principal{ID: "nina", Kind: safeguard.Person, Tenant: "north"},
		narrow:    func(ctx context.Context) context.Context { return ctx },
	}
}

func (w *clinicWard) ask(what string) error {
	w.asked = append(w.asked, what)
	if w.down == what {
		return errors.New("MRN-99887766 is down")
	}
	return nil
}

func (w *clinicWard) Subject(context.Context, safeguard.Principal) (*access.Subject, error) {
	return w.subject, w.err
}

func (w *clinicWard) Roles(context.Context, safeguard.Principal) ([]string, error) {
	return nil, errors.New("not asked")
}

func (w *clinicWard) Relations(context.Context, safeguard.Principal, safeguard.Patient) ([]string, error) {
	return w.relations, w.ask("relations")
}

func (w *clinicWard) Emergency(context.Context, safeguard.Principal, safeguard.Patient) (access.Emergency, error) {
	return w.grant, w.ask("emergency")
}

func (w *clinicWard) Consented(_ context.Context, id string, _ safeguard.Principal, _ *access.Request) (bool, error) {
	return w.consented, w.ask("consent " + id)
}

func (w *clinicWard) Narrow(_ context.Context, _ safeguard.Principal, r *access.Request) (bool, error) {
	r.Resource = "changed by a hook"
	return w.onShift, w.ask("condition")
}

func (w *clinicWard) Ready(safeguard.Principal) bool  { return w.ready }
func (w *clinicWard) Charge(safeguard.Principal, int) {}

func (w *clinicWard) decide(t testing.TB) access.Decision {
	t.Helper()
	p, err := access.ParsePolicy([]byte(gatePolicy))
	require.NoError(t, err)
	g, err := access.New(p, &access.Options{
		Roles: w, Relationships: w, Emergencies: w, Consents: w, Throttle: w, Conditions: map[string]access.Condition{"on-shift": w},
	})
	require.NoError(t, err)
	return g.Decide(w.narrow(safeguard.WithPrincipal(context.Background(), w.principal)), w.request)
}

// noScope is a Scope that covers nothing.
type noScope struct{}

func (noScope) Permits(*access.Request) bool      { return false }
func (noScope) Filtered(string, string) bool      { return true }
func (noScope) Holds(string, string, []byte) bool { return false }

// Each gate denies alone, says what would have been needed, and nothing of the
// patient. What stands behind it is not asked.
//
// Controls: HIPAA 164.312(a)(1), 164.312(a)(2)(ii), 164.308(a)(3)(ii)(A), 164.308(a)(3)(ii)(B), 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestEveryGateDeniesAlone(t *testing.T) {
	day := 24 * time.Hour
	all := []string{"relations", "consent C-1", "condition"}
	active := func(roles ...string) func(*clinicWard) {
		return func(w *clinicWard) {
			w.narrow = func(ctx context.Context) context.Context { return access.WithActiveRoles(ctx, roles...) }
		}
	}
	for name, c := range map[string]struct {
		change func(*clinicWard)
		code   string
		needed string
		asked  []string
	}{
		"open":                 {func(*clinicWard) {}, access.CodeAllowed, "allowed: by N-1", all},
		"no account":           {func(w *clinicWard) { w.subject = nil }, access.CodeInactive, "needed is one that is active", nil},
		"account closed":       {func(w *clinicWard) { w.subject.Active = false }, access.CodeInactive, "needed is one that is active", nil},
		"zero subject":         {func(w *clinicWard) { w.subject = &access.Subject{} }, access.CodeInactive, "active", nil},
		"directory down":       {func(w *clinicWard) { w.err = errors.New("down") }, access.CodeRoleSource, "could not be found out", nil},
		"never trained":        {func(w *clinicWard) { w.subject.Trained = nil }, access.CodeTraining, "the training hipaa and privacy, completed in the last 365 days (and 10 of grace)", nil},
		"one course short":     {func(w *clinicWard) { delete(w.subject.Trained, "privacy") }, access.CodeTraining, "hipaa and privacy", nil},
		"in grace":             {func(w *clinicWard) { w.subject.Trained["hipaa"] = time.Now().Add(-374 * day) }, access.CodeAllowed, "", all},
		"trained too long ago": {func(w *clinicWard) { w.subject.Trained["hipaa"] = time.Now().Add(-376 * day) }, access.CodeTraining, "hipaa", nil},
		"trained just now":     {func(w *clinicWard) { w.subject.Trained["hipaa"] = time.Now().Add(time.Minute / 2) }, access.CodeAllowed, "", all},
		"to be trained":        {func(w *clinicWard) { w.subject.Trained["hipaa"] = time.Now().Add(day) }, access.CodeTraining, "hipaa", nil},
		"unknown role":         {func(w *clinicWard) { w.subject.Roles = []string{"nurse", "nurze"} }, access.CodeUnknownRole, "", nil},
		"no role":              {func(w *clinicWard) { w.subject.Roles = nil }, access.CodeNoRole, "", nil},
		"static separation":    {func(w *clinicWard) { w.subject.Roles = []string{"nurse", "biller", "approver"} }, access.CodeSeparation, "S-1 allows 1 of approver, biller; needed is to have fewer roles", nil},
		"static, inherited":    {func(w *clinicWard) { w.subject.Roles = []string{"nurse", "biller", "chief"} }, access.CodeSeparation, "S-1 allows 1 of approver, biller; needed", nil},
		"dynamic separation":   {func(w *clinicWard) { w.subject.Roles = []string{"nurse", "auditor"} }, access.CodeSeparation, "S-2 allows 1 of auditor, nurse to be active at once; needed is to activate fewer", nil},
		"dynamic, one active":  {func(w *clinicWard) { w.subject.Roles = []string{"nurse", "auditor"}; active("nurse")(w) }, access.CodeAllowed, "", all},
		"inherited one active": {active("staff"), access.CodeNoRule, "the role nurse", nil},
		"active not granted":   {active("nurse", "auditor"), access.CodeRoleInactive, "each of them granted", nil},
		"none active":          {active(), access.CodeRoleInactive, "at least one active role", nil},
		"scope": {func(w *clinicWard) {
			w.narrow = func(ctx context.Context) context.Context { return access.WithScope(ctx, noScope{}) }
		}, access.CodeScope, "a scope of the token", nil},
		"undeclared":                     {func(w *clinicWard) { w.request.Action = "raed" }, access.CodeUndeclared, "", nil},
		"no rule":                        {func(w *clinicWard) { w.request.Action = "export" }, access.CodeNoRule, "a rule that allows it", nil},
		"purpose":                        {func(w *clinicWard) { w.request.Purpose = safeguard.Payment }, access.CodePurpose, "the purpose TREAT", nil},
		"emergency treatment is not BTG": {func(w *clinicWard) { w.request.Purpose = safeguard.EmergencyTreatment }, access.CodePurpose, "the purpose BTG; the purpose TREAT", nil},
		"relationship":                   {func(w *clinicWard) { w.relations = []string{"neighbour"} }, access.CodeRelationship, "the relationship care-team", all[:1]},
		"no patient":                     {func(w *clinicWard) { w.request.Patient = safeguard.Patient{} }, access.CodeRelationship, "the relationship care-team", nil},
		"relations down":                 {func(w *clinicWard) { w.down = "relations" }, access.CodeRelationSource, "could not be found out", all[:1]},
		"other tenant":                   {func(w *clinicWard) { w.request.Tenant = "south" }, access.CodeTenant, "a caller of the tenant", all[:1]},
		"tenant of the data unknown":     {func(w *clinicWard) { w.request.Tenant = "" }, access.CodeTenant, "", all[:1]},
		"tenant of the caller unknown":   {func(w *clinicWard) { w.principal.Tenant = "" }, access.CodeTenant, "", all[:1]},
		"too confidential":               {func(w *clinicWard) { w.request.Labels.Confidentiality = "V" }, access.CodeLabel, "a label ceiling above that of N-1 (R, 42CFRPart2)", all[:1]},
		"confidentiality unknown":        {func(w *clinicWard) { w.request.Labels.Confidentiality = "r" }, access.CodeLabel, "", all[:1]},
		"sensitive":                      {func(w *clinicWard) { w.request.Labels.Sensitivity = []string{"PSY"} }, access.CodeLabel, "", all[:1]},
		"sensitivity unknown":            {func(w *clinicWard) { w.request.Labels.Sensitivity = []string{"HIV"} }, access.CodeLabel, "", all[:1]},
		"no consent":                     {func(w *clinicWard) { w.consented = false }, access.CodeConsent, "the consent C-1", all[:2]},
		"no consent, not needed yet":     {func(w *clinicWard) { w.consented = false; w.request.Labels = access.Labels{} }, access.CodeAllowed, "", all},
		"consent down":                   {func(w *clinicWard) { w.down = "consent C-1" }, access.CodeConsentSource, "could not be found out", all[:2]},
		"condition":                      {func(w *clinicWard) { w.onShift = false }, access.CodeCondition, "the condition on-shift", all},
		"condition down":                 {func(w *clinicWard) { w.down = "condition" }, access.CodeConditionSource, "could not be found out", all},
		"throttle":                       {func(w *clinicWard) { w.ready = false }, access.CodeThrottle, "needed is to wait", all},
		"broken glass": {func(w *clinicWard) {
			w.request.Purpose = safeguard.BreakGlass
			w.consented = false
			w.request.Labels.Confidentiality = "V"
		},
			access.CodeAllowed, "allowed: by N-2", []string{"emergency"}},
		"glass whole":    {func(w *clinicWard) { w.request.Purpose = safeguard.BreakGlass; w.grant = access.Emergency{} }, access.CodeEmergency, "an open emergency grant for the patient, of nurse", []string{"emergency"}},
		"glass long ago": {func(w *clinicWard) { w.request.Purpose = safeguard.BreakGlass; w.grant.Until = time.Now() }, access.CodeEmergency, "", []string{"emergency"}},
		"grant for ever": {func(w *clinicWard) { w.request.Purpose = safeguard.BreakGlass; w.grant.Until = time.Time{} }, access.CodeEmergency, "", []string{"emergency"}},
		"glass of whom":  {func(w *clinicWard) { w.request.Purpose = safeguard.BreakGlass; w.request.Patient = safeguard.Patient{} }, access.CodeEmergency, "", nil},
		"glass down":     {func(w *clinicWard) { w.request.Purpose = safeguard.BreakGlass; w.down = "emergency" }, access.CodeEmergencySource, "could not be found out", []string{"emergency"}},
		"deny overrides an emergency": {func(w *clinicWard) {
			w.request.Purpose = safeguard.BreakGlass
			w.subject.Roles = []string{"nurse", "suspended"}
		},
			access.CodeDenyRule, "by X-1", nil},
		"a role that only denies is not put away": {func(w *clinicWard) { w.subject.Roles = []string{"nurse", "suspended"}; active("nurse")(w) },
			access.CodeDenyRule, "by X-1", nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := openClinic()
			c.change(w)
			d := w.decide(t)
			require.Equal(t, c.code, d.Code, d.Explain())
			require.Equal(t, c.code == access.CodeAllowed, d.Allowed)
			require.Contains(t, d.Explain(), c.needed)
			require.Equal(t, c.asked, w.asked)
			require.NotEmpty(t, d.Controls)
			require.NotContains(t, fmt.Sprintf("%s %+v %+v", d.Explain(), d.Basis, d.Record()), "99887766")
			_, err := d.Project(nil, []byte(`{"name":"x"}`))
			require.Equal(t, d.Allowed, err == nil)
		})
	}
}

// What a decision was taken on stands in its Basis, and in the record.
//
// Controls: HIPAA 164.312(b), 164.502(b)(2), 164.312(a)(2)(ii); NIST CSF 2.0 PR.PS-04, PR.AA-05.
func TestDecisionSaysWhatItWasTakenOn(t *testing.T) {
	w := openClinic()
	w.subject.Roles = []string{"nurse", "biller"}
	w.narrow = func(ctx context.Context) context.Context {
		return access.WithScope(access.WithActiveRoles(ctx, "nurse"), &oracle{})
	}
	d := w.decide(t)
	require.Equal(t, []string{
		"condition:on-shift", "consent:C-1", "inactive-role:biller", "label:42CFRPart2", "label:R", "relation:care-team", "role:nurse", "scope",
	}, d.Basis)
	require.Equal(t, d.Basis, d.Record().Basis)
	require.Equal(t, []string{"ask-again", "log-reason"}, d.Obligations)
	require.Empty(t, d.Exempt)
	require.Empty(t, d.Emergency)

	w = openClinic()
	w.request.Purpose = safeguard.BreakGlass
	d = w.decide(t)
	require.Equal(t, "164.502(b)(2)(v)", d.Exempt)
	require.Equal(t, "G-7", d.Emergency)
	require.Contains(t, d.Basis, "emergency")
	require.NotContains(t, fmt.Sprint(d.Basis), "consent", "it was not asked for")
}

// Whoever has seen too many charts can still break the glass, and nobody who
// has not broken it goes past the throttle.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestThrottleLetsEmergenciesThrough(t *testing.T) {
	w := openClinic()
	w.ready = false
	require.Equal(t, access.CodeThrottle, w.decide(t).Code)
	w.request.Purpose = safeguard.BreakGlass
	require.Equal(t, access.CodeAllowed, w.decide(t).Code)
	w.grant = access.Emergency{}
	require.Equal(t, access.CodeEmergency, w.decide(t).Code)
}

// A hook that returns after its context is done is a denial, whatever it says.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestLateHooksDeny(t *testing.T) {
	for name, c := range map[string]struct {
		purpose safeguard.Purpose
		code    string
	}{
		"relations": {safeguard.Treatment, access.CodeRelationSource}, "consent C-1": {safeguard.Treatment, access.CodeConsentSource},
		"condition": {safeguard.Treatment, access.CodeConditionSource}, "emergency": {safeguard.BreakGlass, access.CodeEmergencySource},
	} {
		w := openClinic()
		w.request.Purpose = c.purpose
		late := &lateClinic{clinicWard: w, at: name}
		w.narrow = func(ctx context.Context) context.Context {
			ctx, late.cancel = context.WithCancel(ctx)
			return ctx
		}
		p, err := access.ParsePolicy([]byte(gatePolicy))
		require.NoError(t, err)
		g, err := access.New(p, &access.Options{
			Roles: w, Relationships: late, Emergencies: late, Consents: late, Conditions: map[string]access.Condition{"on-shift": late},
		})
		require.NoError(t, err)
		d := g.Decide(w.narrow(safeguard.WithPrincipal(context.Background(), w.principal)), w.request)
		require.Equal(t, c.code, d.Code, name)
	}
}

// lateClinic ends the context during one question, and answers well.
type lateClinic struct {
	*clinicWard
	at     string
	cancel context.CancelFunc
}

func (l *lateClinic) end(what string) {
	if l.at == what {
		l.cancel()
	}
}

func (l *lateClinic) Relations(ctx context.Context, p safeguard.Principal, x safeguard.Patient) ([]string, error) {
	l.end("relations")
	return l.clinicWard.Relations(ctx, p, x)
}

func (l *lateClinic) Emergency(ctx context.Context, p safeguard.Principal, x safeguard.Patient) (access.Emergency, error) {
	l.end("emergency")
	return l.clinicWard.Emergency(ctx, p, x)
}

func (l *lateClinic) Consented(ctx context.Context, id string, p safeguard.Principal, r *access.Request) (bool, error) {
	l.end("consent " + id)
	return l.clinicWard.Consented(ctx, id, p, r)
}

func (l *lateClinic) Narrow(ctx context.Context, p safeguard.Principal, r *access.Request) (bool, error) {
	l.end("condition")
	return l.clinicWard.Narrow(ctx, p, r)
}

// Training runs out while the process runs, to the second.
//
// Controls: HIPAA 164.308(a)(3)(ii)(B), 164.308(a)(5)(i); NIST CSF 2.0 PR.AA-05, PR.AT-01.
func TestTrainingRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openClinic()
		p, err := access.ParsePolicy([]byte(gatePolicy))
		require.NoError(t, err)
		g, err := access.New(p, &access.Options{
			Roles: w, Relationships: w, Emergencies: w, Consents: w, Conditions: map[string]access.Condition{"on-shift": w},
		})
		require.NoError(t, err)
		ctx := safeguard.WithPrincipal(t.Context(), w.principal)
		left := (375 - 100) * 24 * time.Hour
		require.True(t, g.Decide(ctx, w.request).Allowed)
		time.Sleep(left - time.Second)
		require.True(t, g.Decide(ctx, w.request).Allowed)
		time.Sleep(time.Second)
		require.Equal(t, access.CodeTraining, g.Decide(ctx, w.request).Code)
	})
}

// New refuses a policy that asks for what the Options do not answer.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestNewRefusesUnansweredQuestions(t *testing.T) {
	p, err := access.ParsePolicy([]byte(gatePolicy))
	require.NoError(t, err)
	w := openClinic()
	conditions := map[string]access.Condition{"on-shift": w}
	full := access.Options{Roles: w, Relationships: w, Emergencies: w, Consents: w, Conditions: conditions}
	_, err = access.New(p, &full)
	require.NoError(t, err)
	for what, spoil := range map[string]func(*access.Options){
		"Relationships is nil":              func(o *access.Options) { o.Relationships = nil },
		"Emergencies is nil":                func(o *access.Options) { o.Emergencies = nil },
		"Consents is nil":                   func(o *access.Options) { o.Consents = nil },
		`the condition "on-shift"`:          func(o *access.Options) { o.Conditions = nil },
		"Options.Roles is no SubjectSource": func(o *access.Options) { o.Roles = access.Assignments{} },
	} {
		o := full
		spoil(&o)
		_, err := access.New(p, &o)
		require.ErrorIs(t, err, access.ErrOptions)
		require.ErrorContains(t, err, what)
	}
	delete(conditions, "on-shift")
	_, err = access.New(p, &full)
	require.Error(t, err)
}

// The order of labels is that of HL7, and what says nothing is normal.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestLabelCeilings(t *testing.T) {
	const order = "ULMNRV"
	for i, ceiling := range order {
		policy := policyOf(fmt.Sprintf(`{"id":"R","resource":"Patient","actions":["read"],"purposes":["TREAT"],"fields":["Patient.id"],
			"labels":{"max":%q},"because":"b"}`, string(ceiling)))
		g := guard(t, policy, access.Assignments{"u": {"r"}})
		for j, level := range append(slices.Collect(slices.Values([]rune(order))), 'X') {
			d := g.Decide(as("u"), access.Request{
				Resource: "Patient", Action: "read", Purpose: safeguard.Treatment, Labels: access.Labels{Confidentiality: string(level)},
			})
			require.Equal(t, j <= i, d.Allowed, "%c under %c", level, ceiling)
		}
		d := g.Decide(as("u"), access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment})
		require.Equal(t, i >= 3, d.Allowed, "no label under %c", ceiling)
	}
}
