package audit

// Flag notes codes about the access, such as "same-surname", "same-household",
// "coworker", "vip", "self" or "after-hours": a program computes them, a review
// looks at them. A code has at most 32 bytes of a-z, 0-9 and hyphens; others
// are recorded as "invalid".
func (e *Entry) Flag(codes ...string) {}

// Explain notes the code of the relationship that explains the access, such as
// "appointment", "care-team" or "referral".
func (e *Entry) Explain(code string) {}

// SetBreakGlass notes that the access is an emergency override. The purposes
// BTG and ETREAT note it by themselves.
func (e *Entry) SetBreakGlass() {}

// Disclose notes that the access is a disclosure that may have to be accounted
// for; its record gets [TypeDisclosed].
func (e *Entry) Disclose(d Disclosure) {}
