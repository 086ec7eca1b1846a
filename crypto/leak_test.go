package crypto_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"strings"
	"testing"
	texttemplate "text/template"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
)

const (
	plantedValue   = "planted-plaintext-8c1f"
	plantedPatient = "planted-patient-77aa"
)

type holder struct {
	Sealed  crypto.Sealed[string]
	Ref     crypto.Ref
	private crypto.Sealed[string]
	subject crypto.Subject
	pointer *crypto.Sealed[string]
	Map     map[string]crypto.Sealed[string]
	Slice   []crypto.Sealed[string]
	sealer  *crypto.Sealer
	keys    crypto.Keys
}

// leaky returns everything of the package that holds or held a plaintext, a
// patient or a key.
func leaky(t *testing.T) []any {
	s := newFixture(t, nil)
	ref := refOf(crypto.SubjectOf(safeguard.NewPatient(plantedPatient)))
	x, err := crypto.Seal(t.Context(), s.Sealer, ref, plantedValue)
	require.NoError(t, err)
	got, err := x.Open(t.Context(), s.Sealer, ref)
	require.NoError(t, err)
	require.Equal(t, plantedValue, got)
	h := holder{x, ref, x, ref.Subject, &x, map[string]crypto.Sealed[string]{"a": x}, []crypto.Sealed[string]{x}, s.Sealer, s.keys}
	values := []any{x, &x, ref, &ref, ref.Subject, h, &h, []holder{h}, s.Sealer, *s.keys[tenantA], s.keys[tenantA].Primary(), s.keys}
	wrong := ref
	wrong.Row = "other"
	_, wrongErr := x.Open(t.Context(), s.Sealer, wrong)
	_, refErr := x.Open(t.Context(), s.Sealer, crypto.Ref{})
	return append(values, wrongErr, refErr, errors.Join(wrongErr, refErr))
}

// Nothing of the package shows a plaintext or a patient, however it is
// written out.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.502(b)(1); NIST CSF 2.0 PR.DS-01.
func TestNothingLeaks(t *testing.T) {
	var out bytes.Buffer
	for _, v := range leaky(t) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "% x", "%08v"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).InfoContext(context.Background(), "m", slog.Group("g", "v", v))
		b, _ := json.Marshal(v)
		out.Write(b)
		b, _ = xml.Marshal(v)
		out.Write(b)
		_ = gob.NewEncoder(&out).Encode(v)
		_ = texttemplate.Must(texttemplate.New("").Parse("{{.}} {{printf `%#v` .}}")).Execute(&out, v)
		_ = template.Must(template.New("").Parse("{{.}}<script>{{.}}</script><a title='{{.}}'>")).Execute(&out, v)
		out.WriteString(panicText(v))
	}
	text := out.String()
	require.Greater(t, len(text), 10_000)
	for _, secret := range []string{plantedValue, plantedPatient} {
		require.NotContains(t, text, secret)
		require.NotContains(t, text, fmt.Sprintf("%x", secret))
		require.NotContains(t, strings.ToLower(text), fmt.Sprintf("%x", secret[8:]))
	}
	require.Contains(t, text, "[sealed]")
	require.NotContains(t, fmt.Sprintf("%#v %v", leaky(t)...), plantedValue)
}

// panicText returns what a panic with v prints through recover.
func panicText(v any) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	panic(v)
}

// The test above can fail: the same writers do show a value that is not
// sealed.
func TestLeakTestCanFail(t *testing.T) {
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", struct{ V string }{plantedValue})
	require.Contains(t, out.String(), plantedValue)
}
