package protoaccess_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/protoaccess"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Security labels in a message decide by which rules it is seen, wherever they
// stand and though they are not shown; above every ceiling nothing is. Both ways
// to project agree.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestLabels(t *testing.T) {
	policy, err := access.ParsePolicy([]byte(`{"version":1,"labels":["PSY","HIV"],"resources":{"Patient":["read"]},"roles":{"r":{"allow":[
		{"id":"N","resource":"Patient","actions":["read"],"purposes":["TREAT"],"because":"b","fields":["Patient.id","Patient.birthDate"]},
		{"id":"R","resource":"Patient","actions":["read"],"purposes":["TREAT"],"because":"b","fields":["Patient.id"],"labels":{"max":"R"}},
		{"id":"P","resource":"Patient","actions":["read"],"purposes":["TREAT"],"because":"b","fields":["Patient.meta.versionId"],"labels":{"max":"R","sensitivity":["PSY"]}}]}}}`))
	require.NoError(t, err)
	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{"p": {"r"}}})
	require.NoError(t, err)
	ctx := safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: "p", Kind: safeguard.Person})
	d := guard.Decide(ctx, access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment})
	require.True(t, d.Allowed)
	const confidentiality = `system { value: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality" } `
	const act = `system { value: "http://terminology.hl7.org/CodeSystem/v3-ActCode" } `
	meta := func(codings ...string) string {
		return `meta { version_id: "7" security { ` + strings.Join(codings, " } security { ") + ` } }`
	}
	const data = `id: "p-1" birth_date: "1970-01-01" `
	const all, restricted, psychiatry = `id: "p-1" birth_date: "1970-01-01" meta { version_id: "7" }`, `id: "p-1" meta { version_id: "7" }`, `meta { version_id: "7" }`
	p := &protoaccess.Projector{}
	for name, c := range map[string]struct{ message, want string }{
		"none":                        {data + `meta { version_id: "7" }`, all},
		"normal":                      {data + meta(confidentiality+`code: "N"`), all},
		"restricted":                  {data + meta(confidentiality+`code: "R"`), restricted},
		"the highest counts":          {data + meta(confidentiality+`code: "R"`, confidentiality+`code: "L"`), restricted},
		"above every ceiling":         {data + meta(confidentiality+`code: "V"`), ""},
		"sensitive":                   {data + meta(act+`code: "PSY"`), psychiatry},
		"more sensitive":              {data + meta(act+`code: "PSY"`, act+`code: "HIV"`), ""},
		"one that nobody knows":       {data + meta(act+`code: "ETH"`), ""},
		"without a system":            {data + meta(`code: "N"`), ""},
		"without a code":              {data + meta(confidentiality), ""},
		"in a message that is hidden": {data + `meta { version_id: "7" } mother { ` + meta(confidentiality+`code: "R"`) + ` }`, restricted},
		"deeper":                      {data + `mother { mother { ` + meta(confidentiality+`code: "V"`) + ` } }`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := parse(t, c.message)
			wire, wireErr := p.ProjectWire(d, m.ProtoReflect().Descriptor(), nil, encode(t, m))
			err := p.Project(d, m)
			if c.want == "" {
				require.ErrorIs(t, wireErr, access.ErrLabel)
				require.ErrorIs(t, err, access.ErrLabel)
				return
			}
			require.NoError(t, wireErr)
			require.NoError(t, err)
			got := dynamicpb.NewMessage(m.ProtoReflect().Descriptor())
			require.NoError(t, proto.Unmarshal(wire, got))
			require.True(t, proto.Equal(m, got), "%v, %v", m, got)
			require.Equal(t, encode(t, parse(t, c.want)), encode(t, m), "%v", m)
		})
	}
	require.True(t, d.Allowed, "a value")
}

// A label that is written twice over, so that readers differ in which of both
// counts, is above every ceiling.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestLabelTwice(t *testing.T) {
	d := decide(t, []string{"id"}, nil)
	descriptor := patientOf(t, "proto3")
	const normal = `system { value: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality" } code: "N"`
	src := encode(t, parse(t, `id: "p-1" meta { security { `+normal+` } }`))
	p := &protoaccess.Projector{}
	_, err := p.ProjectWire(d, descriptor, nil, src)
	require.NoError(t, err)
	at := strings.Index(string(src), "\x12\x01N")
	require.Positive(t, at)
	twice := append(append(append([]byte{}, src[:at]...), "\x12\x01V\x12\x01N"...), src[at+3:]...)
	// The lengths around it grow by three.
	grow := func(b []byte, tag string) {
		i := strings.Index(string(b), tag)
		require.NotEqual(t, -1, i)
		b[i+len(tag)] += 3
	}
	grow(twice, "\xf2\x12") // meta, number 302
	grow(twice[strings.Index(string(twice), "\xf2\x12")+3:], "\x12")
	_, err = p.ProjectWire(d, descriptor, nil, twice)
	require.ErrorIs(t, err, access.ErrLabel)
}

// A message that is written in two parts is one for other readers: a
// modifierExtension in the first changes what the second means. It is refused,
// rather than that the second is shown alone.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1), 164.312(c)(1); NIST CSF 2.0 PR.AA-05.
func TestMessageInTwoParts(t *testing.T) {
	d := decide(t, []string{"id", "mother.id"}, nil)
	descriptor := patientOf(t, "proto3")
	modified := encode(t, parse(t, `mother { modifier_extension { url: "not" } }`))
	plain := encode(t, parse(t, `mother { id: "p-1" }`))
	p := &protoaccess.Projector{}
	shown, err := p.ProjectWire(d, descriptor, nil, plain)
	require.NoError(t, err)
	require.Equal(t, plain, shown)
	for _, src := range [][]byte{slices.Concat(modified, plain), slices.Concat(plain, modified), slices.Concat(plain, plain)} {
		_, err = p.ProjectWire(d, descriptor, nil, src)
		require.ErrorIs(t, err, access.ErrProjection)
	}
	whole := dynamicpb.NewMessage(descriptor)
	require.NoError(t, proto.Unmarshal(slices.Concat(modified, plain), whole))
	require.NoError(t, p.Project(d, whole))
	require.Empty(t, encode(t, whole), "as one message it is left out")
}
