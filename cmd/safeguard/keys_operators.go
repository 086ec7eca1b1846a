package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

// operators are who may do what, and how it must be known who they are.
type operators struct {
	// Methods are the ways to know who acts that count: of the operating
	// system, and both if left out.
	Methods []string `json:"methods"`
	// UnsafeMethods count too. Who acts can choose what they say.
	UnsafeMethods []string   `json:"unsafe_methods"`
	Operators     []operator `json:"operators"`
}

// operator is one person.
type operator struct {
	ID      string       `json:"id"`
	Tenants []string     `json:"tenants"` // "*" is all
	Kinds   []shred.Kind `json:"kinds"`
	Steps   []shred.Step `json:"steps"`
}

// parseOperators reads operators, strictly.
func parseOperators(b []byte) (*operators, error) {
	methods, unsafe := []string{byLogin, byOwn}, []string{bySudo, byStated}
	kinds := []shred.Kind{shred.DestroyPatient, shred.DestroyTenant, shred.ReleaseHold, shred.EndEpoch}
	steps := []shred.Step{shred.StepRequest, shred.StepApprove, shred.StepHold, shred.StepCancel}
	o := &operators{}
	if err := strictJSON(b, o); err != nil {
		return nil, err
	}
	if o.Methods == nil {
		o.Methods = methods
	}
	if !within(o.Methods, methods) || o.UnsafeMethods != nil && !within(o.UnsafeMethods, unsafe) {
		return nil, fmt.Errorf("methods must be of %v, unsafe_methods of %v", methods, unsafe)
	}
	seen := map[string]bool{}
	for _, p := range o.Operators {
		switch {
		case p.ID == "" || seen[p.ID]:
			return nil, errors.New("operators: every one has an id of its own")
		case len(p.Tenants) == 0 || !within(p.Kinds, kinds) || !within(p.Steps, steps):
			return nil, fmt.Errorf("operators: %q needs tenants, kinds of %v and steps of %v", p.ID, kinds, steps)
		}
		seen[p.ID] = true
	}
	return o, nil
}

// within reports whether list has something, and nothing that all lacks.
func within[T comparable](list, all []T) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(v T) bool { return !slices.Contains(all, v) })
}

// readOperators reads the file, which nobody but its owner may write.
func readOperators(e *env, path string) (*operators, error) {
	o, err := parse(e, path, parseOperators)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o022 != 0 || !ours(info) {
		return nil, refused(fmt.Errorf("%s: others than this account and root can write to it", path))
	}
	return o, nil
}

var errNotAllowed = errors.New("not allowed by the operators file")

// authorize is the Options.Authorize of package shred.
func (o *operators) authorize(_ context.Context, who safeguard.Principal, step shred.Step, order shred.Order) error {
	i := slices.IndexFunc(o.Operators, func(p operator) bool { return p.ID == who.ID })
	if i < 0 || !slices.Contains(o.Methods, who.Method) && !slices.Contains(o.UnsafeMethods, who.Method) {
		return errNotAllowed
	}
	p := o.Operators[i]
	tenant := slices.Contains(p.Tenants, order.Tenant) || slices.Contains(p.Tenants, "*")
	if !tenant || !slices.Contains(p.Kinds, order.Kind) || !slices.Contains(p.Steps, step) {
		return errNotAllowed
	}
	return nil
}
