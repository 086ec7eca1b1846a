package access

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// Observe opens a route for a while, so that a live service can find out what
// its policy would deny before that counts. Until then the decision is taken and
// recorded, and not enforced: a request that the policy would deny is served,
// and the handler may write what it likes. In the audit log such an access has
// the code that would have denied it and the flag "observe-would-deny"; one of
// which the projection would have left something out has "observe-would-redact"
// and the names of the fields, as far as they are words of the policy. What is
// written goes on to be merged, see [MergeJSON], so that a copy that an enforced
// route has redacted erases nothing.
//
// What it observes is the policy. It does not let through nobody, an account
// that is not active or whose roles cannot be found out, another tenant, more
// than the scope and the purposes of a token, the purpose BTG without a grant, or
// a throttled caller, also where the policy would deny for another reason as
// well; and nothing leaves that is not recorded. A caller whose scope covers only
// some resources of the type is enforced upon: raw answers cannot be filtered.
//
// While it runs the route is not protected: [Guard.Routes], and documents about
// the service, say so.
//
// Controls: HIPAA 164.308(a)(8), 164.312(b); NIST CSF 2.0 PR.PS-04.
type Observe struct {
	// Until is when the route begins to enforce, by itself, for requests
	// under way too. It must be given, and not be more than 90 days ahead
	// when the routes are verified.
	Until time.Time
	// Because says why. It must be given.
	Because string
}

// maxObserve is how far ahead Observe.Until may be.
const maxObserve = 90 * 24 * time.Hour

// Flags in the audit log about a request that was observed.
const (
	flagWouldDeny   = "observe-would-deny"
	flagWouldRedact = "observe-would-redact"
	flagRaw         = "observe-raw-write"
)

func (o *Observe) check(now time.Time) error {
	switch {
	case o == nil:
		return nil
	case o.Until.IsZero():
		return fmt.Errorf("rule: Observe has no Until")
	case o.Until.After(now.Add(maxObserve)):
		return fmt.Errorf("rule: Observe goes on for more than 90 days")
	case strings.TrimSpace(o.Because) == "":
		return fmt.Errorf("rule: Observe has no Because")
	}
	return nil
}

// running reports whether o is in force.
func (o *Observe) running() bool { return o != nil && time.Now().Before(o.Until) }

// observable reports whether a code is one of the policy, and not of identity.
func observable(c code) bool {
	switch c {
	case codeAllowed, codeNoPurpose, codeNoPatient, codeQuery, codeUnknownRole, codeNoRole, codeRoleInactive, codeTraining,
		codeSeparation, codeDenyRule, codeNoRule, codePurpose, codeRelationSource, codeRelationship, codeLabel,
		codeConsentSource, codeConsent, codeConditionSource, codeCondition:
		return true
	}
	return false
}

// observe finds out whether the route is not enforced upon this request.
func (c *call) observe() {
	rule := &c.route.rule
	scope := narrowingOf(c.flight.ctx).scope
	filtered := scope != nil && scope.Filtered(rule.Resource, rule.Action)
	c.observed = c.entry != nil && rule.Observe.running() && !filtered
}

// observes reports whether a request that the policy answers with code is
// served all the same.
func (c *call) observes(code code) bool {
	switch {
	case !c.observed || !c.route.rule.Observe.running():
		return false
	case code == codeAllowed:
		return true
	}
	return observable(code) && c.route.guard.admits(c.flight.ctx, &c.request)
}

// admits asks the gates that no Observe opens. The first gate that fails names
// the code of a decision, so these may not have been asked.
func (g *Guard) admits(ctx context.Context, r *Request) bool {
	p, ok := safeguard.PrincipalFrom(ctx)
	n := narrowingOf(ctx)
	purpose := purposeBit(r.Purpose)
	scope := scopedTo(n.scope, r)
	e := g.current()
	var q question
	q.about(e.policy, &cell{}, r, p.Tenant)
	switch {
	case !ok, q.facts.has(otherTenant), purpose == breakGlass:
		return false
	case n.denied != 0 && (purpose == 0 || n.denied&purpose != 0):
		return false
	case scope != nil && !scope.permits(r.Resource, r.Labels):
		return false
	}
	_, c := g.standing(ctx, e, &p, &moment{clock: &g.clock})
	return c != codeInactive && c != codeRoleSource
}

// noteWouldDeny says in the Entry that the policy would have denied. The
// record is one of an access: it took place.
func (c *call) noteWouldDeny() {
	c.route.guard.enforcement.wouldDeny[c.code].Add(1)
	d := c.record()
	d.Allowed, d.Fields = true, nil
	c.entry.SetDecision(d)
	c.entry.Flag(flagWouldDeny)
	c.entry.NoteFields(c.request.Resource + ".* unenforced")
}

// passRaw says in the Entry that a handler writes by itself where it could not
// if the route were enforced.
func (c *call) passRaw() {
	if c.observed && c.route.rule.Unprojected == "" {
		c.entry.Flag(flagRaw)
		c.entry.NoteFields(c.request.Resource + ".* unenforced")
	}
}

// unenforced appends a document that is not projected, and says in the Entry
// what the projection would have left out.
func (c *call) unenforced(d *Decision, dst, document []byte) []byte {
	if c.code == codeAllowed {
		c.noteWouldRedact(d, document)
	}
	return append(dst, document...)
}

func (c *call) noteWouldRedact(d *Decision, document []byte) {
	used := c.decision.newPaths()
	projected, err := d.project(nil, document, used)
	left := []string{c.request.Resource + ".*"} // a document that cannot be projected
	if err == nil {
		left = d.leftOut(document, projected)
	}
	c.entry.NoteFields(c.decision.names(used)...)
	if len(left) == 0 {
		return
	}
	c.route.guard.enforcement.wouldRedact.Add(1)
	c.entry.Flag(flagWouldRedact)
	for _, name := range left {
		c.entry.NoteFields(name + " unenforced")
	}
}

// leftOut returns the paths that are in document and not in projected, sorted,
// and of those below one another the shortest. A name that is no word of the
// policy is "(other)": the keys of a document can be PHI.
func (d *Decision) leftOut(document, projected []byte) []string {
	var before, after any
	if json.Unmarshal(document, &before) != nil || json.Unmarshal(projected, &after) != nil {
		return []string{d.Resource + ".*"}
	}
	words := d.engine.policy.words()
	in, out := map[string]bool{}, map[string]bool{}
	tracePaths(before, d.Resource, words, in)
	tracePaths(after, d.Resource, words, out)
	var left []string
	for path := range in {
		if parent := path[:strings.LastIndexByte(path, '.')]; !out[path] && (out[parent] || !strings.Contains(parent, ".")) {
			left = append(left, inWords(path, words))
		}
	}
	if len(left) == 0 && !reflect.DeepEqual(before, after) { // an item of a list, for instance
		left = append(left, d.Resource+".(other)")
	}
	slices.Sort(left)
	return slices.Compact(left)
}

// inWords hides the names in a path that are no words of the policy.
func inWords(path string, words map[string]bool) string {
	var b strings.Builder
	for name := range strings.SplitSeq(path, ".") {
		if !words[name] {
			name = "(other)"
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(name)
	}
	return b.String()
}

// words returns the names that the policy itself has for resources and fields.
func (p *Policy) words() map[string]bool {
	words := map[string]bool{}
	for name := range p.resources {
		words[name] = true
	}
	for _, path := range p.paths {
		for word := range strings.SplitSeq(path, ".") {
			words[word] = true
		}
	}
	return words
}

// tracePaths puts the paths of v into found.
func tracePaths(v any, at string, words map[string]bool, found map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			tracePaths(item, at, words, found)
		}
	case map[string]any:
		if kind, ok := v["resourceType"].(string); ok && words[kind] {
			at = kind
		}
		for name, value := range v {
			path := at + "." + name
			found[path] = true
			tracePaths(value, path, words, found)
		}
	}
}
