package fhir

import (
	"context"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// agents returns who took part: the client, the server and, if known, the user.
func (p *Projector) agents(ctx context.Context, v *view) []Agent {
	client, user := asker(v.access)
	if v.shape.disclosure {
		client = p.recipient(ctx, v)
	}
	server := p.opts.Server
	if server.Who == (Reference{}) {
		server.Who = v.observer
	}
	if server.Network.Address == "" {
		server.Network = Network{Address: v.record.Source, Type: "5"}
	}
	if v.shape.kind.Code != "rest" {
		// The Audit Source is this agent too (val-audit-source).
		server.Who = v.observer
	}
	out := []Agent{
		{Type: one(v.shape.client), Who: &client.Who, Requestor: user == nil && !v.shape.disclosure, Network: &client.Network},
		{Type: one(v.shape.server), Who: &server.Who, Requestor: user == nil && v.shape.disclosure, Network: &server.Network},
	}
	if user != nil {
		out = append(out, Agent{Type: one(v.shape.user), Who: user, Requestor: true, PurposeOfUse: v.purpose})
	}
	return out
}

// asker returns the client and, if there is one, the person behind it. A
// service is the client itself.
func asker(a audit.Access) (client Party, user *Reference) {
	client = Party{Who: Reference{Display: "unknown"}, Network: nowhere()}
	if a.Source != "" {
		client.Who = Reference{Identifier: &Identifier{System: SourceTokens, Value: a.Source}}
		client.Network = Network{Address: SourceTokens + ":" + a.Source, Type: "5"}
	}
	if a.Principal == nil {
		return client, nil
	}
	if a.Principal.Kind != safeguard.Service.String() {
		return client, principal(*a.Principal, a.Principal.ID)
	}
	client.Who = *principal(*a.Principal, a.Principal.ID)
	if a.Principal.OnBehalfOf != "" {
		user = principal(*a.Principal, a.Principal.OnBehalfOf)
	}
	return client, user
}

// principal returns an id of the tenant of an actor.
func principal(a audit.Actor, id string) *Reference {
	out := &Reference{Identifier: &Identifier{System: Principals, Value: id}}
	if a.Tenant != "" {
		out.Identifier.Assigner = &Reference{Display: a.Tenant}
	}
	return out
}

// recipient returns who got what was disclosed.
func (p *Projector) recipient(ctx context.Context, v *view) Party {
	d := v.access.Disclosure
	if d == nil || d.Recipient == "" {
		return Party{Who: Reference{Display: "unknown"}, Network: nowhere()}
	}
	out := Party{Who: Reference{Identifier: &Identifier{System: Recipients, Value: d.Recipient}}, Network: nowhere()}
	if p.opts.Recipient == nil {
		return out
	}
	known, ok := p.opts.Recipient(ctx, v.tenant, d.Recipient)
	if !ok {
		return out
	}
	if known.Who != (Reference{}) {
		out.Who = known.Who
	}
	if known.Network.Address != "" && sound(known.Network) {
		out.Network = known.Network
	}
	return out
}

// nowhere returns a network that says that it is not known.
func nowhere() Network {
	return Network{Extension: []Extension{{URL: absent, ValueCode: "unknown"}}}
}
