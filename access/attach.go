package access

import "fmt"

// An Attacher is an optional power of Options.Roles: a source that ends what is
// under way when somebody's access ends must know every Guard that asks it.
// [New] calls Attach, so that no program can forget to; an error of it is one of
// New. The source keeps the Guard, so make one for the life of both. The Guard
// is complete but nobody has it yet. Package access/workforce has one.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
type Attacher interface {
	Attach(g *Guard) error
}

// attach tells the source of roles of g.
func (g *Guard) attach() error {
	source, ok := g.options.Roles.(Attacher)
	if !ok {
		return nil
	}
	if err := source.Attach(g); err != nil {
		return fmt.Errorf("access: attach: %w", err)
	}
	return nil
}
