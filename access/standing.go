package access

import (
	"context"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// standing is what a list of roles comes to under one policy. It is immutable.
type standing struct {
	*holding
	sum      uint64 // of holding
	mark     *mark  // of the engine
	code     code   // of the roles
	crowded  bool   // too many of them are active at once
	from, to int64  // when the training is current, in nanoseconds since 1970
}

// standing returns what s comes to under e. It is computed once.
func (s *Subject) standing(e *engine) *standing {
	if known := s.compiled.Load(); known != nil && known.mark == e.mark {
		return known
	}
	known := e.standing(s.Roles, s.Trained)
	s.compiled.Store(known)
	return known
}

// standing returns what roles and training come to.
func (e *engine) standing(names []string, trained map[string]time.Time) *standing {
	s := e.granted(names)
	s.from, s.to = e.policy.trained(trained)
	return intern(&e.standings, mix(s.sum^uint64(s.code), uint64(s.from)^uint64(s.to)<<1), &s)
}

// granted returns what a list of roles comes to.
func (e *engine) granted(names []string) standing {
	s := standing{mark: e.mark}
	var h holding
	for _, name := range names {
		i, known := e.policy.roles[name]
		if !known {
			s.code = codeUnknownRole
			return s
		}
		h.active.add(i)
	}
	s.holding, s.sum = e.holding(&h)
	switch {
	case h.active == (roleSet{}):
		s.code = codeNoRole
	case e.policy.broken(&h.active, false) != nil:
		s.code = codeSeparation
	default:
		s.crowded = e.policy.broken(&h.active, true) != nil
	}
	return s
}

// standing finds out what p is now.
func (g *Guard) standing(ctx context.Context, e *engine, p *safeguard.Principal, at *moment) (*standing, code) {
	if g.subjects == nil {
		names, err := g.options.Roles.Roles(ctx, *p)
		if err != nil || ctx.Err() != nil {
			return nil, codeRoleSource
		}
		s := e.standing(names, nil)
		return s, s.code
	}
	subject, err := g.subjects.Subject(ctx, *p)
	switch {
	case err != nil || ctx.Err() != nil:
		return nil, codeRoleSource
	case subject == nil || !subject.Active:
		return nil, codeInactive
	}
	s := subject.standing(e)
	if e.policy.training != nil {
		if today := g.clock.wall(at.now()); today < s.from || today >= s.to {
			return s, codeTraining
		}
	}
	return s, s.code
}

// activate finds out which roles count, and puts them into q.
func (s *standing) activate(e *engine, names []string, q *question) code {
	if names == nil {
		if s.crowded {
			return codeSeparation
		}
		q.holding, q.sum = s.holding, s.sum
		return codeAllowed
	}
	p := e.policy
	granted := p.closure(&s.active)
	var h holding
	for _, name := range names {
		i, known := p.roles[name]
		if !known || !granted.has(i) {
			return codeRoleInactive
		}
		h.active.add(i)
	}
	if h.active == (roleSet{}) {
		return codeRoleInactive
	}
	for i, word := range s.active {
		h.inactive[i] = word &^ h.active[i]
	}
	if p.broken(&h.active, true) != nil {
		return codeSeparation
	}
	q.holding, q.sum = e.holding(&h)
	return codeAllowed
}

// closure returns roles and all that they inherit.
func (p *Policy) closure(roles *roleSet) roleSet {
	var all roleSet
	roles.each(func(i int) { all.join(&p.named[i].closure) })
	return all
}
