package protoaccess_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/protoaccess"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// naive projects as the rules say it, one field after the other.
func naive(d access.Decision, m protoreflect.Message, path string) (keep bool) {
	empty, kept, void := true, false, false
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		empty = false
		at := strings.TrimPrefix(path+"."+fd.JSONName(), ".")
		items := 0
		if fd.JSONName() == "modifierExtension" {
			items = v.List().Len()
		}
		shown := naiveField(d, m, fd, v, at)
		kept = kept || shown
		void = void || items > 0 && m.Get(fd).List().Len() < items
		return true
	})
	return !void && (kept || empty && d.Permits(strings.TrimPrefix(path+".anything", ".")))
}

func naiveField(d access.Decision, m protoreflect.Message, fd protoreflect.FieldDescriptor, v protoreflect.Value, at string) bool {
	clear := func(keep bool) bool {
		if !keep {
			m.Clear(fd)
		}
		return keep
	}
	switch {
	case fd.IsMap() && fd.MapValue().Message() != nil && d.Permits(at):
		v.Map().Range(func(k protoreflect.MapKey, item protoreflect.Value) bool {
			if !naive(d, item.Message(), at) {
				v.Map().Clear(k)
			}
			return true
		})
		return clear(v.Map().Len() > 0)
	case fd.IsMap():
		return clear(d.Permits(at))
	case fd.Message() == nil:
		return clear(d.Permits(at) || slices.Contains(d.Fields, "Patient."+at))
	case strings.HasPrefix(string(fd.Message().FullName()), "google.protobuf.") && fd.Message().Name() != "Timestamp":
		return clear(d.Permits(at) && slices.Contains(d.Fields, "Patient."+at))
	case fd.IsList():
		n := 0
		for i := range v.List().Len() {
			if naive(d, v.List().Get(i).Message(), at) {
				v.List().Set(n, v.List().Get(i))
				n++
			}
		}
		v.List().Truncate(n)
		return clear(n > 0)
	}
	return clear(naive(d, v.Message(), at))
}

// Both ways agree with each other and with a naive reading of the rules, on
// messages and rules of all sorts.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestAgree(t *testing.T) {
	policies, messages := 40, 25
	if os.Getenv("SAFEGUARD_SOAK") != "" {
		policies, messages = 1000, 500
	}
	r := rand.New(rand.NewPCG(5, 5))
	patient := patientOf(t, "proto3")
	vocabulary := []string{
		"id", "name", "name.family", "name.text", "name.period", "name.period.end", "address", "address.line", "address.period.start", "address.modifierExtension",
		"generalPractitioner", "generalPractitioner.display", "extension", "extension.extension.url", "modifierExtension", "text", "text.div", "tags", "places",
		"deceasedBoolean", "any", "more", "scores", "status", "mother", "mother.name", "mother.mother.name.family", "mother.mother.mother", "seen", "photo", "statuses",
	}
	p := &protoaccess.Projector{}
	shown, refusals, withheld := 0, 0, 0
	for range policies {
		r.Shuffle(len(vocabulary), func(i, j int) { vocabulary[i], vocabulary[j] = vocabulary[j], vocabulary[i] })
		allow := vocabulary[:r.IntN(8)] // none stands for all
		d := decide(t, allow, vocabulary[8:8+r.IntN(4)])
		for range messages {
			m := dynamicpb.NewMessage(patient)
			random(r, m, 0)
			src, want := encode(t, m), proto.Clone(m)
			keep := naive(d, want.ProtoReflect(), "")
			wire, err := p.ProjectWire(d, patient, nil, src)
			if errors.Is(err, access.ErrLabel) { // no random label can be read
				require.ErrorIs(t, p.Project(d, m), access.ErrLabel)
				withheld++
				continue
			}
			if err != nil {
				require.False(t, keep, err)
				require.ErrorIs(t, err, access.ErrProjection)
				require.ErrorIs(t, p.Project(d, m), access.ErrProjection)
				refusals++
				continue
			}
			require.NoError(t, p.Project(d, m))
			require.Equal(t, prototext.Format(want), prototext.Format(m))
			got := dynamicpb.NewMessage(patient)
			require.NoError(t, proto.Unmarshal(wire, got))
			require.True(t, proto.Equal(got, m))
			require.LessOrEqual(t, len(wire), len(src))
			if len(wire) > 0 {
				shown++
			}
		}
	}
	require.Greater(t, shown, policies*messages/10)
	require.Positive(t, refusals)
	require.Positive(t, withheld)
	t.Logf("soak: protobuf projections against a naive one %d messages, %d shown", policies*messages, shown)
}

// Malformed messages are refused, in what is shown and in what is not.
//
// Controls: HIPAA 164.312(a)(1), 164.312(c)(1); NIST CSF 2.0 PR.AA-05.
func TestMalformed(t *testing.T) {
	tag := func(n protowire.Number, w protowire.Type) []byte { return protowire.AppendTag(nil, n, w) }
	bytes := func(n protowire.Number, value ...byte) []byte {
		return protowire.AppendBytes(tag(n, protowire.BytesType), value)
	}
	nested := []byte{}
	for range 70 {
		nested = bytes(17, nested...)
	}
	for name, src := range map[string][]byte{
		"cut tag":                  {0x80},
		"endless tag":              {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"field 0":                  {0x00, 0x01},
		"field 2^29":               protowire.AppendVarint(protowire.AppendVarint(nil, 1<<32), 7),
		"wire type 6":              {0x0e, 0x01},
		"cut string":               append(tag(1, protowire.BytesType), 5, 'a'),
		"a length of 2^63":         append(tag(1, protowire.BytesType), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
		"a cut double":             append(tag(19, protowire.Fixed64Type), 1, 2, 3),
		"an end without a group":   tag(1, protowire.EndGroupType),
		"a group without an end":   tag(99, protowire.StartGroupType),
		"the end of another group": append(tag(99, protowire.StartGroupType), tag(98, protowire.EndGroupType)...),
		"no UTF-8":                 bytes(1, 0xff),
		"no UTF-8 inside":          bytes(2, bytes(1, 0xc3)...),
		"no UTF-8 in a key":        bytes(9, bytes(1, 0xff)...),
		"no UTF-8 in an Any":       bytes(13, bytes(1, 0xff)...),
		"a cut message":            bytes(2, 0x0a, 5, 'x'),
		"a cut packed value":       bytes(15, 0x01, 0x80),
		"cut packed doubles":       bytes(301, 0x80),
		"two of a oneof":           append(append(tag(11, protowire.VarintType), 1), bytes(12, 'x')...),
		"too deep":                 nested,
	} {
		t.Run(name, func(t *testing.T) {
			for _, d := range []access.Decision{decide(t, nil, nil), decide(t, []string{"weight"}, nil)} {
				p := &protoaccess.Projector{}
				out, err := p.ProjectWire(d, patientOf(t, "proto3"), nil, src)
				require.ErrorIs(t, err, access.ErrProjection)
				require.Nil(t, out)
			}
		})
	}
	deep := dynamicpb.NewMessage(patientOf(t, "proto3"))
	require.NoError(t, proto.Unmarshal(nested, deep))
	require.ErrorIs(t, (&protoaccess.Projector{}).Project(decide(t, nil, nil), deep), access.ErrProjection)
}

// FuzzProjectWire reads anything without a panic. What it takes, the library
// takes; and what it shows is what is left in the message.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func FuzzProjectWire(f *testing.F) {
	f.Add(encode(f, parse(f, chart)))
	f.Add([]byte{0x0a, 0x01, 'x', 0x12, 0x00})
	patient := patientOf(f, "proto3")
	decisions := []access.Decision{decide(f, nil, nil), decide(f, nil, []string{"name.period", "mother.id"}), decide(f, []string{"name.family", "places", "scores", "mother"}, nil)}
	p := &protoaccess.Projector{}
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, d := range decisions {
			wire, err := p.ProjectWire(d, patient, nil, src)
			if err != nil {
				require.ErrorIs(t, err, access.ErrProjection)
				continue
			}
			m := dynamicpb.NewMessage(patient)
			require.NoError(t, proto.Unmarshal(src, m))
			canonical := encode(t, m)
			wire, err = p.ProjectWire(d, patient, wire[:0], canonical)
			if err != nil { // a modifierExtension that comes in two parts
				continue
			}
			require.NoError(t, p.Project(d, m))
			got := dynamicpb.NewMessage(patient)
			require.NoError(t, proto.Unmarshal(wire, got))
			require.True(t, proto.Equal(got, m))
			again, err := p.ProjectWire(d, patient, nil, wire)
			require.NoError(t, err)
			require.Equal(t, string(wire), string(again), "projecting twice shows no less")
		}
	})
}

// One Projector serves many at once.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestTogether(t *testing.T) {
	p := &protoaccess.Projector{}
	decisions := []access.Decision{decide(t, nil, nil), decide(t, []string{"id"}, nil)}
	src, patient := encode(t, parse(t, chart)), patientOf(t, "proto3")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 50 {
				out, err := p.ProjectWire(decisions[i%2], patient, nil, src)
				if err != nil || (i%2 == 1) != (len(out) == 5) {
					t.Error(len(out), err)
				}
			}
		})
	}
	all.Wait()
}
