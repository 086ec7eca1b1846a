package protoaccess_test

import (
	"context"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/protoaccess"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

const chart = `id: "p-1" name { family: "Example" given: "Ada" given: "B" text: "Ada Example" period { start: "1" end: "2" } } name { text: "only text" }
	birth_date: "1970-03-01" address { line: "1 Elm" city: "Springfield" text: "1 Elm, Springfield" } address { line: "2 Oak" }
	general_practitioner { reference: "Practitioner/1" display: "Dr. Who" } extension { url: "u" value: "v" } text { status: "generated" div: "Ada" }
	tags { key: "a" value: "b" } places { key: "home" value { city: "X" text: "prose" } } deceased_boolean: true
	any { type_url: "type.googleapis.com/x" value: "opaque" } more { fields { key: "k" value { string_value: "struct" } } }
	scores: [1, -2, 300] status: ACTIVE statuses: [ACTIVE, NONE] mother { id: "m" birth_date: "1940" mother { id: "g" text { div: "x" } } }
	seen { seconds: 7 } weight: 60.5 count: 9 photo: "\001"`

// A message shows what the rules name, and of that nothing which repeats or
// hides other data; both ways say the same.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestProject(t *testing.T) {
	for name, c := range map[string]struct {
		allow, deny []string
		want        string
	}{
		"a scalar":             {[]string{"birthDate"}, nil, `birth_date: "1970-03-01"`},
		"a message":            {[]string{"name"}, nil, `name { family: "Example" given: "Ada" given: "B" period { start: "1" end: "2" } }`},
		"a part":               {[]string{"name.period.end"}, nil, `name { period { end: "2" } }`},
		"a list inside a list": {[]string{"address.line"}, nil, `address { line: "1 Elm" } address { line: "2 Oak" }`},
		"less a part":          {[]string{"address"}, []string{"address.line"}, `address { city: "Springfield" }`},
		"a text by its name":   {[]string{"name.text"}, nil, `name { text: "Ada Example" } name { text: "only text" }`},
		"a reference":          {[]string{"generalPractitioner"}, nil, `general_practitioner { reference: "Practitioner/1" }`},
		"a display":            {[]string{"generalPractitioner.display"}, nil, `general_practitioner { display: "Dr. Who" }`},
		"a map":                {[]string{"tags", "places"}, nil, `tags { key: "a" value: "b" } places { key: "home" value { city: "X" } }`},
		"a part of a map":      {[]string{"places.city"}, nil, ``},
		"a map less a part":    {[]string{"places", "id"}, []string{"places.city"}, `id: "p-1"`},
		"a oneof":              {[]string{"deceasedBoolean"}, nil, `deceased_boolean: true`},
		"the other of a oneof": {[]string{"deceasedDate"}, nil, ``},
		"an extension":         {[]string{"extension.url"}, nil, `extension { url: "u" }`},
		"numbers":              {[]string{"scores", "status", "statuses", "weight", "count", "photo", "seen"}, nil, `scores: [1,-2,300] status: ACTIVE statuses: [ACTIVE, NONE] weight: 60.5 count: 9 photo: "\001" seen { seconds: 7 }`},
		"Any and Struct":       {[]string{"any", "more"}, nil, `any { type_url: "type.googleapis.com/x" value: "opaque" } more { fields { key: "k" value { string_value: "struct" } } }`},
		"inside of Struct":     {[]string{"more.fields"}, nil, ``},
		"one of its own kind":  {[]string{"mother.mother.id", "mother.birthDate"}, nil, `mother { birth_date: "1940" mother { id: "g" } }`},
		"all": {nil, nil, `id: "p-1" name { family: "Example" given: "Ada" given: "B" period { start: "1" end: "2" } }
			birth_date: "1970-03-01" address { line: "1 Elm" city: "Springfield" } address { line: "2 Oak" }
			general_practitioner { reference: "Practitioner/1" } tags { key: "a" value: "b" } places { key: "home" value { city: "X" } }
			deceased_boolean: true scores: [1, -2, 300] status: ACTIVE statuses: [ACTIVE, NONE] mother { id: "m" birth_date: "1940" mother { id: "g" } }
			seen { seconds: 7 } weight: 60.5 count: 9 photo: "\001"`},
		"all less some": {nil, []string{"name", "address", "tags", "places", "mother.mother", "scores", "photo", "generalPractitioner"}, `id: "p-1"
			birth_date: "1970-03-01" deceased_boolean: true status: ACTIVE statuses: [ACTIVE, NONE] mother { id: "m" birth_date: "1940" } seen { seconds: 7 } weight: 60.5 count: 9`},
	} {
		t.Run(name, func(t *testing.T) {
			d, want := decide(t, c.allow, c.deny), parse(t, c.want)
			p, err := protoaccess.New(nil)
			require.NoError(t, err)
			for range 2 { // without and with a plan
				m := parse(t, chart)
				wire, err := p.ProjectWire(d, m.ProtoReflect().Descriptor(), []byte("before"), encode(t, m))
				require.NoError(t, err)
				require.Equal(t, "before", string(wire[:6]))
				require.NoError(t, p.Project(d, m))
				require.Equal(t, prototext.Format(want), prototext.Format(m))

				fromWire := m.ProtoReflect().New().Interface()
				require.NoError(t, proto.Unmarshal(wire[6:], fromWire))
				require.Equal(t, prototext.Format(want), prototext.Format(fromWire))
			}
		})
	}
}

// A message with a modifierExtension means something else without it, and is
// not shown without it.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestModifierExtension(t *testing.T) {
	p := &protoaccess.Projector{}
	for name, c := range map[string]struct {
		allow      []string
		text, want string
		refused    bool
	}{
		"in one of two": {[]string{"address"}, `address { city: "A" modifier_extension { url: "u" } } address { city: "B" }`, `address { city: "B" }`, false},
		"listed": {[]string{"address", "address.modifierExtension.url"}, `address { city: "A" modifier_extension { url: "u" } }`,
			`address { city: "A" modifier_extension { url: "u" } }`, false},
		"in part":         {[]string{"address", "address.modifierExtension.value"}, `address { city: "A" modifier_extension { url: "u" } }`, ``, false},
		"in a map":        {[]string{"places"}, `places { key: "a" value { city: "A" modifier_extension { url: "u" } } } places { key: "b" value { city: "B" } }`, `places { key: "b" value { city: "B" } }`, false},
		"of the resource": {[]string{"birthDate"}, `birth_date: "1970" modifier_extension { url: "u" }`, ``, true},
	} {
		t.Run(name, func(t *testing.T) {
			d, m := decide(t, c.allow, nil), parse(t, c.text)
			wire, err := p.ProjectWire(d, m.ProtoReflect().Descriptor(), nil, encode(t, m))
			if c.refused {
				require.ErrorIs(t, err, access.ErrProjection)
				require.ErrorIs(t, p.Project(d, m), access.ErrProjection)
				return
			}
			require.NoError(t, err)
			require.NoError(t, p.Project(d, m))
			require.Equal(t, prototext.Format(parse(t, c.want)), prototext.Format(m))
			require.Equal(t, encode(t, m), wire)
		})
	}
}

// What was not allowed, is of another resource or is nothing is refused, and
// changes to the fields of a Decision change nothing.
//
// Controls: HIPAA 164.312(a)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestRefused(t *testing.T) {
	p := &protoaccess.Projector{}
	d := decide(t, []string{"id"}, nil)
	patient := patientOf(t, "proto3")
	visit := dynamicpb.NewMessage(file(t, "proto3").Messages().ByName("Visit"))
	denied := access.Decision{Allowed: true, Code: "access.allowed", Resource: "Patient", Fields: []string{"Patient.*"}}
	for _, err := range []error{
		p.Project(access.Decision{}, parse(t, chart)), p.Project(denied, parse(t, chart)), p.Project(d, visit), p.Project(d, nil),
		p.Project(d, dynamicpb.NewMessageType(patient).Zero().Interface()),
		last(p.ProjectWire(access.Decision{}, patient, nil, nil)), last(p.ProjectWire(denied, patient, nil, nil)),
		last(p.ProjectWire(d, visit.Descriptor(), nil, nil)), last(p.ProjectWire(d, nil, nil, nil)),
		last(p.ProjectWire(d, patient, nil, make([]byte, 16<<20+1))),
	} {
		require.ErrorIs(t, err, access.ErrProjection)
	}
	forged := d
	forged.Fields, forged.Rules, forged.Policy = []string{"Patient.*"}, []string{"X"}, "sha256:0"
	m := parse(t, chart)
	require.NoError(t, p.Project(forged, m))
	require.Equal(t, prototext.Format(parse(t, `id: "p-1"`)), prototext.Format(m))

	_, err := protoaccess.New(&protoaccess.Options{Resources: map[protoreflect.FullName]string{"clinic.v1.Visit": ""}})
	require.Error(t, err)
	other, err := protoaccess.New(&protoaccess.Options{Resources: map[protoreflect.FullName]string{"clinic.v1.Visit": "Patient"}})
	require.NoError(t, err)
	require.NoError(t, other.Project(d, visit))
}

func last(_ []byte, err error) error { return err }

// Fields are named by their JSON names, or by those of the .proto file if
// that is asked for, and never by both.
//
// Controls: HIPAA 164.312(a)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestNames(t *testing.T) {
	d := decide(t, []string{"birth_date", "id"}, nil)
	m := parse(t, chart)
	require.NoError(t, (&protoaccess.Projector{}).Project(d, m))
	require.Equal(t, prototext.Format(parse(t, `id: "p-1"`)), prototext.Format(m))
	p, err := protoaccess.New(&protoaccess.Options{ProtoNames: true})
	require.NoError(t, err)
	m = parse(t, chart)
	require.NoError(t, p.Project(d, m))
	require.Equal(t, prototext.Format(parse(t, `id: "p-1" birth_date: "1970-03-01"`)), prototext.Format(m))
}

// onlyOne is a scope that covers resources one by one.
type onlyOne struct{ document string }

func (s onlyOne) Permits(*access.Request) bool            { return true }
func (s onlyOne) Filtered(string, string) bool            { return s.document != "" }
func (s onlyOne) Holds(_, _ string, document []byte) bool { return s.document == string(document) }

// Under a scope that looks into resources nothing is projected; under one that
// does not, all is.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestScopes(t *testing.T) {
	policy, err := access.ParsePolicy([]byte(`{"version":1,"resources":{"Patient":["read"]},"roles":{"r":{"allow":[
		{"id":"A","resource":"Patient","actions":["read"],"purposes":["TREAT"],"because":"b","fields":["Patient.id"]}]}}}`))
	require.NoError(t, err)
	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{"p": {"r"}}})
	require.NoError(t, err)
	decide := func(s access.Scope) access.Decision {
		ctx := safeguard.WithPrincipal(context.Background(), safeguard.Principal{ID: "p", Kind: safeguard.Person})
		return guard.Decide(access.WithScope(ctx, s), access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment})
	}
	p := &protoaccess.Projector{}
	require.NoError(t, p.Project(decide(onlyOne{}), parse(t, chart)))
	m := parse(t, chart)
	require.ErrorIs(t, p.Project(decide(onlyOne{"x"}), m), access.ErrProjection)
	require.Equal(t, prototext.Format(parse(t, chart)), prototext.Format(m), "not even begun")
}

// Fields that are not in the descriptor are not shown, whatever is allowed.
//
// Controls: HIPAA 164.312(a)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestUnknownFields(t *testing.T) {
	p, d := &protoaccess.Projector{}, decide(t, nil, nil)
	unknown := protowire.AppendString(protowire.AppendTag(nil, 99, protowire.BytesType), "secret")
	unknown = protowire.AppendVarint(protowire.AppendTag(unknown, 1000, protowire.VarintType), 7)
	unknown = protowire.AppendGroup(protowire.AppendTag(unknown, 98, protowire.StartGroupType), 98, unknown)
	name := protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), append(encode(t, parse(t, `birth_date: "x"`)), unknown...))
	src := append(append(append([]byte{}, unknown...), encode(t, parse(t, `id: "p-1" name { family: "F" }`))...), unknown...)
	src = append(src, protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 7)...) // id as a number
	wire, err := p.ProjectWire(d, patientOf(t, "proto3"), nil, src)
	require.NoError(t, err)
	require.Equal(t, encode(t, parse(t, `id: "p-1" name { family: "F" }`)), wire)

	m := dynamicpb.NewMessage(patientOf(t, "proto3"))
	require.NoError(t, proto.Unmarshal(append(src, name...), m))
	require.NoError(t, p.Project(d, m))
	require.Empty(t, m.GetUnknown())
	require.NotContains(t, string(encode(t, m)), "secret")
}

// Values that a closed enum does not have are unknown fields.
//
// Controls: HIPAA 164.312(a)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestClosedEnums(t *testing.T) {
	p, d := &protoaccess.Projector{}, decide(t, nil, nil)
	packed := protowire.AppendBytes(protowire.AppendTag(nil, 301, protowire.BytesType), []byte{1, 9, 0, 9})
	single := protowire.AppendVarint(protowire.AppendTag(nil, 16, protowire.VarintType), 9)
	both := append(packed, single...)
	for syntax, want := range map[string]int{"proto2": 2, "proto3": 4} {
		patient := patientOf(t, syntax)
		wire, err := p.ProjectWire(d, patient, nil, both)
		require.NoError(t, err)
		m := dynamicpb.NewMessage(patient)
		require.NoError(t, proto.Unmarshal(wire, m))
		require.Equal(t, want, m.Get(patient.Fields().ByName("statuses")).List().Len())
		require.Equal(t, want == 4, m.Has(patient.Fields().ByName("status")))
	}
}
