package access_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/internal/policygen"
	"github.com/stretchr/testify/require"
)

// oracle answers every question of a Guard as one drawn request says.
type oracle struct{ policygen.Request }

var errDown = errors.New("down")

func (o *oracle) failing(source string) error {
	if o.Failing(source) {
		return errDown
	}
	return nil
}

func (o *oracle) Roles(context.Context, safeguard.Principal) ([]string, error) {
	return o.Request.Roles, o.failing("subjects")
}

func (o *oracle) Subject(context.Context, safeguard.Principal) (*access.Subject, error) {
	s := &access.Subject{Active: !o.Suspended, Roles: o.Request.Roles}
	if !o.Untrained {
		s.Trained = map[string]time.Time{"hipaa": time.Now().Add(-24 * time.Hour)}
	}
	return s, o.failing("subjects")
}

func (o *oracle) Relations(context.Context, safeguard.Principal, safeguard.Patient) ([]string, error) {
	return o.Request.Relations, o.failing("relations")
}

func (o *oracle) Emergency(context.Context, safeguard.Principal, safeguard.Patient) (access.Emergency, error) {
	if !o.Request.Emergency {
		return access.Emergency{}, o.failing("emergencies")
	}
	return access.Emergency{ID: "G-1", Until: time.Now().Add(time.Hour)}, o.failing("emergencies")
}

func (o *oracle) Consented(_ context.Context, id string, _ safeguard.Principal, _ *access.Request) (bool, error) {
	return common([]string{id}, o.Consents) == 1, o.failing("consents")
}

func (o *oracle) Ready(safeguard.Principal) bool    { return !o.Exhausted }
func (o *oracle) Charge(safeguard.Principal, int)   {}
func (o *oracle) Permits(*access.Request) bool      { return !o.OutOfScope }
func (o *oracle) Filtered(string, string) bool      { return false }
func (o *oracle) Holds(string, string, []byte) bool { return true }

// holds answers one condition.
type holds struct {
	*oracle
	name string
}

func (h holds) Narrow(context.Context, safeguard.Principal, *access.Request) (bool, error) {
	return common([]string{h.name}, h.Conditions) == 1, h.failing("conditions")
}

// bench is a Guard over a drawn policy, with an oracle behind it.
type trial struct {
	policy *access.Policy
	guard  *access.Guard
	oracle *oracle
}

func newTrial(t testing.TB, src []byte) *trial {
	t.Helper()
	policy, err := access.ParsePolicy(src)
	require.NoError(t, err, "%s", src)
	o := new(oracle)
	conditions := map[string]access.Condition{}
	for _, name := range policygen.Conditions() {
		conditions[name] = holds{o, name}
	}
	g, err := access.New(policy, &access.Options{
		Roles: o, Relationships: o, Emergencies: o, Consents: o, Throttle: o, Conditions: conditions,
	})
	require.NoError(t, err)
	return &trial{policy, g, o}
}

// decide asks what r asks.
func (b *trial) decide(r policygen.Request) access.Decision {
	b.oracle.Request = r
	ctx := safeguard.WithPrincipal(context.Background(), safeguard.Principal{ID: "u", Kind: safeguard.Person, Tenant: r.CallerTenant})
	if r.Scoped {
		ctx = access.WithScope(ctx, b.oracle)
	}
	if r.Active != nil {
		ctx = access.WithActiveRoles(ctx, r.Active...)
	}
	return b.guard.Decide(ctx, request(r))
}

func request(r policygen.Request) access.Request {
	req := access.Request{
		Resource: r.Resource, Action: r.Action, Purpose: safeguard.Purpose(r.Purpose), Tenant: r.Tenant,
		Labels: access.Labels{Confidentiality: r.Confidentiality, Sensitivity: r.Sensitivity},
	}
	if r.Patient {
		req.Patient = safeguard.NewPatient("MRN-1")
	}
	return req
}

// draws returns how many random cases to try: SAFEGUARD_CASES, or ten million
// where SAFEGUARD_SOAK is set, or few.
func draws(t testing.TB, few int) int {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv("SAFEGUARD_CASES")); err == nil && n > 0 {
		return n
	}
	return cases(few, 10_000_000)
}

const requestsPerPolicy = 40

// On random policies and requests Decide says what the reference evaluator
// says: the code, the rules, the fields, the obligations and the exemption.
// Every decision that rules took replays from its record.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(4)(ii)(B), 164.308(a)(4)(ii)(C), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestDecideIsWhatTheReferenceSays(t *testing.T) {
	n := draws(t, 20_000)
	w := policygen.New(1)
	seen := map[string]int{}
	replayed := 0
	for i := 0; i < n; i += requestsPerPolicy {
		src := w.Policy().JSON()
		b, doc := newTrial(t, src), readDocument(t, src)
		for range requestsPerPolicy {
			r := w.Request()
			d, want := b.decide(r), doc.decide(r)
			if d.Code != want.code || !equal(d.Rules, want.rules) || !equal(d.Fields, want.fields) ||
				!equal(d.Obligations, want.obligations) || d.Exempt != want.exempt || d.Allowed != (want.code == access.CodeAllowed) {
				t.Fatalf("case %d: %+v\n decided %s %v %v %v %q\n reference %+v\n%s",
					i, r, d.Code, d.Rules, d.Fields, d.Obligations, d.Exempt, want, src)
			}
			seen[d.Code]++
			if replays(t, b.policy, r, d) {
				replayed++
			}
		}
	}
	for _, code := range []string{
		access.CodeAllowed, access.CodeRoleSource, access.CodeInactive, access.CodeTraining, access.CodeUnknownRole, access.CodeNoRole,
		access.CodeRoleInactive, access.CodeSeparation, access.CodeScope, access.CodeUndeclared, access.CodeDenyRule, access.CodeNoRule,
		access.CodePurpose, access.CodeRelationSource, access.CodeRelationship, access.CodeTenant, access.CodeLabel,
		access.CodeEmergencySource, access.CodeEmergency, access.CodeConsentSource, access.CodeConsent, access.CodeConditionSource,
		access.CodeCondition, access.CodeThrottle,
	} {
		require.Positive(t, seen[code], "%s never happened: %v", code, seen)
	}
	require.Greater(t, seen[access.CodeAllowed], n/50, "too few are allowed: %v", seen)
	if n > 20_000 {
		fmt.Printf("soak: Decide agrees with the reference evaluator on %d cases, %d replayed, by code %v\n", n, replayed, seen)
	}
}

func equal(a, b []string) bool { return len(a) == len(b) && common(a, b) == len(a) }

// replays takes a decision again from its record, and reports whether rules
// had taken it.
func replays(t *testing.T, p *access.Policy, r policygen.Request, d access.Decision) bool {
	t.Helper()
	now, err := p.Replay(d.Record(), r.Resource, r.Action, safeguard.Purpose(r.Purpose))
	switch d.Code {
	case access.CodeAllowed, access.CodeDenyRule, access.CodeNoRule, access.CodePurpose, access.CodeRelationship, access.CodeTenant,
		access.CodeLabel, access.CodeEmergency, access.CodeConsent, access.CodeCondition, access.CodeUndeclared:
		if err != nil || !now.Agrees || now.Code != d.Code || !equal(now.Fields, d.Fields) || !equal(now.Obligations, d.Obligations) {
			t.Fatalf("%+v\n decided %s %v, replayed %+v, %v", r, d.Code, d.Basis, now, err)
		}
		return true
	}
	require.ErrorIs(t, err, access.ErrReplay, d.Code)
	return false
}

// Laws of change, on random policies and requests: another order of keys, rules
// and roles changes nothing but the hash, and neither a deny rule nor anything
// that narrows widens.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(4)(ii)(B), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestNothingThatNarrowsWidens(t *testing.T) {
	w := policygen.New(2)
	allowed := 0
	for i := 0; i < draws(t, 160_000)/20; i += requestsPerPolicy {
		p := w.Policy()
		b, shuffled := newTrial(t, p.JSON()), newTrial(t, w.Shuffled(p))
		role := &p.Roles[w.IntN(len(p.Roles))]
		role.Rules = append(role.Rules, w.DenyRule("added"))
		denied := newTrial(t, p.JSON())
		for range requestsPerPolicy {
			r := w.Request()
			d := b.decide(r)
			if d.Allowed {
				allowed++
			}
			other := shuffled.decide(r)
			require.Equal(t, d.Code, other.Code)
			require.Equal(t, d.Rules, other.Rules)
			require.Equal(t, d.Fields, other.Fields)
			require.Equal(t, d.Basis, other.Basis)
			require.True(t, narrower(denied.decide(r), d), "a deny rule widened: %+v", r)
			for _, narrow := range narrowings(w, r) {
				require.True(t, narrower(b.decide(narrow.to), d), "%s widened: %+v", narrow.what, r)
			}
		}
	}
	require.Greater(t, allowed, 200)
}

type narrowed struct {
	what string
	to   policygen.Request
}

// narrowings returns requests that may not be given more than r is.
func narrowings(w policygen.World, r policygen.Request) []narrowed {
	scope, condition, label, roles, consent := r, r, r, r, r
	scope.Scoped, scope.OutOfScope = true, r.OutOfScope || w.IntN(2) == 0
	condition.Conditions, consent.Consents = nil, nil
	label.Sensitivity = append([]string{policygen.Codes()[w.IntN(len(policygen.Codes()))]}, r.Sensitivity...)
	if label.Confidentiality != "X" {
		label.Confidentiality = "V"
	}
	all := []narrowed{{"a scope", scope}, {"a condition that fails", condition}, {"a label", label}, {"a consent that is withdrawn", consent}}
	if r.Active == nil && len(r.Roles) > 0 {
		roles.Active = []string{r.Roles[w.IntN(len(r.Roles))]}
		// What dynamic separation keeps apart may be used one by one.
		return append(all, narrowed{"fewer active roles", roles})
	}
	return all
}

// narrower reports whether a gives no more than b.
func narrower(a, b access.Decision) bool {
	switch {
	case !a.Allowed:
		return true
	case !b.Allowed:
		// A source that failed was asked on behalf of a rule that is not there now.
		return b.Code == access.CodeSeparation || strings.HasSuffix(b.Code, "-source")
	}
	return common(a.Fields, b.Fields) == len(a.Fields)
}
