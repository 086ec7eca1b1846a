package access

import (
	"errors"
	"fmt"
)

// ErrSeparation reports roles that nobody may have together.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.308(a)(3)(ii)(B); NIST CSF 2.0 PR.AA-05.
var ErrSeparation = errors.New("access: separation of duties: roles that nobody may have together")

// Separated returns an error if nobody may be granted all of roles: if they
// break a static separation of duties, with all that they inherit (INCITS
// 359, SSD), or if the policy does not have one of them. A program that grants
// roles asks it before it does; a Guard denies who has them all the same.
// The error unwraps to [ErrSeparation] and names roles and the id of the
// separation. Dynamic separations, which are about the roles that are active at
// once, are no reason not to grant.
func (p *Policy) Separated(roles []string) error {
	var set roleSet
	for _, name := range roles {
		i, known := p.roles[name]
		if !known {
			return fmt.Errorf("%w: the policy has no role %s", ErrSeparation, quote(name))
		}
		set.add(i)
	}
	if s := p.broken(&set, false); s != nil {
		return fmt.Errorf("%w: %s", ErrSeparation, p.tooMany(s, &set))
	}
	return nil
}

// broken returns the first static or dynamic separation that roles break, with
// what they inherit.
func (p *Policy) broken(roles *roleSet, dynamic bool) *separation {
	var all roleSet
	for i, s := range p.separations {
		if i == 0 {
			all = p.closure(roles)
		}
		if s.dynamic == dynamic && all.shared(&s.roles) > s.max {
			return s
		}
	}
	return nil
}

// tooMany says how roles break s.
func (p *Policy) tooMany(s *separation, roles *roleSet) string {
	all := p.closure(roles)
	for i := range all {
		all[i] &= s.roles[i]
	}
	return fmt.Sprintf("%s allows %d of %s", s.id, s.max, join(p.roleNames(&all), ", "))
}

// breaks says which separation the roles break of which these are active, nil
// for all, and what would be needed.
func (s *standing) breaks(p *Policy, active []string) string {
	roles := s.active
	if b := p.broken(&roles, false); b != nil {
		return p.tooMany(b, &roles) + "; needed is to have fewer roles"
	}
	if active != nil {
		roles = roleSet{}
		for _, name := range active {
			if i, known := p.roles[name]; known {
				roles.add(i)
			}
		}
	}
	if b := p.broken(&roles, true); b != nil {
		return p.tooMany(b, &roles) + " to be active at once; needed is to activate fewer"
	}
	return ""
}
