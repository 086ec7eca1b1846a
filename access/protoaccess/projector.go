package protoaccess

import (
	"fmt"
	"maps"
	"sync"

	"github.com/safeguard-sdk/safeguard/access"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	maxDepth = 64
	maxSize  = 16 << 20
	maxPlans = 1024 // for as many pairs of a type and a decision
)

// Options are the settings of a Projector. nil and the zero value are the
// defaults.
//
// Controls: HIPAA 164.312(a)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
type Options struct {
	// Resources says which resource of the policy a message is. The default
	// for a message is its name without the package, so that
	// clinic.v1.Patient is a Patient.
	Resources map[protoreflect.FullName]string
	// ProtoNames says that the policy names fields as the .proto file does
	// ("birth_date"). The default is their JSON names ("birthDate").
	ProtoNames bool
}

// A Projector projects messages through decisions. It keeps a plan for each
// type of message and each set of rules, at most 1,024 of them. It is safe for
// concurrent use. The zero value works, with the default options.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
type Projector struct {
	options Options

	mu    sync.RWMutex
	plans map[protoreflect.MessageDescriptor]map[string]*plan
	count int
}

// New returns a Projector. It returns an error if Options.Resources names no
// resource for a message.
//
// Controls: HIPAA 164.312(a)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func New(opts *Options) (*Projector, error) {
	if opts == nil {
		opts = &Options{}
	}
	for message, resource := range opts.Resources {
		if resource == "" {
			return nil, fmt.Errorf("protoaccess: options: no resource for %s", message)
		}
	}
	return &Projector{options: Options{Resources: maps.Clone(opts.Resources), ProtoNames: opts.ProtoNames}}, nil
}

// Project takes out of m what the decision does not show, and all unknown
// fields. Security labels in m decide by which rules it is seen, whether they may
// be seen or not, as those in a document do for access.Decision.Project; above
// the ceiling of all of them the error is access.ErrLabel. The error unwraps to access.ErrProjection if the decision does not
// allow, m is no message of its Resource, is nil or is nested deeper than 64; m
// is then to be thrown away, for part of it may be projected.
//
// Required fields (proto2) are taken out like others, so that the message may
// have to be marshalled with AllowPartial. m must not be used by others
// meanwhile.
func (p *Projector) Project(d access.Decision, m proto.Message) error {
	if m == nil || !m.ProtoReflect().IsValid() {
		return refused("there is no message")
	}
	r := m.ProtoReflect()
	plan, err := p.plan(d, r.Descriptor())
	if err != nil {
		return err
	}
	labels, err := plan.labels(r, 0)
	if err == nil && len(labels) > 0 {
		plan, err = p.labelled(d, r.Descriptor(), labels)
	}
	if err != nil {
		return err
	}
	_, void, err := plan.prune(r, 0)
	if err == nil && void {
		err = refused(voidRoot)
	}
	return err
}

// ProjectWire appends to dst what the decision shows of src, a message of the
// given type in its binary encoding, and returns the extended slice. src is read
// to its end and refused if it is malformed, also where nothing is shown, if a
// string is not UTF-8, or two members of a oneof or two parts of a message, which
// some would merge, are there. It has at most 16 MiB and 64 levels. The error unwraps to access.ErrProjection and holds nothing of
// the content. dst and src must not overlap.
//
// Security labels count as for Project.
//
// What comes out is the encoding of what Project leaves of the message. Fields
// stay in their order.
func (p *Projector) ProjectWire(d access.Decision, message protoreflect.MessageDescriptor, dst, src []byte) ([]byte, error) {
	if message == nil || len(src) > maxSize {
		return nil, refused("there is no type of message, or the message is too long")
	}
	plan, err := p.plan(d, message)
	if err != nil {
		return nil, err
	}
	s := scan{dst: dst}
	_, void := plan.scan(&s, src, true, 0)
	if s.fault == "" && len(s.labels) > 0 {
		if plan, err = p.labelled(d, message, s.labels); err != nil {
			return nil, err
		}
		s = scan{dst: dst}
		_, void = plan.scan(&s, src, true, 0)
	}
	if void && s.fault == "" {
		s.fault = voidRoot
	}
	if s.fault != "" {
		return nil, refused(s.fault)
	}
	return s.dst, nil
}

const voidRoot = "a modifierExtension changes the meaning of the resource"

func refused(what string) error { return fmt.Errorf("%w: %s", access.ErrProjection, what) }

// labelled is plan for a message that carries security labels.
func (p *Projector) labelled(d access.Decision, message protoreflect.MessageDescriptor, labels []access.Coding) (*plan, error) {
	if d = d.Labelled(labels...); !d.Allowed {
		return nil, access.ErrLabel
	}
	return p.plan(d, message)
}

// plan returns what to do with a type of message under a decision.
func (p *Projector) plan(d access.Decision, message protoreflect.MessageDescriptor) (*plan, error) {
	record := d.Record() // is what was decided, whatever was made of d's own fields
	switch {
	case !record.Allowed:
		return nil, refused("the decision does not allow it")
	case d.Resource != p.resource(message):
		return nil, refused("the message is not of the resource that was decided on")
	case d.LooksInside():
		return nil, refused("the scope covers only some resources, which cannot be told of a message")
	}
	key := make([]byte, 0, 256)
	key = append(append(key, record.Policy...), 0)
	for _, rule := range record.Rules {
		key = append(append(key, rule...), 0)
	}
	p.mu.RLock()
	known := p.plans[message][string(key)]
	p.mu.RUnlock()
	if known != nil {
		return known, nil
	}
	c := compiler{decision: d, protoNames: p.options.ProtoNames, listed: listedOf(record.Fields), shown: map[state]*plan{}}
	made := c.root(message)
	p.keep(message, string(key), made)
	return made, nil
}

func (p *Projector) keep(message protoreflect.MessageDescriptor, key string, made *plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.plans == nil || p.count >= maxPlans {
		p.plans, p.count = map[protoreflect.MessageDescriptor]map[string]*plan{}, 0
	}
	if p.plans[message] == nil {
		p.plans[message] = map[string]*plan{}
	}
	p.plans[message][key] = made
	p.count++
}

// resource is what the policy calls a message.
func (p *Projector) resource(message protoreflect.MessageDescriptor) string {
	if name := p.options.Resources[message.FullName()]; name != "" {
		return name
	}
	return string(message.Name())
}
