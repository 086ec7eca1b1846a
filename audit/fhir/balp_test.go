package fhir_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// A slice is one of agents or entities, by its type, as the profiles say.
type slice struct {
	name     string
	types    []string // system|code
	min, max int
	must     []string // members that must be there
	never    []string // members that must not
	roles    []string // of an entity
	asks     bool     // requestor must be true
	observer bool     // val-audit-source
}

// A rule is a profile of BALP 1.1.4, written after its published definition.
type rule struct {
	kind     string
	subtypes []string // exactly one of these
	only     bool     // and no other
	action   string
	agents   []slice
	entities []slice
	least    int // entities
	never    []string
}

const (
	dcm  = "http://dicom.nema.org/resources/ontology/DCM|"
	term = "http://terminology.hl7.org/CodeSystem/"
	rest = term + "audit-event-type|rest"
	does = "http://hl7.org/fhir/restful-interaction|"
	role = term + "object-role|"
	part = term + "v3-ParticipationType|"
	base = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
)

var (
	dataSources = []string{part + "AUT", part + "INF", part + "CST"}
	informed    = []string{part + "IRCP"}
	machine     = []string{"who", "network"}
	objects     = []string{role + "4", role + "3", role + "20"}

	transaction = slice{name: "transaction", types: []string{"https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType|XrequestId"}, max: 1, must: []string{"what.identifier.value"}}
	data        = slice{name: "data", types: []string{term + "audit-entity-type|2"}, min: 1, max: 1, must: []string{"what", "role"}, roles: objects}
	gone        = slice{name: "data", types: data.types, min: 1, max: 1, must: data.must, roles: objects, never: []string{"lifecycle", "name", "query", "detail"}}
	query       = slice{name: "query", types: data.types, min: 1, max: 1, must: []string{"query", "role"}, roles: []string{role + "24"}, never: []string{"what", "lifecycle", "detail"}}
	patient     = slice{name: "patient", types: []string{term + "audit-entity-type|1"}, min: 1, max: 1, must: []string{"what", "role"}, roles: []string{role + "1"},
		never: []string{"lifecycle", "name", "query", "detail"}}
)

func parties(client, server string, user []string) []slice {
	return []slice{
		{name: "client", types: []string{client}, min: 1, max: 1, must: machine, never: []string{"media"}},
		{name: "server", types: []string{server}, min: 1, max: 1, must: machine, never: []string{"media"}},
		{name: "user", types: user, max: 1, must: []string{"who"}, never: []string{"media", "network"}, asks: true},
	}
}

func disclosing(observer string) []slice {
	return []slice{
		{name: "source", types: []string{dcm + "110153"}, min: 1, max: 1, must: machine, observer: observer == "source"},
		{name: "recipient", types: []string{dcm + "110152"}, min: 1, max: 1, must: machine, observer: observer == "recipient"},
		{name: "custodian", types: []string{"http://snomed.info/sct|159541003"}, max: 1, must: []string{"who"}},
		{name: "authorizer", types: []string{"http://snomed.info/sct|429577009"}, max: 1, must: []string{"who"}},
	}
}

// rules returns the twelve profiles by their names.
func rules() map[string]rule {
	disclose := []string{term + "iso-21089-lifecycle|disclose"}
	out := map[string]rule{
		"Create": {kind: rest, subtypes: []string{does + "create"}, action: "C", agents: parties(dcm+"110153", dcm+"110152", dataSources), entities: []slice{transaction, data}},
		"Read":   {kind: rest, subtypes: []string{does + "read", does + "vread"}, action: "R", agents: parties(dcm+"110152", dcm+"110153", informed), entities: []slice{transaction, data}},
		"Update": {kind: rest, subtypes: []string{does + "update", does + "patch"}, action: "U", agents: parties(dcm+"110153", dcm+"110152", dataSources), entities: []slice{transaction, data}},
		"Delete": {kind: rest, subtypes: []string{does + "delete"}, only: true, action: "D", entities: []slice{transaction, gone},
			agents: parties(dcm+"110150", term+"provenance-participant-type|custodian", dataSources)},
		"Query": {kind: rest, subtypes: []string{does + "search", does + "search-type", does + "search-system"}, action: "E",
			agents: parties(dcm+"110153", dcm+"110152", informed), entities: []slice{transaction, query}},
	}
	for _, name := range []string{"Create", "Read", "Update", "Delete", "Query"} {
		r := out[name]
		r.least = 1
		out[name] = r
		r.entities, r.least = append(slices.Clone(r.entities), patient), 2
		out["Patient"+name] = r
	}
	never := []string{"modifierExtension"}
	out["PrivacyDisclosure.Source"] = rule{kind: dcm + "110106", subtypes: disclose, action: "R", agents: disclosing("source"), entities: []slice{patient}, least: 2, never: never}
	out["PrivacyDisclosure.Recipient"] = rule{kind: dcm + "110107", subtypes: disclose, action: "C", agents: disclosing("recipient"), entities: []slice{patient}, least: 2, never: never}
	return out
}

type object = map[string]any

// validate checks an AuditEvent in JSON against R4 and the profile it claims,
// "" if it claims none. It knows nothing of the package.
func validate(text []byte, rules map[string]rule) (profile string, err error) {
	var e object
	if err := json.Unmarshal(text, &e); err != nil {
		return "", err
	}
	if err := plain(e); err != nil {
		return "", err
	}
	claimed := list(at(e, "meta.profile"))
	if len(claimed) == 0 {
		return "", nil
	}
	profile = strings.TrimPrefix(fmt.Sprint(claimed[0]), base)
	r, ok := rules[profile]
	if !ok || len(claimed) != 1 {
		return profile, fmt.Errorf("profile %q is not known", profile)
	}
	return profile, r.check(e)
}

var members = map[string]string{
	"":              "resourceType id meta type subtype action period recorded outcome outcomeDesc purposeOfEvent agent source entity",
	"agent":         "type role who altId name requestor location policy media network purposeOfUse",
	"entity":        "what type role lifecycle securityLabel name description query detail",
	"source":        "site observer type",
	"agent.network": "extension address type",
	"agent.who":     "reference type identifier display",
	"entity.what":   "reference type identifier display",
	"period":        "start end",
}

var (
	instantForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`)
	idForm      = regexp.MustCompile(`^[A-Za-z0-9.-]{1,64}$`)
)

// plain checks what R4 asks of every AuditEvent, as far as it can be told
// without a terminology server.
func plain(e object) error {
	switch {
	case e["resourceType"] != "AuditEvent":
		return fmt.Errorf("resourceType")
	case !idForm.MatchString(fmt.Sprint(e["id"])):
		return fmt.Errorf("id")
	case !instantForm.MatchString(fmt.Sprint(e["recorded"])):
		return fmt.Errorf("recorded")
	case code(e["type"]) == "":
		return fmt.Errorf("type")
	case at(e, "source.observer") == nil:
		return fmt.Errorf("source.observer")
	case len(list(e["agent"])) == 0:
		return fmt.Errorf("agent")
	case !slices.Contains([]any{"0", "4", "8", "12", nil}, e["outcome"]):
		return fmt.Errorf("outcome")
	}
	for _, a := range list(e["agent"]) {
		if _, ok := a.(object)["requestor"].(bool); !ok {
			return fmt.Errorf("agent.requestor")
		}
		n, ok := a.(object)["network"].(object)
		if ok && n["extension"] == nil && !slices.Contains([]any{"1", "2", "3", "4", "5"}, n["type"]) {
			return fmt.Errorf("agent.network.type")
		}
	}
	for _, x := range list(e["entity"]) {
		if q, ok := x.(object)["query"].(string); ok {
			if _, err := base64.StdEncoding.DecodeString(q); err != nil {
				return fmt.Errorf("entity.query is no base64")
			}
		}
	}
	return tidy("", e)
}

// tidy refuses members that R4 does not have, and values that are empty.
func tidy(path string, v any) error {
	switch v := v.(type) {
	case object:
		if len(v) == 0 {
			return fmt.Errorf("%s is empty", path)
		}
		for name, x := range v {
			if known, ok := members[path]; ok && !slices.Contains(strings.Fields(known), name) {
				return fmt.Errorf("%s has a member %s", path, name)
			}
			if err := tidy(strings.TrimPrefix(path+"."+name, "."), x); err != nil {
				return err
			}
		}
	case []any:
		if len(v) == 0 {
			return fmt.Errorf("%s is empty", path)
		}
		for _, x := range v {
			if err := tidy(path, x); err != nil {
				return err
			}
		}
	case string:
		if strings.TrimSpace(v) == "" {
			return fmt.Errorf("%s is empty", path)
		}
	case nil:
		return fmt.Errorf("%s is null", path)
	}
	return nil
}

func (r rule) check(e object) error {
	for _, name := range r.never {
		if e[name] != nil {
			return fmt.Errorf("%s is not allowed", name)
		}
	}
	hits := 0
	for _, s := range list(e["subtype"]) {
		if slices.Contains(r.subtypes, code(s)) {
			hits++
		}
	}
	switch {
	case code(e["type"]) != r.kind:
		return fmt.Errorf("type")
	case hits != 1, r.only && len(list(e["subtype"])) != 1:
		return fmt.Errorf("subtype")
	case e["action"] != r.action:
		return fmt.Errorf("action")
	case e["outcome"] != "0":
		return fmt.Errorf("outcome")
	case len(list(e["agent"])) < 2:
		return fmt.Errorf("agents")
	case len(list(e["entity"])) < r.least:
		return fmt.Errorf("entities")
	}
	for _, s := range r.agents {
		if err := s.check(e, list(e["agent"])); err != nil {
			return fmt.Errorf("agent:%w", err)
		}
	}
	for _, s := range r.entities {
		if err := s.check(e, list(e["entity"])); err != nil {
			return fmt.Errorf("entity:%w", err)
		}
	}
	return nil
}

func (s slice) check(e object, of []any) error {
	n := 0
	for _, x := range of {
		o := x.(object)
		if !slices.Contains(s.types, code(o["type"])) {
			continue
		}
		n++
		for _, name := range s.must {
			if at(o, name) == nil {
				return fmt.Errorf("%s has no %s", s.name, name)
			}
		}
		for _, name := range s.never {
			if o[name] != nil {
				return fmt.Errorf("%s has %s", s.name, name)
			}
		}
		switch {
		case s.roles != nil && !slices.Contains(s.roles, code(o["role"])):
			return fmt.Errorf("%s role", s.name)
		case s.asks && o["requestor"] != true:
			return fmt.Errorf("%s is no requestor", s.name)
		case s.observer && !reflect.DeepEqual(o["who"], at(e, "source.observer")):
			return fmt.Errorf("%s is not the observer", s.name)
		case s.name == "patient" && !isPatient(o["what"].(object)):
			return fmt.Errorf("patient is none")
		}
	}
	if n < s.min || n > s.max {
		return fmt.Errorf("%s stands %d times", s.name, n)
	}
	return nil
}

// isPatient reports whether a reference can be to nothing but a Patient.
func isPatient(ref object) bool {
	address, ok := ref["reference"].(string)
	if ok && !strings.Contains("/"+address, "/Patient/") && !strings.HasPrefix(address, "urn:uuid:") {
		return false
	}
	return ref["type"] == nil && ok || ref["type"] == "Patient"
}

func list(v any) []any { l, _ := v.([]any); return l }

// at returns what stands at a path of members.
func at(o object, path string) any {
	var v any = o
	for name := range strings.SplitSeq(path, ".") {
		m, ok := v.(object)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

// code returns "system|code" of a Coding or of the first in a CodeableConcept.
func code(v any) string {
	o, _ := v.(object)
	if c := list(o["coding"]); len(c) > 0 {
		o, _ = c[0].(object)
	}
	if o["code"] == nil {
		return ""
	}
	return fmt.Sprintf("%v|%v", o["system"], o["code"])
}
