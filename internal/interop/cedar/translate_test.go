package cedar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cedar-policy/cedar-go"
	"github.com/safeguard-sdk/safeguard/internal/policygen"
)

// A translation is one policy of package access in Cedar. An allow rule is a
// permit, whose id is the rule's; all that can only deny is a forbid.
type translation struct {
	source policygen.Policy
	set    *cedar.PolicySet
	roles  cedar.EntityMap
}

func translate(tb testing.TB, p policygen.Policy) *translation {
	t := &translation{source: p, set: cedar.NewPolicySet(), roles: cedar.EntityMap{}}
	for id, text := range t.texts() {
		policy := new(cedar.Policy)
		if err := policy.UnmarshalCedar([]byte(text)); err != nil {
			tb.Fatalf("%v:\n%s", err, text)
		}
		t.set.Add(cedar.PolicyID(id), policy)
	}
	for _, role := range p.Roles {
		// A role that is granted denies; only one that is active allows.
		t.entity("Granted", role.Name, "Granted", role.Inherits)
		t.entity("Active", role.Name, "Active", role.Inherits)
	}
	return t
}

func (t *translation) entity(kind, name, parentKind string, parents []string) {
	uid := cedar.NewEntityUID(cedar.EntityType(kind), cedar.String(name))
	t.roles[uid] = cedar.Entity{UID: uid, Parents: cedar.NewEntityUIDSet(uids(parentKind, parents)...)}
}

func uids(kind string, names []string) []cedar.EntityUID {
	var list []cedar.EntityUID
	for _, name := range names {
		list = append(list, cedar.NewEntityUID(cedar.EntityType(kind), cedar.String(name)))
	}
	return list
}

// texts returns every policy by its id.
func (t *translation) texts() map[string]string {
	all := map[string]string{}
	forbid := func(when ...string) {
		all["forbid-"+strconv.Itoa(len(all))] = "forbid (principal, action, resource) when { " + strings.Join(when, " && ") + " };"
	}
	t.caller(forbid)
	t.data(forbid)
	for _, role := range t.source.Roles {
		for _, r := range role.Rules {
			switch {
			case !r.Deny:
				all[r.ID] = "permit (principal, action, resource) when { " + t.holds(role.Name, r) + " };"
				t.sources(role.Name, r, forbid)
			case r.Fields == nil:
				forbid(in("Granted", role.Name), about(r))
			}
		}
	}
	return all
}

// caller forbids what a caller may not be.
func (t *translation) caller(forbid func(...string)) {
	var known []string
	for _, role := range t.source.Roles {
		known = append(known, role.Name)
		forbid("context.active.contains("+quote(role.Name)+")", "!("+in("Granted", role.Name)+")")
	}
	forbid("!(" + list(known) + ".containsAll(context.granted))")
	forbid("!(" + list(known) + ".containsAll(context.active))")
	forbid(`context.fails.contains("subjects")`)
	forbid("context.suspended")
	forbid("context.outOfScope")
	forbid("context.exhausted", `context.purpose != "BTG"`) // broken glass passes the throttle
	if t.source.Training {
		forbid("context.untrained")
	}
	for _, s := range t.source.Separations {
		kind := map[string]string{"static": "Granted", "dynamic": "Active"}[s.Kind]
		for _, together := range subsets(s.Roles, s.Max+1) {
			var all []string
			for _, role := range together {
				all = append(all, in(kind, role))
			}
			forbid(all...)
		}
	}
}

// subsets returns every choice of n of names.
func subsets(names []string, n int) [][]string {
	if n == 0 {
		return [][]string{nil}
	}
	var all [][]string
	for i, name := range names {
		for _, rest := range subsets(names[i+1:], n-1) {
			all = append(all, append([]string{name}, rest...))
		}
	}
	return all
}

// data forbids what the data asks for and the request has not.
func (t *translation) data(forbid func(...string)) {
	forbid("context.tenant != context.callerTenant", `(context.tenant != "" || `+strconv.FormatBool(t.source.Tenant)+`)`)
	if t.source.Tenant {
		forbid(`context.tenant == ""`)
	}
	forbid("context.level < 0")
	forbid("!(" + list(t.source.Labels) + ".containsAll(context.sensitivity))")
	for _, c := range t.source.Consents {
		labelled := `1 == 1`
		if c.Labels != nil {
			labelled = list(c.Labels) + ".containsAny(context.sensitivity)"
		}
		needed := []string{purposes(c.Purposes), labelled, t.noOverride()}
		forbid(append(needed, "!(context.consents.contains("+quote(c.ID)+"))")...)
		forbid(append(needed, `context.fails.contains("consents")`)...)
	}
}

// noOverride says that consent counts, which broken glass may override.
func (t *translation) noOverride() string {
	if e := t.source.Emergency; e != nil && e.Override {
		return `context.purpose != "BTG"`
	}
	return `1 == 1`
}

// sources forbids what a rule would have to ask a source that fails about, if
// the rule is still there when its turn comes.
func (t *translation) sources(role string, r policygen.Rule, forbid func(...string)) {
	mine := []string{in("Active", role), about(r)}
	if r.Relationship != nil {
		forbid(append(slices.Clone(mine), "context.patient", `context.fails.contains("relations")`)...)
	}
	for _, c := range t.source.Consents {
		if slices.ContainsFunc(c.Labels, func(l string) bool { return slices.Contains(r.Sensitivity, l) }) {
			forbid(append(slices.Clone(mine), purposes(c.Purposes), t.noOverride(), `context.fails.contains("consents")`)...)
		}
	}
	mine = append(mine, related(r), under(r))
	if r.Emergency {
		forbid(append(slices.Clone(mine), "context.patient", `context.fails.contains("emergencies")`)...)
	}
	if r.Conditions != nil {
		forbid(append(mine, t.broken(r), `context.fails.contains("conditions")`)...)
	}
}

// holds says when an allow rule holds.
func (t *translation) holds(role string, r policygen.Rule) string {
	all := []string{in("Active", role), about(r), related(r), under(r), t.broken(r)}
	if r.Conditions != nil {
		all = append(all, "context.conditions.containsAll("+list(r.Conditions)+")")
	}
	return strings.Join(all, " && ")
}

func about(r policygen.Rule) string {
	var actions []string
	for _, a := range r.Actions {
		actions = append(actions, "action == Action::"+quote(a))
	}
	return "resource is " + r.Resource + " && (" + strings.Join(actions, " || ") + ") && " + purposes(r.Purposes)
}

func purposes(list []string) string {
	if list == nil {
		return "1 == 1"
	}
	var any []string
	for _, p := range list {
		any = append(any, "context.purpose == "+quote(p))
	}
	return "(" + strings.Join(any, " || ") + ")"
}

func related(r policygen.Rule) string {
	if r.Relationship == nil {
		return "1 == 1"
	}
	return "context.patient && " + list(r.Relationship) + ".containsAny(context.relations)"
}

// under compares labels with the ceiling of a rule, which is normal by default.
func under(r policygen.Rule) string {
	ceiling := r.Max
	if ceiling == "" {
		ceiling = "N"
	}
	return fmt.Sprintf("context.level <= %d && %s.containsAll(context.sensitivity)", level(ceiling), list(r.Sensitivity))
}

// level is the rank of a confidentiality, negative for none.
func level(code string) int { return slices.Index(policygen.Levels(), code) }

func (t *translation) broken(r policygen.Rule) string {
	if !r.Emergency {
		return "1 == 1"
	}
	var any []string
	for _, role := range t.source.Emergency.Roles {
		any = append(any, in("Active", role))
	}
	return "context.patient && context.emergency && (" + strings.Join(any, " || ") + ")"
}

func in(kind, role string) string { return "principal in " + kind + "::" + quote(role) }

func quote(s string) string { return strconv.Quote(s) }

func list(names []string) string {
	var all []string
	for _, n := range names {
		all = append(all, quote(n))
	}
	return "[" + strings.Join(all, ", ") + "]"
}
