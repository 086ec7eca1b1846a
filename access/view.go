package access

// A Coding is a security label as data carries it, one of meta.security in
// FHIR. Without a system or a code it is one that cannot be read.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
type Coding struct{ System, Code string }

// Labelled returns the decision on data of the same resource that carries
// labels besides those of its Request, for what projects data that
// [Decision.Project] does not read. It shows what the rules show that take in
// all labels, which is never more; if none does, it is a denial with
// [CodeLabel], or with the code of what these labels would need that was not
// asked for. A label that cannot be read, or that the policy does not know, is
// above every ceiling. See [Labels]. A denial stays what it is.
func (d Decision) Labelled(labels ...Coding) Decision {
	if d.verdict == nil || d.verdict.code != codeAllowed || d.guard == nil {
		return d
	}
	p := d.engine.policy
	var l labelSet
	purposes := uint32(0)
	for _, c := range labels {
		label, named := p.coded([]byte(c.System), []byte(c.Code))
		l, purposes = l.join(label), purposes|named
	}
	if purposes != 0 && purposes&d.verdict.question.purpose == 0 {
		l.level = levelUnknown
	}
	return d.on(l)
}

// under returns the decision on data that has labels besides those of its
// Request. The zero Labels say nothing.
func (d Decision) under(labels *Labels) Decision {
	if d.verdict == nil || d.verdict.code != codeAllowed || labels.Confidentiality == "" && len(labels.Sensitivity) == 0 {
		return d
	}
	return d.on(d.engine.policy.labelSet(labels))
}

// on returns an allowed decision as it is under more labels.
func (d Decision) on(l labelSet) Decision {
	v := d.verdictOn(d.engine.policy.resources[d.Resource], l)
	if v == d.verdict {
		return d
	}
	g, request := d.guard, Request{Resource: d.Resource, Action: d.Action, Purpose: d.Purpose}
	if v == nil {
		g.refuseAt(d.engine, &request, codeLabel, &d)
		return d
	}
	g.fill(&d, &request, d.engine, v.code)
	d.settle(v)
	return d
}

// LooksInside reports whether the decision covers only some resources of its
// type, those that its [Scope] holds, so that each must be asked about by its
// document, as Project does. What cannot ask must show nothing.
func (d Decision) LooksInside() bool {
	return d.scope != nil && d.scope.scope.Filtered(d.Resource, d.Action)
}
