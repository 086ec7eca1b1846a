package query

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// A TokenMap is a sealed list of which patient stands behind which token, for
// times whose token keys are no longer at hand. Lookup returns the zero Patient
// for a token that it does not know, and must look at tokens of tenant only. It
// must be safe for concurrent use.
//
// Controls: HIPAA 164.312(a)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type TokenMap interface {
	Lookup(ctx context.Context, tenant, token string) (safeguard.Patient, error)
}

// Individuals are the patients behind tokens.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Individuals struct {
	// ID is the id of the record that accounts for the question.
	ID string
	// Patients are the individuals, each once, however many of the tokens were
	// theirs. Their number is that of a breach file.
	Patients []safeguard.Patient
	// Unresolved are tokens behind which nobody was found: patients who are in
	// no list any more, of another tenant, or of an epoch whose key is gone. If
	// it is not empty, there may be more individuals than Patients.
	Unresolved []string
}

// Resolve turns tokens back into patients, with a list of the tenant's patients
// that is read once and not kept: for each one it makes the tokens under every
// key and compares. The list may name one twice; an error of it is an error of
// Resolve, since a list that breaks off finds too few.
//
// It is a question of its own, AskResolve, and authorised and recorded as one:
// by whom, why, how many tokens and how many individuals. It returns
// [ErrTooMany] for more tokens than Options.MaxTokens.
//
// Controls: HIPAA 164.312(b), 164.312(a)(1); NIST CSF 2.0 PR.PS-04, PR.AA-05.
func (l *Log) Resolve(ctx context.Context, purpose safeguard.Purpose, tokens []string, people iter.Seq2[safeguard.Patient, error]) (*Individuals, error) {
	return l.resolve(ctx, purpose, tokens, func(tenant string, open map[string]struct{}) ([]safeguard.Patient, error) {
		if people == nil {
			return nil, errors.New("query: resolve: no list of patients")
		}
		return l.fromList(ctx, tenant, open, people)
	})
}

// ResolveMap is [Log.Resolve] with a sealed map instead of a list. If the key of
// a token's epoch is at hand, the patient of the map must have that token; a
// map that says otherwise is an error.
//
// Controls: HIPAA 164.312(b), 164.312(a)(1); NIST CSF 2.0 PR.PS-04, PR.AA-05.
func (l *Log) ResolveMap(ctx context.Context, purpose safeguard.Purpose, tokens []string, m TokenMap) (*Individuals, error) {
	return l.resolve(ctx, purpose, tokens, func(tenant string, open map[string]struct{}) ([]safeguard.Patient, error) {
		if m == nil {
			return nil, errors.New("query: resolve: no map")
		}
		return l.fromMap(ctx, tenant, open, m)
	})
}

// resolve asks whether it may, has find take the tokens that it finds out of
// the open ones, and makes that durable.
func (l *Log) resolve(ctx context.Context, purpose safeguard.Purpose, tokens []string, find func(tenant string, open map[string]struct{}) ([]safeguard.Patient, error)) (*Individuals, error) {
	q := Question{Kind: AskResolve, Purpose: purpose}
	who, err := l.admit(ctx, &q, "")
	if err != nil {
		return nil, err
	}
	if len(tokens) > l.opts.MaxTokens {
		return nil, l.fail(ctx, &q, who, fmt.Errorf("%w: more than %d tokens", ErrTooMany, l.opts.MaxTokens))
	}
	open := make(map[string]struct{}, len(tokens))
	for _, t := range tokens {
		open[t] = struct{}{}
	}
	asked := len(open)
	patients, err := find(who.principal.Tenant, open)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, l.fail(ctx, &q, who, err)
	}
	out := &Individuals{Patients: patients}
	for t := range open {
		out.Unresolved = append(out.Unresolved, t)
	}
	slices.Sort(out.Unresolved)
	out.ID, err = l.record(ctx, &q, who, account{allowed: true, count: len(patients), asked: asked})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (l *Log) fromList(ctx context.Context, tenant string, open map[string]struct{}, people iter.Seq2[safeguard.Patient, error]) ([]safeguard.Patient, error) {
	var found []safeguard.Patient
	n := 0
	for p, err := range people {
		if err != nil {
			return nil, fmt.Errorf("query: resolve: the list of patients: %w", err)
		}
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if len(open) == 0 {
			break
		}
		// A patient who is in the list again has no open tokens any more.
		hit := false
		for _, t := range l.tokens.FindPatient(tenant, p) {
			if _, wanted := open[t]; wanted {
				delete(open, t)
				hit = true
			}
		}
		if hit {
			found = append(found, p)
		}
	}
	return found, nil
}

func (l *Log) fromMap(ctx context.Context, tenant string, open map[string]struct{}, m TokenMap) ([]safeguard.Patient, error) {
	var found []safeguard.Patient
	known := map[safeguard.Patient]struct{}{}
	tokens := make([]string, 0, len(open))
	for t := range open {
		tokens = append(tokens, t)
	}
	slices.Sort(tokens)
	for _, t := range tokens {
		p, err := m.Lookup(ctx, tenant, t)
		if err != nil {
			return nil, fmt.Errorf("query: resolve: the map: %w", err)
		}
		if p.IsZero() {
			continue
		}
		if !l.plausible(tenant, p, t) {
			return nil, errors.New("query: resolve: the map names a patient who has another token")
		}
		delete(open, t)
		if _, again := known[p]; !again {
			known[p] = struct{}{}
			found = append(found, p)
		}
	}
	return found, nil
}

// plausible reports whether p has the token t, or the key of its epoch is not
// at hand.
func (l *Log) plausible(tenant string, p safeguard.Patient, t string) bool {
	epoch, _, _ := strings.Cut(t, ".")
	for _, own := range l.tokens.FindPatient(tenant, p) {
		if own == t {
			return true
		}
		if e, _, _ := strings.Cut(own, "."); e == epoch {
			return false
		}
	}
	return true
}
