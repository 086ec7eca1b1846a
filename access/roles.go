package access

import (
	"context"

	"github.com/safeguard-sdk/safeguard"
)

// A RoleSource says which roles a principal has now. Every decision asks it,
// and every commit of an answer asks it again, so whoever loses a role is
// refused at the next of the two.
//
//   - It must be safe for concurrent use and return soon after ctx is done.
//   - An error is a denial. A principal without roles is an empty list.
//   - A role that the policy does not have is a denial as well, since the
//     rules that it was meant to carry, denials among them, are unknown.
//   - It must not keep or change the slice after it has returned it.
//   - It gets the whole principal: IDs are unique within a tenant only.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.308(a)(4)(ii)(C), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
type RoleSource interface {
	Roles(ctx context.Context, p safeguard.Principal) ([]string, error)
}

// Assignments is a RoleSource that never changes: the roles by the ID of the
// principal. It is for tests, small services and services with one tenant: a
// principal of a tenant has no roles in it. It must not be changed once a
// Guard uses it.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
type Assignments map[string][]string

// Roles returns the roles of p.
func (a Assignments) Roles(_ context.Context, p safeguard.Principal) ([]string, error) {
	if p.Tenant != "" {
		return nil, nil
	}
	return a[p.ID], nil
}

// Relationships says what a principal is to a patient: "care-team",
// "treating", "self" and so on, the names that the policy's rules ask for. It
// is asked when a rule of the caller about the action and purpose asks for one
// and the request names a patient. An error is a denial; a name that the policy
// does not use counts for nothing, since relationships only ever allow. It must
// be safe for concurrent use and must not keep or log the patient.
//
// It is asked for the resource of the request. An entry of a Bundle that is of
// another type, and needs a relationship that the request's own type does not,
// is left out, whatever the caller is to the patient: ask for that type itself.
//
// Controls: HIPAA 164.312(a)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
type Relationships interface {
	Relations(ctx context.Context, p safeguard.Principal, patient safeguard.Patient) ([]string, error)
}

// unknownRole returns the first role by name that a assigns and the policy
// lacks.
func (p *Policy) unknownRole(a Assignments) (role string, found bool) {
	for _, names := range a {
		for _, name := range names {
			if _, known := p.roles[name]; !known && (!found || name < role) {
				role, found = name, true
			}
		}
	}
	return role, found
}
