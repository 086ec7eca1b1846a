package safeguard_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/stretchr/testify/require"
)

const secret = "MRN-55512345"

type inner struct{ patient safeguard.Patient }

// shapes are the ways in which a Patient can lie in what somebody prints.
func shapes() map[string]any {
	p := safeguard.NewPatient(secret)
	in := inner{p}
	return map[string]any{
		"value":           p,
		"pointer":         &p,
		"exported field":  struct{ P safeguard.Patient }{p},
		"hidden field":    in,
		"hidden pointer":  struct{ p *safeguard.Patient }{&p},
		"pointer to both": &struct{ in *inner }{&in},
		"slice":           []safeguard.Patient{p, p},
		"hidden slice":    struct{ ps []safeguard.Patient }{[]safeguard.Patient{p}},
		"array":           [2]safeguard.Patient{p, p},
		"map key":         map[safeguard.Patient]int{p: 1},
		"map value":       map[string]safeguard.Patient{"a": p},
		"hidden map":      struct{ m map[safeguard.Patient]inner }{map[safeguard.Patient]inner{p: in}},
		"any":             []any{p, &p, in},
		"error":           fmt.Errorf("about %v: %w", p, errors.New("x")),
	}
}

// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestPatientNeverPrints(t *testing.T) {
	const verbs = "vsdqxXtbcoOUeEfFgGpTw"
	for name, shape := range shapes() {
		t.Run(name, func(t *testing.T) {
			for _, verb := range verbs {
				for _, flags := range []string{"", "+", "#", "-20", "020", " ", "+#", ".3", "[1]"} {
					requireNoSecret(t, fmt.Sprintf("%"+flags+string(verb), shape))
				}
			}
			requireNoSecret(t, fmt.Sprint(shape), fmt.Sprintln(shape))

			var text, structured bytes.Buffer
			slog.New(slog.NewTextHandler(&text, nil)).Info("m", "p", shape, slog.Group("g", "p", shape))
			slog.New(slog.NewJSONHandler(&structured, nil)).Info("m", "p", shape, slog.Group("g", "p", shape))
			requireNoSecret(t, text.String(), structured.String())
			require.NotEmpty(t, text.String())

			if b, err := json.Marshal(shape); err == nil {
				requireNoSecret(t, string(b))
			}
			if b, err := xml.Marshal(shape); err == nil {
				requireNoSecret(t, string(b))
			}
			var page bytes.Buffer
			require.NoError(t, template.Must(template.New("").Parse(`<p>{{.}}</p><script>var x = {{.}};</script>`)).Execute(&page, shape))
			requireNoSecret(t, page.String())
		})
	}
	var g bytes.Buffer
	if gob.NewEncoder(&g).Encode(safeguard.NewPatient(secret)) == nil {
		requireNoSecret(t, g.String())
	}
	b, err := json.Marshal(safeguard.NewPatient(secret))
	require.NoError(t, err)
	require.Equal(t, `"[patient]"`, string(b))
	require.Equal(t, "[patient]", fmt.Sprint(safeguard.NewPatient(secret)))
}

// requireNoSecret fails if the value, its digits, its hexadecimal form or its
// bytes as numbers can be read.
func requireNoSecret(t *testing.T, outputs ...string) {
	t.Helper()
	for _, out := range outputs {
		for _, form := range []string{
			secret, "5551234", fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprintf("% x", secret),
			strings.Trim(fmt.Sprint([]byte(secret)), "[]"),
		} {
			require.NotContains(t, out, form)
		}
	}
}

func TestPatientIsAValue(t *testing.T) {
	p := safeguard.NewPatient(secret)
	require.Equal(t, secret, p.Reveal())
	require.True(t, p == safeguard.NewPatient(strings.Clone(secret)))
	require.False(t, p == safeguard.NewPatient("other"))
	require.False(t, p.IsZero())
	require.True(t, safeguard.Patient{}.IsZero())
	require.True(t, safeguard.NewPatient("").IsZero())
	require.Empty(t, safeguard.Patient{}.Reveal())
	require.Equal(t, "[patient]", fmt.Sprint(safeguard.Patient{}), "nobody looks like somebody")
}
