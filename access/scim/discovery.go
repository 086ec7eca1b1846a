package scim

import (
	"net/http"
)

type object map[string]any

// discovery returns what the endpoint says of itself (RFC 7644, section 4), by
// path.
func (h *Handler) discovery() map[string]any {
	kind := object{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"},
		"id":      "User", "name": "User", "endpoint": "/Users", "schema": schemaUser,
		"description": "Accounts, which can be ended here.",
		"meta":        meta{Type: "ResourceType", Location: h.location("ResourceTypes/User")},
	}
	schema := object{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Schema"},
		"id":      schemaUser, "name": "User", "description": "An account.",
		"attributes": []object{
			stringAttribute("userName", "The name of the account.", true, "immutable", "server"),
			{"name": "active", "type": "boolean", "multiValued": false, "required": false, "mutability": "readWrite", "returned": "default",
				"uniqueness": "none", "description": "Whether the account may be used. false terminates it."},
			stringAttribute("externalId", "The identifier of the provisioning client.", false, "immutable", "none"),
		},
		"meta": meta{Type: "Schema", Location: h.location("Schemas/" + schemaUser)},
	}
	return map[string]any{
		"/ServiceProviderConfig": h.config(),
		"/ResourceTypes":         listOf(1, kind),
		"/ResourceTypes/User":    kind,
		"/Schemas":               listOf(1, schema),
		"/Schemas/" + schemaUser: schema,
	}
}

func stringAttribute(name, description string, required bool, mutability, uniqueness string) object {
	return object{"name": name, "type": "string", "multiValued": false, "required": required, "caseExact": name != "userName",
		"mutability": mutability, "returned": "default", "uniqueness": uniqueness, "description": description}
}

func (h *Handler) config() object {
	no := object{"supported": false}
	return object{
		"schemas":        []string{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"},
		"patch":          object{"supported": true},
		"bulk":           object{"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
		"filter":         object{"supported": true, "maxResults": maxPage},
		"changePassword": no, "sort": no, "etag": no,
		"authenticationSchemes": []object{{"type": "oauthbearertoken", "name": "Bearer token", "description": "RFC 6750", "primary": true}},
		"meta":                  meta{Type: "ServiceProviderConfig", Location: h.location("ServiceProviderConfig")},
	}
}

func discover(w http.ResponseWriter, r *http.Request, document any) {
	begin(r, "GET discovery", "read")
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", "GET")
		deny(w, r, noMethod)
		return
	}
	if r.URL.Query().Has("filter") {
		deny(w, r, refused) // RFC 7644, section 4
		return
	}
	write(w, http.StatusOK, document)
}
