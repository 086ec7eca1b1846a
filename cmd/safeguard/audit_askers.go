package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit/disclosure"
	"github.com/safeguard-sdk/safeguard/audit/query"
)

// The questions that a file of askers can allow beside those of package query.
const (
	askAccounting = "accounting"
	askAccess     = "access-report"
	askReview     = "review"
)

// ways are how it may be known who acts.
type ways struct {
	// Methods are the ways that count: of the operating system, and both if
	// left out.
	Methods []string `json:"methods"`
	// UnsafeMethods count too. Who acts can choose what they say.
	UnsafeMethods []string `json:"unsafe_methods"`
}

func (w *ways) check() error {
	methods, unsafe := []string{byLogin, byOwn}, []string{bySudo, byStated}
	if w.Methods == nil {
		w.Methods = methods
	}
	if !within(w.Methods, methods) || w.UnsafeMethods != nil && !within(w.UnsafeMethods, unsafe) {
		return fmt.Errorf("methods must be of %v, unsafe_methods of %v", methods, unsafe)
	}
	return nil
}

// count reports whether it is known well enough who acts.
func (w *ways) count(who safeguard.Principal) bool {
	return slices.Contains(w.Methods, who.Method) || slices.Contains(w.UnsafeMethods, who.Method)
}

// askers are who may ask the log what.
type askers struct {
	ways
	Askers []asker `json:"askers"`
}

// asker is one person.
type asker struct {
	ID        string              `json:"id"`
	Tenants   []string            `json:"tenants"` // "*" is all, and none
	Questions []string            `json:"questions"`
	Purposes  []safeguard.Purpose `json:"purposes"`
}

// parseAskers reads askers, strictly.
func parseAskers(b []byte) (*askers, error) {
	questions := []string{
		string(query.AskWhoSaw), string(query.AskWhatDid), string(query.AskOfType), string(query.AskAffected), string(query.AskResolve),
		askAccounting, askAccess, askReview,
	}
	a := &askers{}
	if err := strictJSON(b, a); err != nil {
		return nil, err
	}
	if err := a.check(); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, p := range a.Askers {
		switch {
		case p.ID == "" || seen[p.ID]:
			return nil, errors.New("askers: every one has an id of its own")
		case len(p.Tenants) == 0 || !within(p.Questions, questions) || len(p.Purposes) == 0:
			return nil, fmt.Errorf("askers: %q needs tenants, purposes and questions of %v", p.ID, questions)
		case slices.ContainsFunc(p.Purposes, func(u safeguard.Purpose) bool { return !u.Valid() }):
			return nil, fmt.Errorf("askers: %q: %w", p.ID, safeguard.ErrPurpose)
		}
		seen[p.ID] = true
	}
	return a, nil
}

// readGuarded reads a file of rules, which nobody but its owner may write.
func readGuarded[T any](e *env, path string, parser func([]byte) (T, error)) (T, error) {
	v, err := parse(e, path, parser)
	if err != nil {
		return v, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return v, refused(err)
	}
	if info.Mode().Perm()&0o022 != 0 || !ours(info) {
		return v, refused(fmt.Errorf("%s: others than this account and root can write to it", path))
	}
	return v, nil
}

var errNoAsker = errors.New("not allowed by the askers file")

// may says whether somebody may ask something of a tenant. An empty purpose is
// that of a question that has one purpose only.
func (a *askers) may(who safeguard.Principal, what string, purpose safeguard.Purpose) error {
	i := slices.IndexFunc(a.Askers, func(p asker) bool { return p.ID == who.ID })
	if i < 0 || !a.count(who) {
		return errNoAsker
	}
	p := a.Askers[i]
	tenant := slices.Contains(p.Tenants, "*") || who.Tenant != "" && slices.Contains(p.Tenants, who.Tenant)
	if !tenant || !slices.Contains(p.Questions, what) || !slices.Contains(p.Purposes, purpose) {
		return errNoAsker
	}
	return nil
}

// ofQuery is a query.Authorizer.
type ofQuery struct{ *askers }

// Authorize implements query.Authorizer.
func (a ofQuery) Authorize(_ context.Context, who safeguard.Principal, q query.Question) error {
	return a.may(who, string(q.Kind), q.Purpose)
}

// ofReport is a disclosure.Authorizer.
type ofReport struct{ *askers }

// Authorize implements disclosure.Authorizer. What a patient asks for is
// answered for the patient.
func (a ofReport) Authorize(_ context.Context, who safeguard.Principal, what string, _ disclosure.Question) error {
	return a.may(who, what, safeguard.PatientRequest)
}
