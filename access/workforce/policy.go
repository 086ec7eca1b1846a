package workforce

import "github.com/safeguard-sdk/safeguard/access"

// policy returns the policy in force, by which roles are granted and glass is
// broken: that of Options.Policy, or else of the Guards that were attached. While
// two of them decide by different ones, which is right is not known, and so none
// is.
func (r *Registry) policy() (*access.Policy, error) {
	var found *access.Policy
	if r.options.Policy != nil {
		found = r.options.Policy()
	} else {
		for _, g := range r.cutters.guards() {
			p := g.Policy()
			if found != nil && found.Hash() != p.Hash() {
				return nil, refuse("the Guards have different policies, and Options.Policy does not say which")
			}
			found = p
		}
	}
	if found == nil {
		return nil, refuse("no policy is set")
	}
	return found, nil
}
