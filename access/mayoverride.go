package access

// MayBreakGlass reports whether one of the roles, by itself or by what it
// inherits, is one that the policy lets break the glass. A role that the policy
// does not have counts for nothing, and without emergency rules the answer is
// false. It says nothing of whether an account is active, who is trained or
// what a grant would give: decisions do.
//
// Controls: HIPAA 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
func (p *Policy) MayBreakGlass(roles ...string) bool {
	if p.emergency == nil {
		return false
	}
	for _, name := range roles {
		if i, known := p.roles[name]; known && p.emergency.holders.has(i) {
			return true
		}
	}
	return false
}
