package access

// scopedRequest is a Scope with the request that it narrows.
type scopedRequest struct {
	scope   Scope
	request Request
}

// scopedTo returns nil without a scope.
func scopedTo(s Scope, r *Request) *scopedRequest {
	if s == nil {
		return nil
	}
	return &scopedRequest{s, *r}
}

// permits reports whether the scope covers the same request about another
// resource. The Scope gets a copy.
func (s *scopedRequest) permits(resource string, labels Labels) bool {
	r := s.request
	r.Resource, r.Labels = resource, labels
	return s.scope.Permits(&r)
}

// covers reports whether the scope covers one resource of a type, by its
// document.
func (d *Decision) covers(resource string, document []byte) bool {
	if d.scope == nil || !d.scope.scope.Filtered(resource, d.Action) {
		return true
	}
	return d.scope.scope.Holds(resource, d.Action, document)
}
