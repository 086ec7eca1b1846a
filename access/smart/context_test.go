package smart_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/smart"
	"github.com/stretchr/testify/require"
)

// A token response says what the launch is about, and what else is in it is
// left alone.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestContext(t *testing.T) {
	c, err := smart.ParseContext([]byte(`{"access_token":"secret","expires_in":300,"patient":"p-1","encounter":"e.2-3","need_patient_banner":false,
		"intent":"reconcile-medications","smart_style_url":"https://ehr.example/style.json","tenant":"t-1",
		"fhirContext":[{"reference":"DiagnosticReport/123"},{"reference":"Patient/p-2","role":"http://example.org/mother"},
		 {"canonical":"http://example.org/Questionnaire/q|1","type":"Questionnaire","role":"http://example.org/r"},{"identifier":{"value":"x"},"type":"Task"}]}`))
	require.NoError(t, err)
	require.Equal(t, safeguard.NewPatient("p-1"), c.Patient)
	require.Equal(t, "e.2-3", c.Encounter)
	require.False(t, c.PatientBanner)
	require.Equal(t, "reconcile-medications", c.Intent)
	require.Equal(t, "https://ehr.example/style.json", c.StyleURL)
	require.Equal(t, "t-1", c.Tenant)
	require.Len(t, c.Resources, 4)
	require.Equal(t, smart.Resource{Reference: "DiagnosticReport/123", Type: "DiagnosticReport", Role: "launch"}, c.Resources[0])
	require.True(t, c.Resources[3].Identified)

	c, err = smart.ParseContext([]byte(`{}`))
	require.NoError(t, err)
	require.True(t, c.Patient.IsZero())
	require.True(t, c.PatientBanner, "the safe reading")
}

// What the guide does not allow is refused, and no error repeats it.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestContextRefused(t *testing.T) {
	for _, response := range []string{
		``, `[]`, `null`, `"x"`, `{}{}`, `{"patient":"p-1"`,
		`{"patient":"p-1","patient":"p-2"}`, `{"patient":"p-1","\u0070atient":"p-2"}`,
		`{"patient":7}`, `{"patient":null}`, `{"patient":""}`, `{"patient":["p-1"]}`, `{"patient":"Patient/p-1"}`, `{"patient":"p 1"}`, `{"patient":"p-1\n"}`,
		`{"patient":"` + strings.Repeat("p", 65) + `"}`,
		`{"encounter":7}`, `{"encounter":"a/b"}`, `{"need_patient_banner":"false"}`, `{"need_patient_banner":0}`,
		`{"intent":7}`, `{"intent":""}`, `{"tenant":"a\u0000"}`,
		`{"smart_style_url":"http://ehr.example"}`, `{"smart_style_url":"javascript:alert(1)"}`, `{"smart_style_url":"https://u:p@ehr.example/"}`, `{"smart_style_url":"https:///x"}`,
		`{"fhirContext":{}}`, `{"fhirContext":["DiagnosticReport/1"]}`, `{"fhirContext":[{}]}`, `{"fhirContext":[{"role":"launch"}]}`,
		`{"fhirContext":[{"reference":"Patient/p-2"}]}`, `{"fhirContext":[{"reference":"Encounter/1","role":"launch"}]}`,
		`{"fhirContext":[{"identifier":{"value":"x"},"type":"Patient"}]}`,
		`{"fhirContext":[{"reference":"Task/1","type":"Patient","role":"http://x"}]}`, `{"fhirContext":[{"reference":"https://x/Task/1"}]}`,
		`{"fhirContext":[{"reference":"task/1"}]}`, `{"fhirContext":[{"reference":"Task"}]}`, `{"fhirContext":[{"identifier":"x"}]}`, `{"fhirContext":[{"reference":7}]}`,
		`{"fhirContext":[` + strings.Repeat(`{"reference":"Task/1"},`, 64) + `{"reference":"Task/1"}]}`,
		`{"x":"` + strings.Repeat("x", 64<<10) + `"}`,
	} {
		t.Run(response[:min(len(response), 60)], func(t *testing.T) {
			c, err := smart.ParseContext([]byte(response))
			require.ErrorIs(t, err, smart.ErrContext)
			require.NotContains(t, err.Error(), "p-1")
			require.Equal(t, smart.Context{}, c)
		})
	}
}

// A context does not print.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestContextDoesNotPrint(t *testing.T) {
	c, err := smart.ParseContext([]byte(`{"patient":"secret-1","encounter":"secret-2","fhirContext":[{"reference":"Task/secret-3"}]}`))
	require.NoError(t, err)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "c", c, "r", c.Resources[0])
	data, err := json.Marshal([]any{c, c.Resources})
	require.NoError(t, err)
	all := fmt.Sprintf("%v %+v %#v %s %q", c, c, c, c.Resources, &c) + string(data) + log.String()
	require.NotContains(t, all, "secret")
	require.Contains(t, all, "[launch context]")
}

// FuzzParseContext reads anything without a panic.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func FuzzParseContext(f *testing.F) {
	f.Add([]byte(`{"patient":"p-1","fhirContext":[{"reference":"Task/1"}],"need_patient_banner":true}`))
	f.Add([]byte(`{"patient":"p-1","smart_style_url":"https://x/"}`))
	f.Fuzz(func(t *testing.T, response []byte) {
		c, err := smart.ParseContext(response)
		if err != nil {
			require.ErrorIs(t, err, smart.ErrContext)
			return
		}
		require.LessOrEqual(t, len(c.Patient.Reveal()), 64)
		require.LessOrEqual(t, len(c.Encounter), 64)
	})
}
