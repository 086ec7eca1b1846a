package protoaccess

import (
	"strings"

	"github.com/safeguard-sdk/safeguard/access"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// plan says what to do with each field of one message.
type plan struct {
	dense  []*field // by number, for small ones
	sparse map[protowire.Number]*field
	once   int  // how many oneofs and messages that are not in a list
	open   bool // an empty message is shown
}

const denseFields = 256

func (p *plan) field(n protowire.Number) *field {
	if n < denseFields {
		if int(n) < len(p.dense) {
			return p.dense[n]
		}
		return nil
	}
	return p.sparse[n]
}

func (p *plan) add(n protowire.Number, f *field) {
	if n >= denseFields {
		if p.sparse == nil {
			p.sparse = map[protowire.Number]*field{}
		}
		p.sparse[n] = f
		return
	}
	for int(n) >= len(p.dense) {
		p.dense = append(p.dense, nil)
	}
	p.dense[n] = f
}

// field is one field of a plan.
type field struct {
	number   protowire.Number
	kind     protoreflect.Kind
	wire     protowire.Type
	repeated bool // of a scalar that may be packed
	isMap    bool
	show     bool // leaves: the value; messages: something in it
	opaque   bool // a message that is shown as it is
	modifier bool // if it is there and not shown, neither is the message
	once     int  // which of plan.once, from 1, 0 for none
	alone    bool // a message that is not in a list
	plain    bool // a scalar of which nothing more has to be known
	closed   protoreflect.EnumValueDescriptors
	common   uint64  // those below 64 of closed
	child    *plan   // of messages
	label    *coding // of security labels
}

// listed is the tree of the paths that rules list.
type listed struct {
	here     bool
	children map[string]*listed
}

// listedOf builds it from paths that begin with the name of the resource.
func listedOf(paths []string) *listed {
	root := &listed{}
	for _, path := range paths {
		_, path, _ = strings.Cut(path, ".")
		if path == "*" {
			root.here = true
			continue
		}
		l := root
		for key := range strings.SplitSeq(path, ".") {
			if l.children[key] == nil {
				if l.children == nil {
					l.children = map[string]*listed{}
				}
				l.children[key] = &listed{}
			}
			l = l.children[key]
		}
		l.here = true
	}
	return root
}

func (l *listed) child(key string) *listed {
	if l == nil {
		return nil
	}
	return l.children[key]
}

// compiler makes plans.
type compiler struct {
	decision   access.Decision
	protoNames bool
	listed     *listed
	shown      map[state]*plan // of messages shown whole, which may contain themselves
}

// state is all that the plan of a message depends on where no rule denies
// anything below it.
type state struct {
	message protoreflect.MessageDescriptor
	listed  *listed
	open    bool
}

// probe is the name of a field that no rule can name. It is permitted where
// what no rule names is.
const probe = "?"

func (c *compiler) root(m protoreflect.MessageDescriptor) *plan {
	return c.message(m, "", c.listed, false)
}

// message plans a message at a path, "" for the resource. whole says that
// the path is permitted whole.
func (c *compiler) message(m protoreflect.MessageDescriptor, path string, l *listed, whole bool) *plan {
	open := c.decision.Permits(join(path, probe))
	made := &plan{once: m.Oneofs().Len(), open: open}
	if whole || !open {
		key := state{m, l, open}
		if !open && l == nil {
			key.listed = nil // hidden, whatever the path
		}
		if known := c.shown[key]; known != nil {
			return known
		}
		c.shown[key] = made
	}
	for i := range m.Fields().Len() {
		fd := m.Fields().Get(i)
		f := c.field(fd, path, l)
		if f.alone && f.once == 0 {
			made.once++
			f.once = made.once
		}
		made.add(fd.Number(), f)
	}
	return made
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (c *compiler) name(fd protoreflect.FieldDescriptor) string {
	if c.protoNames {
		return string(fd.Name())
	}
	return fd.JSONName()
}

// field plans a field of the message at a path.
func (c *compiler) field(fd protoreflect.FieldDescriptor, path string, l *listed) *field {
	name := c.name(fd)
	path, l = join(path, name), l.child(name)
	f := &field{
		number: fd.Number(), kind: fd.Kind(), wire: wireType(fd.Kind()), isMap: fd.IsMap(), repeated: fd.IsList() && fd.Kind() != protoreflect.MessageKind,
		modifier: fd.JSONName() == "modifierExtension", alone: fd.Kind() == protoreflect.MessageKind && fd.Cardinality() != protoreflect.Repeated,
	}
	if o := fd.ContainingOneof(); o != nil {
		f.once = o.Index() + 1
	}
	f.close(fd)
	f.plain = fd.Message() == nil && f.closed == nil && !f.modifier
	f.label = codingOf(fd)
	whole := c.decision.Permits(path)
	switch {
	case fd.Kind() == protoreflect.GroupKind:
	case fd.IsMap():
		f.show = whole
		f.child = c.entry(fd, path, whole)
	case fd.Message() == nil:
		f.show = whole || l != nil && l.here
	default:
		f.child = c.message(fd.Message(), path, l, whole)
		f.opaque = isOpaque(fd.Message())
		f.show = f.child.shows()
		if f.opaque {
			f.show = whole && l != nil && l.here
		}
	}
	return f
}

// close keeps the values of a closed enum.
func (f *field) close(fd protoreflect.FieldDescriptor) {
	if fd.Enum() == nil || !fd.Enum().IsClosed() {
		return
	}
	f.closed = fd.Enum().Values()
	for i := range f.closed.Len() {
		if n := f.closed.Get(i).Number(); n >= 0 && n < 64 {
			f.common |= 1 << n
		}
	}
}

// entry plans an entry of a map. Rules name no keys.
func (c *compiler) entry(fd protoreflect.FieldDescriptor, path string, whole bool) *plan {
	made := &plan{open: whole}
	key, value := fd.MapKey(), fd.MapValue()
	made.add(1, &field{number: 1, kind: key.Kind(), wire: wireType(key.Kind()), show: whole, plain: true})
	f := &field{number: 2, kind: value.Kind(), wire: wireType(value.Kind()), show: whole}
	f.close(value)
	f.plain = value.Message() == nil && f.closed == nil
	if m := value.Message(); m != nil {
		f.child = c.message(m, path, nil, whole)
		f.modifier = true // without its value an entry is none
		f.show = whole && !isOpaque(m)
	}
	made.add(2, f)
	return made
}

// shows reports whether a message can show anything.
func (p *plan) shows() bool {
	if p.open {
		return true
	}
	for _, f := range p.dense {
		if f != nil && f.show {
			return true
		}
	}
	for _, f := range p.sparse {
		if f.show {
			return true
		}
	}
	return false
}

// isOpaque reports whether the descriptor of a message does not say what is in
// it.
func isOpaque(m protoreflect.MessageDescriptor) bool {
	switch m.FullName() {
	case "google.protobuf.Any", "google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.ListValue":
		return true
	}
	return false
}

func wireType(k protoreflect.Kind) protowire.Type {
	switch k {
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		return protowire.Fixed32Type
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		return protowire.Fixed64Type
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.MessageKind:
		return protowire.BytesType
	case protoreflect.GroupKind:
		return protowire.StartGroupType
	}
	return protowire.VarintType
}
