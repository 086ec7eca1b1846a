package fhir_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/fhir"
)

// A person is the user, a service the client, and a service that acts for a
// person is the client with that person as the user. Nobody is "unknown".
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestAgents(t *testing.T) {
	for _, c := range []struct {
		actor        *audit.Actor
		client, user string
	}{
		{nil, "unknown", ""},
		{&audit.Actor{ID: "nurse-7", Kind: "person"}, "unknown", "nurse-7"},
		{&audit.Actor{ID: "lab", Kind: "service"}, "lab", ""},
		{&audit.Actor{ID: "agent-1", Kind: "service", OnBehalfOf: "dr-2"}, "agent-1", "dr-2"},
	} {
		a := access("read")
		a.Principal, a.Source = c.actor, ""
		got, err := (&fhir.Projector{}).Project(t.Context(), event(t, "r", audit.TypeRead, a), nil)
		require.NoError(t, err)
		agents := got[0].Agent
		require.Equal(t, c.client, name(agents[0].Who))
		require.Equal(t, c.user == "", agents[0].Requestor, "who asked is one of them")
		require.Equal(t, "data-absent-reason", agents[0].Network.Extension[0].URL[len("http://hl7.org/fhir/StructureDefinition/"):])
		if c.user == "" {
			require.Len(t, agents, 2)
			continue
		}
		require.Len(t, agents, 3)
		require.Equal(t, c.user, name(agents[2].Who))
	}
}

func name(r *fhir.Reference) string {
	if r.Identifier == nil {
		return r.Display
	}
	return r.Identifier.Value
}

// An emergency override shows, whatever the purpose; emergency treatment is
// none.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestBreakGlass(t *testing.T) {
	for purpose, want := range map[safeguard.Purpose][]string{
		safeguard.Treatment: {"TREAT", "BTG"}, safeguard.BreakGlass: {"BTG"}, safeguard.EmergencyTreatment: {"ETREAT"}, "": {"BTG"},
	} {
		a := access("read")
		a.BreakGlass, a.Purpose = true, purpose
		got, err := (&fhir.Projector{}).Project(t.Context(), event(t, "r", audit.TypeRead, a), nil)
		require.NoError(t, err)
		var codes []string
		for _, p := range got[0].PurposeOfEvent {
			codes = append(codes, p.Coding[0].Code)
		}
		require.Equal(t, want, codes)
	}
}

// A recipient stands by its id, or as the register says; the source of a
// disclosure is the observer, even if another server is named.
//
// Controls: HIPAA 164.312(b), 164.528(b)(2); NIST CSF 2.0 PR.PS-04.
func TestRecipient(t *testing.T) {
	c := cases()["PrivacyDisclosure.Source"]
	observer := fhir.Reference{Reference: "Device/charts"}
	p, err := fhir.New(&fhir.Options{
		Observer: observer, Server: fhir.Party{Who: fhir.Reference{Display: "another"}},
		Recipient: func(_ context.Context, tenant, id string) (fhir.Party, bool) {
			return fhir.Party{Who: fhir.Reference{Reference: "Organization/7"}, Network: fhir.Network{Address: "x"}}, tenant == "north" && id == "health-dept"
		},
	})
	require.NoError(t, err)
	got, err := p.Project(t.Context(), event(t, "r", c.kind, c.access), nil)
	require.NoError(t, err)
	require.Equal(t, "Organization/7", got[0].Agent[0].Who.Reference)
	require.Empty(t, got[0].Agent[0].Network.Address, "a network without a type is not taken")
	require.Equal(t, &observer, got[0].Agent[1].Who)
	c.access.Disclosure.Recipient = "stranger"
	got, err = p.Project(t.Context(), event(t, "r", c.kind, c.access), nil)
	require.NoError(t, err)
	require.Equal(t, &fhir.Identifier{System: fhir.Recipients, Value: "stranger"}, got[0].Agent[0].Who.Identifier)
}
