package audit_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/stretchr/testify/require"
)

// Controls: HIPAA 164.312(b), 164.312(a)(1); NIST CSF 2.0 PR.DS-01.
func TestTokensAreKeyedAndStable(t *testing.T) {
	old := audit.TokenKey{Epoch: "p1", Secret: []byte("1123456789abcdef0123456789abcdef")}
	now := audit.TokenKey{Epoch: "p2", Secret: []byte("2123456789abcdef0123456789abcdef")}
	before, err := audit.NewTokenKeys(old)
	require.NoError(t, err)
	after, err := audit.NewTokenKeys(now, old)
	require.NoError(t, err)

	a, err := before.Patient(t.Context(), "clinic", jane)
	require.NoError(t, err)
	again, _ := before.Patient(t.Context(), "clinic", safeguard.NewPatient(jane.Reveal()))
	require.Equal(t, a, again)
	b, _ := after.Patient(t.Context(), "clinic", jane)
	require.NotEqual(t, a, b)
	require.Equal(t, []string{b, a}, after.FindPatient("clinic", jane))
	require.NotContains(t, a+b, jane.Reveal())

	other, _ := before.Patient(t.Context(), "other", jane)
	require.NotEqual(t, a, other, "the same number in another tenant is another patient")
	shifted, _ := before.Patient(t.Context(), "clinicM", safeguard.NewPatient(jane.Reveal()[1:]))
	require.NotEqual(t, a, shifted)
	source, err := before.Source(t.Context(), jane.Reveal())
	require.NoError(t, err)
	require.NotEqual(t, a, source)
}

// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestTokenKeysThatCannotServeAreRefused(t *testing.T) {
	secret := []byte("kkkk56789abcdef0123456789abcdefgh")
	for name, keys := range map[string][]audit.TokenKey{
		"short":     {{Epoch: "p1", Secret: secret[:31]}},
		"zeros":     {{Epoch: "p1", Secret: make([]byte, 32)}},
		"epoch":     {{Epoch: "P.1", Secret: secret}},
		"no epoch":  {{Secret: secret}},
		"twice":     {{Epoch: "p1", Secret: secret}, {Epoch: "p1", Secret: []byte("9123456789abcdef0123456789abcdef")}},
		"old short": {{Epoch: "p2", Secret: secret}, {Epoch: "p1"}},
	} {
		_, err := audit.NewTokenKeys(keys[0], keys[1:]...)
		require.ErrorIs(t, err, audit.ErrTokenKey, name)
		require.NotContains(t, err.Error(), "kkkk")
	}
	var zero *audit.TokenKeys
	_, err := zero.Patient(t.Context(), "", jane)
	require.ErrorIs(t, err, audit.ErrTokenKey)
	_, err = new(audit.TokenKeys).Source(t.Context(), "x")
	require.ErrorIs(t, err, audit.ErrTokenKey)
}

func TestEventsThatAreNotCloudEventsAreRefused(t *testing.T) {
	good := audit.Event{ID: "1", Source: "urn:x", Type: "t", Subject: "s", Time: time.Unix(1, 0), Data: []byte(`{}`)}
	b, err := good.Append([]byte("keep"))
	require.NoError(t, err)
	var e cloudevents.Event
	require.NoError(t, e.UnmarshalJSON(b[len("keep"):]))
	require.NoError(t, e.Validate())
	for name, break_ := range map[string]func(e *audit.Event){
		"no id":         func(e *audit.Event) { e.ID = "" },
		"no source":     func(e *audit.Event) { e.Source = "" },
		"no type":       func(e *audit.Event) { e.Type = "" },
		"no time":       func(e *audit.Event) { e.Time = time.Time{} },
		"line feed":     func(e *audit.Event) { e.Subject = "a\nb" },
		"C1 control":    func(e *audit.Event) { e.Subject = "a\u0085b" },
		"noncharacter":  func(e *audit.Event) { e.Subject = "\uFFFF" },
		"not UTF-8":     func(e *audit.Event) { e.ID = "\xff" },
		"too long":      func(e *audit.Event) { e.ID = base64.StdEncoding.EncodeToString(make([]byte, 2000)) },
		"source no URI": func(e *audit.Event) { e.Source = "%zz" },
		"data not JSON": func(e *audit.Event) { e.Data = []byte("{") },
	} {
		bad := good
		break_(&bad)
		out, err := bad.Append([]byte("keep"))
		require.ErrorIs(t, err, audit.ErrEvent, name)
		require.Equal(t, "keep", string(out), name)
	}
}

func FuzzEvent(f *testing.F) {
	f.Add("1", "urn:x", "t", "s", []byte(`{"a":1}`))
	f.Add("\xff", "%zz", "", "\n", []byte(`{`))
	f.Fuzz(func(t *testing.T, id, source, kind, subject string, data []byte) {
		b, err := audit.Event{ID: id, Source: source, Type: kind, Subject: subject, Time: time.Unix(1, 0), Data: data}.Append(nil)
		if err != nil {
			return
		}
		var e cloudevents.Event
		require.NoError(t, e.UnmarshalJSON(b))
		require.NoError(t, e.Validate())
		require.NotContains(t, string(b), "\n")
	})
}

// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestTokenKeysDoNotPrint(t *testing.T) {
	key := audit.TokenKey{Epoch: "p1", Secret: []byte("0123456789abcdef0123456789abcdef")}
	keys, err := audit.NewTokenKeys(key)
	require.NoError(t, err)
	for _, v := range []any{key, &key, keys, []audit.TokenKey{key}, struct{ K audit.TokenKey }{key}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
			out := fmt.Sprintf(verb, v)
			for _, form := range []string{"0123456789", "30313233", "48 49 50"} {
				require.NotContains(t, out, form)
			}
		}
		b, err := json.Marshal(v)
		require.NoError(t, err)
		require.NotContains(t, string(b), "MDEyMzQ1")
	}
}
