package access_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/internal/policygen"
	"github.com/stretchr/testify/require"
)

// The reference evaluator says what the documentation says, in the plainest
// way: no sets, no tables, no memory, every rule looked at for every request.

// document is a policy as it is written.
type document struct {
	Tenant  string
	Labels  []string
	Consent []struct {
		ID               string
		Labels, Purposes []string
	}
	Training   *struct{ Required []string }
	Separation []struct {
		ID, Kind string
		Roles    []string
		Max      int
	}
	Emergency *struct{ Roles, Override []string }
	Resources map[string][]string
	Roles     map[string]struct {
		Inherits    []string
		Allow, Deny []ruleText
	}
}

// ruleText is a rule as it is written.
type ruleText struct {
	ID, Resource, Exempt                                     string
	Actions, Purposes, Relationship, Conditions, Obligations []string
	Fields                                                   []string
	Emergency                                                bool
	Labels                                                   struct {
		Max         string
		Sensitivity []string
	}
}

// finding is what the reference finds.
type finding struct {
	code                       string
	rules, fields, obligations []string
	exempt                     string
}

func readDocument(t testing.TB, src []byte) document {
	var d document
	require.NoError(t, json.Unmarshal(src, &d))
	return d
}

// inherited returns roles and all that they inherit.
func (d document) inherited(roles []string) []string {
	var all []string
	for _, r := range roles {
		all = append(append(all, r), d.inherited(d.Roles[r].Inherits)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func common(a, b []string) int {
	n := 0
	for _, s := range a {
		if slices.Contains(b, s) {
			n++
		}
	}
	return n
}

// tooMany reports whether roles break a separation.
func (d document) tooMany(kind string, roles []string) bool {
	for _, s := range d.Separation {
		if s.Kind == kind && common(s.Roles, d.inherited(roles)) > s.Max {
			return true
		}
	}
	return false
}

// callerCode checks the caller, before any rule.
func (d document) callerCode(r policygen.Request) string {
	switch {
	case r.Failing("subjects"):
		return access.CodeRoleSource
	case r.Suspended:
		return access.CodeInactive
	case d.Training != nil && r.Untrained:
		return access.CodeTraining
	}
	for _, name := range r.Roles {
		if _, ok := d.Roles[name]; !ok {
			return access.CodeUnknownRole
		}
	}
	active := r.Roles
	switch {
	case len(r.Roles) == 0:
		return access.CodeNoRole
	case d.tooMany("static", r.Roles):
		return access.CodeSeparation
	case r.Active != nil:
		active = r.Active
		if len(active) == 0 || common(active, d.inherited(r.Roles)) < len(active) {
			return access.CodeRoleInactive
		}
	}
	switch {
	case d.tooMany("dynamic", active):
		return access.CodeSeparation
	case r.OutOfScope:
		return access.CodeScope
	case !slices.Contains(d.Resources[r.Resource], r.Action):
		return access.CodeUndeclared
	}
	return ""
}

// decide takes the rules through the gates, one gate after the other, and
// says at which the last of them stopped.
func (d document) decide(r policygen.Request) finding {
	if code := d.callerCode(r); code != "" {
		return finding{code: code}
	}
	active := r.Active
	if active == nil {
		active = r.Roles
	}
	var rules, denies []ruleText
	for _, role := range d.inherited(active) {
		rules = append(rules, d.Roles[role].Allow...)
	}
	for _, role := range d.inherited(append(slices.Clone(active), r.Roles...)) {
		denies = append(denies, d.Roles[role].Deny...)
	}
	about := func(t ruleText) bool { return t.Resource == r.Resource && slices.Contains(t.Actions, r.Action) }
	denies = keep(denies, func(t ruleText) bool {
		return about(t) && (t.Purposes == nil || slices.Contains(t.Purposes, r.Purpose))
	})
	if whole := keep(denies, func(t ruleText) bool { return t.Fields == nil }); len(whole) > 0 {
		return finding{code: access.CodeDenyRule, rules: ids(whole)}
	}
	broken := d.Emergency != nil && r.Emergency && r.Patient && common(d.Emergency.Roles, d.inherited(active)) > 0
	override := r.Purpose == "BTG" && d.Emergency != nil && slices.Contains(d.Emergency.Override, "consent")
	codes := slices.Clone(r.Sensitivity)
	var wanted, missing []string
	unfulfilled := func(t ruleText) bool { return len(t.Conditions) > common(t.Conditions, r.Conditions) }
	gates := []struct {
		code, source, failed string
		asks                 func(ruleText) bool
		passes               func(ruleText) bool
	}{
		{code: access.CodeNoRule, passes: about},
		{code: access.CodePurpose, passes: func(t ruleText) bool { return slices.Contains(t.Purposes, r.Purpose) }},
		{access.CodeRelationship, "relations", access.CodeRelationSource,
			func(t ruleText) bool { return len(t.Relationship) > 0 && r.Patient },
			func(t ruleText) bool {
				return len(t.Relationship) == 0 || r.Patient && common(t.Relationship, r.Relations) > 0
			}},
		{code: access.CodeTenant, passes: func(ruleText) bool {
			return r.Tenant == r.CallerTenant && (d.Tenant == "" || r.Tenant != "") || r.Tenant == "" && d.Tenant == ""
		}},
		{code: access.CodeLabel, passes: func(t ruleText) bool { return d.under(r, t) }},
		{access.CodeEmergency, "emergencies", access.CodeEmergencySource,
			func(t ruleText) bool { return t.Emergency && r.Patient }, func(t ruleText) bool { return !t.Emergency || broken }},
		{access.CodeConsent, "consents", access.CodeConsentSource,
			func(ruleText) bool { return !override && len(wanted) > 0 }, func(ruleText) bool { return override || len(missing) == 0 }},
		{access.CodeCondition, "conditions", access.CodeConditionSource,
			func(t ruleText) bool { return len(t.Conditions) > 0 }, func(t ruleText) bool { return !unfulfilled(t) }},
	}
	for _, gate := range gates {
		if gate.code == access.CodeRelationship {
			// The caller's rules for the purpose say which labels may show.
			for _, t := range rules {
				codes = append(codes, t.Labels.Sensitivity...)
			}
			wanted, missing = d.consents(r, codes)
		}
		if gate.asks != nil && slices.ContainsFunc(rules, gate.asks) && r.Failing(gate.source) {
			return finding{code: gate.failed}
		}
		if rules = keep(rules, gate.passes); len(rules) == 0 {
			return finding{code: gate.code}
		}
	}
	if r.Exhausted && (!broken || r.Purpose != "BTG") {
		return finding{code: access.CodeThrottle}
	}
	return found(r, rules, denies)
}

// under reports whether the labels of the data are under a rule's ceiling.
func (d document) under(r policygen.Request, t ruleText) bool {
	const order = "ULMNRV"
	at, ceiling := r.Confidentiality, t.Labels.Max
	if at == "" {
		at = "N"
	}
	if ceiling == "" {
		ceiling = "N"
	}
	return strings.Contains(order, at) && strings.Index(order, at) <= strings.Index(order, ceiling) &&
		common(r.Sensitivity, d.Labels) == len(r.Sensitivity) && common(r.Sensitivity, t.Labels.Sensitivity) == len(r.Sensitivity)
}

// consents returns the requirements that are asked about, and those that the
// data has and that are not met.
func (d document) consents(r policygen.Request, codes []string) (wanted, missing []string) {
	for _, c := range d.Consent {
		if c.Purposes != nil && !slices.Contains(c.Purposes, r.Purpose) {
			continue
		}
		if c.Labels == nil || common(c.Labels, codes) > 0 {
			wanted = append(wanted, c.ID)
		}
		if (c.Labels == nil || common(c.Labels, r.Sensitivity) > 0) && !slices.Contains(r.Consents, c.ID) {
			missing = append(missing, c.ID)
		}
	}
	return wanted, missing
}

// found adds up what the rules that are left give and take away.
func found(r policygen.Request, allow, deny []ruleText) finding {
	f := finding{code: access.CodeAllowed, rules: ids(append(slices.Clone(allow), deny...))}
	var exempt []string
	for _, t := range allow {
		for _, path := range t.Fields {
			if path == "all" {
				path = r.Resource + ".*"
			}
			taken := slices.ContainsFunc(deny, func(t ruleText) bool {
				return slices.ContainsFunc(t.Fields, func(p string) bool { return path == p || strings.HasPrefix(path, p+".") })
			})
			if !taken {
				f.fields = append(f.fields, path)
			}
		}
		f.obligations = append(f.obligations, t.Obligations...)
		if t.Exempt != "" {
			exempt = append(exempt, t.Exempt)
		}
	}
	f.fields, f.obligations = distinct(f.fields), distinct(f.obligations)
	f.exempt = strings.Join(distinct(exempt), ", ")
	return f
}

func keep(rules []ruleText, f func(ruleText) bool) []ruleText {
	var kept []ruleText
	for _, t := range rules {
		if f(t) {
			kept = append(kept, t)
		}
	}
	return kept
}

func ids(rules []ruleText) []string {
	var out []string
	for _, t := range rules {
		out = append(out, t.ID)
	}
	return distinct(out)
}

func distinct(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}
