package protoaccess

import (
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// scan is one run of ProjectWire.
type scan struct {
	dst   []byte
	fault string
}

const malformed = "malformed protobuf"

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
	var few [16]protowire.Number
	members := few[:]
	if p.oneofs > len(few) {
		members = make([]protowire.Number, p.oneofs)
	}
	for len(src) > 0 {
		number, wire, n := protowire.ConsumeTag(src)
		if n < 0 {
			return s.fail(malformed), false
		}
		size := protowire.ConsumeFieldValue(number, wire, src[n:])
		if size < 0 {
			return s.fail(malformed), false
		}
		whole, value := src[:n+size], src[n:n+size]
		src = src[n+size:]
		f := p.field(number)
		if f == nil || !f.takes(wire) {
			continue // not in the descriptor
		}
		if f.oneof != 0 {
			member := &members[f.oneof-1]
			if *member != 0 && *member != number {
				return s.fail("two members of a oneof"), false
			}
			*member = number
		}
		shown := f.scan(s, whole, value, wire, emit && f.show, depth)
		if s.fault != "" {
			return false, false
		}
		kept = kept || shown
		void = void || f.modifier && emit && !shown
	}
	return kept, void
}

// takes reports whether the field may have a wire type.
func (f *field) takes(wire protowire.Type) bool {
	return wire == f.wire || f.repeated && wire == protowire.BytesType
}

// scan reads one field, whole with its tag, and reports whether it was shown.
func (f *field) scan(s *scan, whole, value []byte, wire protowire.Type, emit bool, depth int) bool {
	switch {
	case f.kind == protoreflect.GroupKind:
		return false
	case f.child != nil:
		return f.scanMessage(s, whole, value, emit, depth)
	case wire == protowire.BytesType && f.wire != protowire.BytesType:
		return f.scanPacked(s, whole, value, emit)
	}
	if f.kind == protoreflect.StringKind {
		text, _ := protowire.ConsumeBytes(value)
		if !utf8.Valid(text) {
			return s.fail("a string is not UTF-8")
		}
	}
	if !emit || f.closed != nil && !f.isKnown(value) {
		return false
	}
	s.dst = append(s.dst, whole...)
	return true
}

// isKnown reports whether the enum has a value. Those of closed enums that it
// does not have count as unknown fields.
func (f *field) isKnown(value []byte) bool {
	v, _ := protowire.ConsumeVarint(value)
	return f.closed.ByNumber(protoreflect.EnumNumber(int32(v))) != nil
}

// scanPacked reads several values of a repeated field.
func (f *field) scanPacked(s *scan, whole, value []byte, emit bool) bool {
	values, _ := protowire.ConsumeBytes(value)
	shown := emit && f.closed == nil && len(values) > 0
	if shown {
		s.dst = append(s.dst, whole...)
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
func (f *field) scanMessage(s *scan, whole, value []byte, emit bool, depth int) bool {
	body, _ := protowire.ConsumeBytes(value)
	if f.opaque || !emit {
		f.child.scan(s, body, false, depth+1)
		if emit && s.fault == "" {
			s.dst = append(s.dst, whole...)
		}
		return emit && s.fault == ""
	}
	mark := len(s.dst)
	s.dst = append(s.dst, whole[:len(whole)-len(value)]...)
	begin := len(s.dst)
	room := protowire.SizeVarint(uint64(len(body)))
	s.dst = append(s.dst, value[:room]...) // as many bytes as the length takes at most
	kept, void := f.child.scan(s, body, true, depth+1)
	if s.fault != "" || void || !kept && (!f.child.open || len(body) > 0) {
		s.dst = s.dst[:mark]
		return false
	}
	s.close(begin, room)
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
