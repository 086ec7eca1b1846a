package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/audit"
)

type policyReplay struct {
	auditLedger
	Known  string   `placeholder:"FILE" help:"A checkpoint of the ledger that was kept elsewhere. Only with one is a ledger noticed that was set back."`
	Policy []string `required:"" sep:"none" placeholder:"FILE" help:"A policy that was in force; once for each."`
	outputs
}

// Help is the long text of --help.
func (policyReplay) Help() string {
	return `Every decision that rules took is taken again from its audit record, by the policy that has the hash in the record, and compared: effect, code, rules and fields. The ledger is verified first, and nothing is replayed if it is not intact. Exit 1 means that a record says what its policy does not.

Denials before the rules (an unknown caller, training, scope, the throttle, a source that failed) are counted, not replayed: the policy does not know what was true then. Records of policies that are not given are counted by hash. The answer names records, no caller and no patient.`
}

// Run replays.
func (c *policyReplay) Run(e *env) error {
	r := replay{policies: map[string]*access.Policy{}, pending: map[string]*heldDecision{}, Gates: map[string]int{}, Others: map[string]int{}, Differ: []disagreement{}}
	for _, path := range c.Policy {
		p, err := parse(e, path, access.ParsePolicy)
		if err != nil {
			return err
		}
		r.policies[p.Hash()] = p
	}
	key, err := c.verifierKey(e)
	if err != nil {
		return err
	}
	log, err := ledgerFlags{c.Dir, key, c.Known}.open(e)
	if err != nil {
		return err
	}
	for data, err := range log.Records(e.ctx) {
		if err == nil {
			err = r.add(data)
		}
		if err != nil {
			return ledgerFault(c.Dir, err)
		}
	}
	r.end()
	err = c.write(e, c.Policy,
		format{"txt", func(w io.Writer) error { return inText(w, r.lines()) }},
		format{"json", func(w io.Writer) error { return inJSON(w, &r) }})
	if err == nil && len(r.Differ) > 0 {
		return findings("%s: %d decisions are not what their policy says", c.Dir, len(r.Differ))
	}
	return err
}

// maxPending is how many decisions may wait for the rest of their record, or
// differ.
const maxPending = 10_000

var errPending = errors.New("too many decisions differ; is it the policy of these records?")

// replay is what came of the decisions of a ledger.
type replay struct {
	policies map[string]*access.Policy
	pending  map[string]*heldDecision // by entry
	Agree    int                      `json:"agree"`
	Differ   []disagreement           `json:"differ"`
	Gates    map[string]int           `json:"before_rules"`   // denials that no rule took, by code
	Others   map[string]int           `json:"other_policies"` // records by the hash of a policy that was not given
}

// disagreement is a record that says what its policy does not.
type disagreement struct {
	Entry  string   `json:"entry"`
	Part   int      `json:"part"`
	Policy string   `json:"policy"`
	Code   string   `json:"code"`
	In     []string `json:"in"`
}

// heldDecision is a decision as far as its records have been read: lists that are
// too long for one are continued in the next part.
type heldDecision struct {
	audit.Access
	first int
	in    []string // in which it differs so far
}

// add takes a record.
func (r *replay) add(data []byte) error {
	event, err := audit.ParseEvent(data)
	if err != nil || !audit.IsAccess(event.Type) || event.Type == audit.TypeIntent {
		return nil // a record of something else
	}
	a, err := event.Access()
	if err != nil || a.Decision == nil || a.Decision.Policy == "" {
		return nil
	}
	if slices.Contains(a.Flags, "observe-would-deny") {
		a.Decision.Allowed = false // observed: the route let pass what the policy denies
	}
	now := &heldDecision{Access: a, first: a.Part}
	if before := r.pending[a.Entry]; before != nil && before.continues(&a) {
		now = before
		now.join(&a)
	} else if before != nil {
		r.differs(before)
	}
	delete(r.pending, a.Entry)
	return r.again(now)
}

// again takes a decision again.
func (r *replay) again(now *heldDecision) error {
	d := now.Decision
	p := r.policies[d.Policy]
	if p == nil {
		r.Others[d.Policy]++
		return nil
	}
	said, err := p.Replay(*d, now.Resource, now.Action, now.Purpose)
	switch {
	case err != nil && !d.Allowed:
		r.Gates[d.Code]++
	case err == nil && said.Agrees:
		r.Agree++
	default:
		now.in = said.Differs
		if err != nil {
			now.in = []string{"basis"}
		}
		r.pending[now.Entry] = now
		if len(r.pending)+len(r.Differ) > maxPending {
			return refused(errPending)
		}
	}
	return nil
}

func (d *heldDecision) continues(a *audit.Access) bool {
	return a.Part == d.Part+1 && a.Decision.Policy == d.Decision.Policy && a.Decision.Code == d.Decision.Code && a.Decision.Allowed == d.Decision.Allowed
}

func (d *heldDecision) join(a *audit.Access) {
	d.Part = a.Part
	d.Decision.Rules = append(d.Decision.Rules, a.Decision.Rules...)
	d.Decision.Fields = append(d.Decision.Fields, a.Decision.Fields...)
	d.Decision.Basis = append(d.Decision.Basis, a.Decision.Basis...)
}

func (r *replay) differs(d *heldDecision) {
	r.Differ = append(r.Differ, disagreement{d.Entry, d.first, d.Decision.Policy, d.Decision.Code, d.in})
}

// end gives up on what no record continues.
func (r *replay) end() {
	for _, entry := range slices.Sorted(maps.Keys(r.pending)) {
		r.differs(r.pending[entry])
	}
	clear(r.pending)
}

func (r *replay) lines() []string {
	var lines []string
	for _, d := range r.Differ {
		lines = append(lines, fmt.Sprintf("%s.%d: %s: the policy %s says otherwise: %v", d.Entry, d.Part, d.Code, d.Policy, d.In))
	}
	for _, hash := range slices.Sorted(maps.Keys(r.Others)) {
		lines = append(lines, fmt.Sprintf("%d records of another policy: %q", r.Others[hash], hash))
	}
	for _, code := range slices.Sorted(maps.Keys(r.Gates)) {
		lines = append(lines, fmt.Sprintf("%d denials before the rules: %q", r.Gates[code], code))
	}
	return append(lines, fmt.Sprintf("%d decisions agree with their policy, %d do not", r.Agree, len(r.Differ)))
}
