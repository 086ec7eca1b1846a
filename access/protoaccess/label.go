package protoaccess

import (
	"strings"

	"github.com/safeguard-sdk/safeguard/access"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// coding says where the system and the code of a security label are.
type coding struct{ system, code part }

// part is a string field, or the string field "value" of a message.
type part struct{ field, inner protowire.Number }

// codingOf returns how to read a field of security labels: one called
// "security" whose messages have a system and a code. It returns nil for others.
func codingOf(fd protoreflect.FieldDescriptor) *coding {
	if fd.Kind() != protoreflect.MessageKind || fd.IsMap() || !strings.EqualFold(string(fd.Name()), "security") {
		return nil
	}
	system, code := fd.Message().Fields().ByName("system"), fd.Message().Fields().ByName("code")
	if system == nil || code == nil {
		return nil
	}
	return &coding{partOf(system), partOf(code)}
}

// partOf returns a part that is never found if it is neither form.
func partOf(fd protoreflect.FieldDescriptor) part {
	switch {
	case fd.IsList():
	case fd.Kind() == protoreflect.StringKind:
		return part{field: fd.Number()}
	case fd.Kind() == protoreflect.MessageKind:
		if value := fd.Message().Fields().ByName("value"); value != nil && !value.IsList() && value.Kind() == protoreflect.StringKind {
			return part{fd.Number(), value.Number()}
		}
	}
	return part{}
}

// read returns a label by its encoding. What is not found, or is there twice,
// is empty, which is above every ceiling.
func (c *coding) read(src []byte) access.Coding {
	return access.Coding{System: c.system.read(src), Code: c.code.read(src)}
}

func (p part) read(src []byte) string {
	var content []byte
	var r raw
	for len(src) > 0 {
		if !r.read(src) {
			return ""
		}
		src = src[len(r.whole):]
		if r.number != p.field || r.wire != protowire.BytesType {
			continue
		}
		if content != nil {
			return ""
		}
		content = r.body()
	}
	if p.inner != 0 {
		return part{field: p.inner}.read(content)
	}
	return string(content)
}

// labels returns the security labels in m, wherever they stand.
func (p *plan) labels(m protoreflect.Message, depth int) (found []access.Coding, err error) {
	if depth > maxDepth {
		return nil, refused("nested too deep")
	}
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		f := p.field(fd.Number())
		if f == nil || fd.IsExtension() || f.child == nil {
			return true
		}
		err = f.each(v, fd, func(m protoreflect.Message) error {
			if f.label != nil {
				src, err := proto.MarshalOptions{AllowPartial: true}.Marshal(m.Interface())
				found = append(found, f.label.read(src))
				return err
			}
			more, err := f.inside().labels(m, depth+1)
			found = append(found, more...)
			return err
		})
		return err == nil
	})
	return found, err
}

// inside is the plan of the messages of a field, of a map those of its values.
func (f *field) inside() *plan {
	if f.isMap {
		return f.child.field(2).child
	}
	return f.child
}

// each calls do for each message of a field.
func (f *field) each(v protoreflect.Value, fd protoreflect.FieldDescriptor, do func(protoreflect.Message) error) (err error) {
	switch {
	case f.inside() == nil:
	case f.isMap:
		v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
			err = do(v.Message())
			return err == nil
		})
	case fd.IsList():
		for i := 0; i < v.List().Len() && err == nil; i++ {
			err = do(v.List().Get(i).Message())
		}
	default:
		err = do(v.Message())
	}
	return err
}
