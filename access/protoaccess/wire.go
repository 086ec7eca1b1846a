package protoaccess

import (
	"unicode/utf8"

	"github.com/safeguard-sdk/safeguard/access"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// scan is one run of ProjectWire.
type scan struct {
	dst     []byte
	members []protowire.Number // of what is once in the messages around, which were seen
	labels  []access.Coding
	fault   string
}

const (
	malformed = "malformed protobuf"
	notText   = "a string is not UTF-8"
)

func (s *scan) fail(what string) bool {
	if s.fault == "" {
		s.fault = what
	}
	return false
}

// scan reads one message and, if emit is set, appends what may be seen of it.
// It reports whether anything was, and whether the message means something else
// without what was not.
func (p *plan) scan(s *scan, src []byte, emit bool, depth int) (kept, void bool) {
	if depth > maxDepth {
		return s.fail("nested too deep"), false
	}
	base := len(s.members)
	for range p.once {
		s.members = append(s.members, 0)
	}
	var r raw
	for len(src) > 0 {
		if !r.read(src) {
			return s.fail(malformed), false
		}
		src = src[len(r.whole):]
		f := p.field(r.number)
		if f == nil || !f.takes(r.wire) {
			continue // not in the descriptor
		}
		if f.once != 0 {
			member := &s.members[base+f.once-1]
			if *member != 0 && (f.alone || *member != r.number) {
				return s.fail("two members of a oneof, or a message in two parts"), false
			}
			*member = r.number
		}
		if f.plain && r.wire == f.wire { // as most are
			if f.kind == protoreflect.StringKind && !utf8.Valid(r.body()) {
				return s.fail(notText), false
			}
			if emit && f.show {
				s.dst = append(s.dst, r.whole...)
				kept = true
			}
			continue
		}
		shown := f.scan(s, &r, emit && f.show, depth)
		if s.fault != "" {
			return false, false
		}
		kept = kept || shown
		void = void || f.modifier && emit && !shown
	}
	s.members = s.members[:base]
	return kept, void
}

// raw is one field of an encoded message.
type raw struct {
	whole  []byte // with its tag
	tag    int    // bytes of the tag
	head   int    // bytes before the content, of a wire type that has a length
	number protowire.Number
	wire   protowire.Type
}

func (r *raw) value() []byte { return r.whole[r.tag:] }

func (r *raw) body() []byte { return r.whole[r.head:] }

// read reads the field that src, which is not empty, begins with.
func (r *raw) read(src []byte) bool {
	if tag := src[0]; tag >= 0x08 && tag < 0x80 {
		r.number, r.wire, r.tag = protowire.Number(tag>>3), protowire.Type(tag&7), 1
	} else if r.number, r.wire, r.tag = protowire.ConsumeTag(src); r.tag < 0 || r.number > protowire.MaxValidNumber {
		return false
	}
	value := src[r.tag:]
	size := 0
	switch {
	case r.wire == protowire.BytesType && len(value) > 0 && value[0] < 0x80 && int(value[0]) < len(value):
		r.head = r.tag + 1
		size = 1 + int(value[0])
	case r.wire == protowire.BytesType:
		var content []byte
		content, size = protowire.ConsumeBytes(value)
		r.head = r.tag + size - len(content)
	case r.wire == protowire.VarintType && len(value) > 0 && value[0] < 0x80:
		size = 1
	default:
		size = protowire.ConsumeFieldValue(r.number, r.wire, value)
	}
	if size < 0 {
		return false
	}
	r.whole = src[:r.tag+size]
	return true
}

// takes reports whether the field may have a wire type.
func (f *field) takes(wire protowire.Type) bool {
	return wire == f.wire || f.repeated && wire == protowire.BytesType
}

// scan reads one field and reports whether it was shown.
func (f *field) scan(s *scan, r *raw, emit bool, depth int) bool {
	switch {
	case f.kind == protoreflect.GroupKind:
		return false
	case f.child != nil:
		return f.scanMessage(s, r, emit, depth)
	case r.wire == protowire.BytesType && f.wire != protowire.BytesType:
		return f.scanPacked(s, r, emit)
	case f.kind == protoreflect.StringKind && !utf8.Valid(r.body()):
		return s.fail(notText)
	case !emit || f.closed != nil && !f.isKnown(r.value()):
		return false
	}
	s.dst = append(s.dst, r.whole...)
	return true
}

// isKnown reports whether the enum has a value. Those of closed enums that it
// does not have count as unknown fields.
func (f *field) isKnown(value []byte) bool {
	v, _ := protowire.ConsumeVarint(value)
	if v < 64 {
		return f.common>>v&1 != 0
	}
	return f.closed.ByNumber(protoreflect.EnumNumber(int32(v))) != nil
}

// scanPacked reads several values of a repeated field.
func (f *field) scanPacked(s *scan, r *raw, emit bool) bool {
	values := r.body()
	shown := emit && f.closed == nil && len(values) > 0
	if shown {
		s.dst = append(s.dst, r.whole...)
	}
	for len(values) > 0 {
		n := protowire.ConsumeFieldValue(f.number, f.wire, values)
		if n < 0 {
			return s.fail(malformed)
		}
		if emit && f.closed != nil && f.isKnown(values) {
			s.dst = protowire.AppendTag(s.dst, f.number, f.wire)
			s.dst = append(s.dst, values[:n]...)
			shown = true
		}
		values = values[n:]
	}
	return shown
}

// scanMessage reads a message inside another one. What is left empty is left
// out.
func (f *field) scanMessage(s *scan, r *raw, emit bool, depth int) bool {
	if f.label != nil {
		s.labels = append(s.labels, f.label.read(r.body()))
	}
	if f.opaque || !emit {
		f.child.scan(s, r.body(), false, depth+1)
		if emit && s.fault == "" {
			s.dst = append(s.dst, r.whole...)
		}
		return emit && s.fault == ""
	}
	mark := len(s.dst)
	room := protowire.SizeVarint(uint64(len(r.body())))
	s.dst = append(s.dst, r.whole[:r.tag+room]...) // as many bytes as the length takes at most
	kept, void := f.child.scan(s, r.body(), true, depth+1)
	if s.fault != "" || void || !kept && (!f.child.open || len(r.body()) > 0) {
		s.dst = s.dst[:mark]
		return false
	}
	s.close(mark+r.tag, room)
	return true
}

// close writes the length of what follows the room left for it.
func (s *scan) close(begin, room int) {
	length := uint64(len(s.dst) - begin - room)
	need := protowire.SizeVarint(length)
	if need < room {
		copy(s.dst[begin+need:], s.dst[begin+room:])
		s.dst = s.dst[:len(s.dst)-(room-need)]
	}
	protowire.AppendVarint(s.dst[:begin], length)
}
