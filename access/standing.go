package access

import (
	"context"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// standing is what a list of roles comes to under one policy.
type standing struct {
	engine   *engine
	roles    roleSet
	code     code      // of the roles
	crowded  bool      // too many of them are active at once
	from, to time.Time // when the training is current
}

// standing returns what s comes to under e. It is computed once.
func (s *Subject) standing(e *engine) *standing {
	if known := s.compiled.Load(); known != nil && known.engine == e {
		return known
	}
	now := e.policy.standing(s.Roles)
	now.engine = e
	now.from, now.to = e.policy.trained(s.Trained)
	s.compiled.Store(&now)
	return &now
}

// standing returns what a list of roles comes to.
func (p *Policy) standing(names []string) standing {
	var s standing
	for _, name := range names {
		i, known := p.roles[name]
		if !known {
			return standing{code: codeUnknownRole}
		}
		s.roles.add(i)
	}
	switch {
	case s.roles == (roleSet{}):
		s.code = codeNoRole
	case p.broken(&s.roles, false) != nil:
		s.code = codeSeparation
	default:
		s.crowded = p.broken(&s.roles, true) != nil
	}
	return s
}

// grants finds out the roles of p, and whether the account may be used.
func (g *Guard) grants(ctx context.Context, e *engine, p safeguard.Principal) (standing, code) {
	if g.subjects == nil {
		names, err := g.options.Roles.Roles(ctx, p)
		if err != nil || ctx.Err() != nil {
			return standing{}, codeRoleSource
		}
		s := e.policy.standing(names)
		return s, s.code
	}
	subject, err := g.subjects.Subject(ctx, p)
	switch {
	case err != nil || ctx.Err() != nil:
		return standing{}, codeRoleSource
	case subject == nil || !subject.Active:
		return standing{}, codeInactive
	}
	s := subject.standing(e)
	if e.policy.training != nil {
		if now := time.Now(); now.Before(s.from) || !now.Before(s.to) {
			return *s, codeTraining
		}
	}
	return *s, s.code
}

// activate finds out which roles count.
func (g *Guard) activate(ctx context.Context, e *engine, p safeguard.Principal, active []string, q *question) code {
	s, c := g.grants(ctx, e, p)
	if c != codeAllowed {
		return c
	}
	if active == nil {
		q.active = s.roles
		if s.crowded {
			return codeSeparation
		}
		return codeAllowed
	}
	granted := e.policy.closure(&s.roles)
	for _, name := range active {
		i, known := e.policy.roles[name]
		if !known || !granted.has(i) {
			return codeRoleInactive
		}
		q.active.add(i)
	}
	if q.active == (roleSet{}) {
		return codeRoleInactive
	}
	for i, word := range s.roles {
		q.inactive[i] = word &^ q.active[i]
	}
	if e.policy.broken(&q.active, true) != nil {
		return codeSeparation
	}
	return codeAllowed
}

// closure returns roles and all that they inherit.
func (p *Policy) closure(roles *roleSet) roleSet {
	var all roleSet
	roles.each(func(i int) { all.join(&p.named[i].closure) })
	return all
}
