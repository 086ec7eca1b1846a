package fhir

import "github.com/safeguard-sdk/safeguard/audit"

// A shape is what an AuditEvent of one kind looks like. The profiles are those
// of a success, empty where BALP has none.
type shape struct {
	kind           Coding
	subtype        []Coding
	action         string
	client, server Coding
	user           Coding
	plain, patient string
	query          bool // the entity is a query
	bare           bool // entities have no detail
	disclosure     bool // the agents are those of a disclosure
}

// shapeOf returns the shape of an access record. An action that no profile
// knows gives one without a profile.
func shapeOf(kind string, a audit.Access) shape {
	switch kind {
	case audit.TypeCreated:
		return created()
	case audit.TypeRead:
		return read(a.Action)
	case audit.TypeUpdated:
		return updated(a.Action)
	case audit.TypeDeleted:
		return deleted()
	case audit.TypeSearched:
		return searched(a.Resource)
	case audit.TypeDisclosed:
		return shape{kind: exported(), subtype: []Coding{disclosed()}, action: "R", client: receiver(), server: sender(),
			user: author(), patient: ProfileDisclosureSource, disclosure: true}
	case audit.TypeReceived:
		return shape{kind: imported(), subtype: []Coding{disclosed()}, action: "C", client: sender(), server: receiver(),
			user: author(), patient: ProfileDisclosureRecipient}
	case audit.TypeExported, audit.TypePrinted:
		return shape{kind: exported(), action: "R", client: receiver(), server: sender(), user: informed()}
	}
	return asked(a)
}

// asked returns the shape of a record whose type does not say what was done.
func asked(a audit.Access) shape {
	switch a.Action {
	case "create":
		return created()
	case "read", "vread":
		return read(a.Action)
	case "update", "patch":
		return updated(a.Action)
	case "delete":
		return deleted()
	case "search", "query", "list":
		return searched(a.Resource)
	}
	return shape{kind: rest(), action: "E", client: sender(), server: receiver(), user: informed()}
}

func did(code string) []Coding { return []Coding{{interaction, code, code}} }

func created() shape {
	return shape{kind: rest(), subtype: did("create"), action: "C", client: sender(), server: receiver(), user: author(),
		plain: ProfileCreate, patient: ProfilePatientCreate}
}

func read(action string) shape {
	if action != "vread" {
		action = "read"
	}
	return shape{kind: rest(), subtype: did(action), action: "R", client: receiver(), server: sender(), user: informed(),
		plain: ProfileRead, patient: ProfilePatientRead}
}

func updated(action string) shape {
	if action != "patch" {
		action = "update"
	}
	return shape{kind: rest(), subtype: did(action), action: "U", client: sender(), server: receiver(), user: author(),
		plain: ProfileUpdate, patient: ProfilePatientUpdate}
}

// deleted differs from the others: the client is an application and the server
// a custodian, because no data goes either way.
func deleted() shape {
	return shape{kind: rest(), subtype: did("delete"), action: "D", client: application(), server: custodian(), user: author(),
		plain: ProfileDelete, patient: ProfilePatientDelete, bare: true}
}

// searched has the client as the source: the parameters are what goes.
func searched(resource string) shape {
	code := "search-type"
	if resource == "" {
		code = "search"
	}
	return shape{kind: rest(), subtype: did(code), action: "E", client: sender(), server: receiver(), user: informed(),
		plain: ProfileQuery, patient: ProfilePatientQuery, query: true, bare: true}
}
