package cedar

import (
	"slices"
	"testing"

	"github.com/cedar-policy/cedar-go"
	"github.com/safeguard-sdk/safeguard/internal/policygen"
)

// caller looks the entities of one request up: its principal, then the roles.
type caller struct {
	cedar.Entity
	roles cedar.EntityMap
}

func (c *caller) Get(uid cedar.EntityUID) (cedar.Entity, bool) {
	if uid == c.UID {
		return c.Entity, true
	}
	e, ok := c.roles[uid]
	return e, ok
}

// authorize asks Cedar what r asks, and returns the permits that hold where it
// allows.
func (t *translation) authorize(tb testing.TB, r policygen.Request) (allowed bool, permits []string) {
	active := r.Active
	if active == nil {
		active = r.Roles
	}
	uid := cedar.NewEntityUID("User", "u")
	who := &caller{roles: t.roles, Entity: cedar.Entity{
		UID: uid, Parents: cedar.NewEntityUIDSet(append(uids("Granted", r.Roles), uids("Active", active)...)...),
	}}
	confidentiality := r.Confidentiality
	if confidentiality == "" {
		confidentiality = "N"
	}
	decision, diagnostic := cedar.Authorize(t.set, who, cedar.Request{
		Principal: uid,
		Action:    cedar.NewEntityUID("Action", cedar.String(r.Action)),
		Resource:  cedar.NewEntityUID(cedar.EntityType(r.Resource), "1"),
		Context: cedar.NewRecord(cedar.RecordMap{
			"purpose": cedar.String(r.Purpose), "patient": cedar.Boolean(r.Patient),
			"tenant": cedar.String(r.Tenant), "callerTenant": cedar.String(r.CallerTenant),
			"suspended": cedar.Boolean(r.Suspended), "untrained": cedar.Boolean(r.Untrained),
			"outOfScope": cedar.Boolean(r.OutOfScope), "exhausted": cedar.Boolean(r.Exhausted),
			"emergency": cedar.Boolean(r.Emergency), "level": cedar.Long(level(confidentiality)),
			"sensitivity": set(r.Sensitivity), "relations": set(r.Relations), "conditions": set(r.Conditions),
			"consents": set(r.Consents), "fails": set(r.Fails), "granted": set(r.Roles), "active": set(active),
		}),
	})
	// Cedar skips a policy that fails, a forbid too.
	if len(diagnostic.Errors) > 0 {
		tb.Fatalf("a policy failed: %v", diagnostic.Errors)
	}
	if decision != cedar.Allow {
		return false, nil
	}
	for _, reason := range diagnostic.Reasons {
		permits = append(permits, string(reason.PolicyID))
	}
	slices.Sort(permits)
	return true, permits
}

func set(names []string) cedar.Set {
	var all []cedar.Value
	for _, n := range names {
		all = append(all, cedar.String(n))
	}
	return cedar.NewSet(all...)
}
