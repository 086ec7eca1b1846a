package protoaccess_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	_ "google.golang.org/protobuf/types/known/anypb"
	_ "google.golang.org/protobuf/types/known/structpb"
	_ "google.golang.org/protobuf/types/known/timestamppb"
)

// schema is clinic/v1/clinic.proto, one line a field: name, number, type.
var schema = map[string][]string{
	"Patient": {
		"id 1 string", "name 2 repeated HumanName", "birth_date 3 string", "address 4 repeated Address", "general_practitioner 5 Reference",
		"extension 6 repeated Extension", "modifier_extension 7 repeated Extension", "text 8 Narrative", "tags 9 map string", "places 10 map Address",
		"deceased_boolean 11 oneof bool", "deceased_date 12 oneof string", "any 13 google.protobuf.Any", "more 14 google.protobuf.Struct",
		"scores 15 repeated sint32", "status 16 Status", "mother 17 Patient", "seen 18 google.protobuf.Timestamp", "weight 19 double", "count 20 fixed32",
		"photo 300 repeated bytes", "statuses 301 repeated Status", "meta 302 Meta",
	},
	"HumanName": {"family 1 string", "given 2 repeated string", "text 3 string", "period 4 Period"},
	"Period":    {"start 1 string", "end 2 string"},
	"Address":   {"line 1 repeated string", "city 2 string", "text 3 string", "modifier_extension 4 repeated Extension", "period 5 Period"},
	"Reference": {"reference 1 string", "display 2 string"},
	"Extension": {"url 1 string", "value 2 string", "extension 3 repeated Extension"},
	"Narrative": {"status 1 string", "div 2 string"},
	"Visit":     {"id 1 string"},
	"Meta":      {"version_id 1 string", "security 2 repeated Coding"},
	"Coding":    {"system 1 Uri", "code 2 string", "display 3 string"},
	"Uri":       {"value 1 string"},
}

// file returns the descriptor of the schema. An edition or syntax may be given
// as text.
func file(t testing.TB, syntax string) protoreflect.FileDescriptor {
	t.Helper()
	var s strings.Builder
	fmt.Fprintf(&s, `name: "clinic/v1/clinic.proto" package: "clinic.v1" syntax: %q
		dependency: "google/protobuf/any.proto" dependency: "google/protobuf/struct.proto" dependency: "google/protobuf/timestamp.proto"
		enum_type { name: "Status" value { name: "NONE" number: 0 } value { name: "ACTIVE" number: 1 } }`, syntax)
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range schema {
			if !yield(name) {
				return
			}
		}
	}) {
		fmt.Fprintf(&s, "message_type { name: %q ", name)
		oneof := false
		for _, line := range schema[name] {
			oneof = oneof || strings.Contains(line, " oneof ")
			writeField(&s, name, strings.Fields(line))
		}
		if oneof {
			s.WriteString(`oneof_decl { name: "deceased" }`)
		}
		s.WriteString("}\n")
	}
	var descriptor descriptorpb.FileDescriptorProto
	require.NoError(t, prototext.Unmarshal([]byte(s.String()), &descriptor))
	made, err := protodesc.NewFile(&descriptor, protoregistry.GlobalFiles)
	require.NoError(t, err)
	return made
}

func writeField(s *strings.Builder, message string, words []string) {
	name, number, kind := words[0], words[1], words[len(words)-1]
	label, extra := "LABEL_OPTIONAL", ""
	switch words[2] {
	case "repeated":
		label = "LABEL_REPEATED"
	case "oneof":
		extra = "oneof_index: 0"
	case "map":
		entry := strings.ToUpper(name[:1]) + name[1:] + "Entry"
		fmt.Fprintf(s, `nested_type { name: %q options { map_entry: true } field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING } `, entry)
		writeField(s, "", []string{"value", "2", kind})
		s.WriteString("} ")
		label, kind = "LABEL_REPEATED", message+"."+entry
	}
	kindText := "type: TYPE_" + strings.ToUpper(kind)
	if strings.ToLower(kind) != kind || strings.Contains(kind, ".") {
		kindText = "type: TYPE_MESSAGE type_name: \".clinic.v1." + kind + "\""
		if strings.HasPrefix(kind, "google.") {
			kindText = "type: TYPE_MESSAGE type_name: \"." + kind + "\""
		}
		if kind == "Status" {
			kindText = `type: TYPE_ENUM type_name: ".clinic.v1.Status"`
		}
	}
	fmt.Fprintf(s, "field { name: %q number: %s label: %s %s %s } ", name, number, label, kindText, extra)
}

func patientOf(t testing.TB, syntax string) protoreflect.MessageDescriptor {
	return file(t, syntax).Messages().ByName("Patient")
}

// parse returns a Patient in the text format.
func parse(t testing.TB, text string) proto.Message {
	t.Helper()
	m := dynamicpb.NewMessage(patientOf(t, "proto3"))
	require.NoError(t, prototext.Unmarshal([]byte(text), m))
	return m
}

func encode(t testing.TB, m proto.Message) []byte {
	t.Helper()
	data, err := proto.MarshalOptions{Deterministic: true, AllowPartial: true}.Marshal(m)
	require.NoError(t, err)
	return data
}

// decide returns a decision about a Patient under a policy that allows fields
// and denies others.
func decide(t testing.TB, allow, deny []string) access.Decision {
	t.Helper()
	fields := `"all","justification":"j"`
	if len(allow) > 0 {
		fields = paths(allow)
	}
	denied := ""
	if len(deny) > 0 {
		denied = `,"deny":[{"id":"D","resource":"Patient","actions":["read"],"because":"b","fields":` + paths(deny) + `}]`
	}
	policy, err := access.ParsePolicy([]byte(`{"version":1,"resources":{"Patient":["read"],"Visit":["read"]},"roles":{"r":{"allow":[
		{"id":"A","resource":"Patient","actions":["read"],"purposes":["TREAT"],"because":"b","fields":` + fields + `}]` + denied + `}}}`))
	require.NoError(t, err)
	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{"p": {"r"}}})
	require.NoError(t, err)
	ctx := safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: "p", Kind: safeguard.Person})
	d := guard.Decide(ctx, access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment})
	require.True(t, d.Allowed, d.Explain())
	return d
}

func paths(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", "Patient."+name)
	}
	return "[" + strings.Join(quoted, ",") + "]"
}

// random fills a message with what a seed says.
func random(r *rand.Rand, m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if r.IntN(3) == 0 || fd.Name() == "security" && r.IntN(10) > 0 || depth > 3 && fd.Message() != nil {
			continue
		}
		switch {
		case fd.IsMap():
			for range r.IntN(3) {
				v := m.NewField(fd).Map().NewValue()
				if fd.MapValue().Message() != nil {
					random(r, v.Message(), depth+1)
				} else {
					v = scalar(r, fd.MapValue())
				}
				m.Mutable(fd).Map().Set(protoreflect.ValueOfString(fmt.Sprint("k", r.IntN(9))).MapKey(), v)
			}
		case fd.IsList():
			for range r.IntN(3) {
				list := m.Mutable(fd).List()
				if fd.Message() != nil {
					random(r, list.AppendMutable().Message(), depth+1)
				} else {
					list.Append(scalar(r, fd))
				}
			}
		case fd.Message() != nil:
			random(r, m.Mutable(fd).Message(), depth+1)
		default:
			m.Set(fd, scalar(r, fd))
		}
	}
}

func scalar(r *rand.Rand, fd protoreflect.FieldDescriptor) protoreflect.Value {
	switch fd.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(fmt.Sprint("s", r.IntN(1000)))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte{byte(r.IntN(256)), 7})
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(1)
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(r.Float64() + 1)
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(1 + r.Int64N(1<<40))
	case protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(1 + r.Uint32N(1000))
	}
	return protoreflect.ValueOfInt32(int32(1 + r.IntN(1<<20)))
}
