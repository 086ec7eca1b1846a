package token

import (
	"bytes"
	"encoding/json"
)

// decode reads a record with encoding/json.
func (r *Reader) decode(record []byte) bool {
	r.reset()
	var typ, at, recorded, data json.RawMessage
	if !json.Valid(record) || !members(record, map[string]*json.RawMessage{
		"type": &typ, "time": &at, "recordedtime": &recorded, "data": &data,
	}) {
		return false
	}
	if !str(typ, &r.Type) || !str(at, &r.Time) || !str(recorded, &r.Recorded) {
		return false
	}
	if len(data) == 0 || data[0] != '{' {
		return true // data of another kind holds no token
	}
	return r.decodeData(data)
}

func (r *Reader) decodeData(data []byte) bool {
	var entry, patients, principal json.RawMessage
	if !members(data, map[string]*json.RawMessage{"entry": &entry, "patients": &patients, "principal": &principal}) {
		return false
	}
	if !str(entry, &r.Entry) || !r.decodePatients(patients) {
		return false
	}
	if absent(principal) {
		return true
	}
	var id, kind, tenant, behalf json.RawMessage
	if !members(principal, map[string]*json.RawMessage{
		"id": &id, "kind": &kind, "tenant": &tenant, "onbehalfof": &behalf,
	}) {
		return false
	}
	a := &r.Actor
	return str(id, &a.ID) && str(kind, &a.Kind) && str(tenant, &a.Tenant) && str(behalf, &a.OnBehalfOf)
}

func (r *Reader) decodePatients(v json.RawMessage) bool {
	if absent(v) {
		return true
	}
	var list []json.RawMessage
	if json.Unmarshal(v, &list) != nil {
		return false
	}
	for _, token := range list {
		var s []byte
		if absent(token) || !str(token, &s) {
			return false
		}
		r.Patients = append(r.Patients, s)
	}
	return true
}

// absent reports whether a member is missing or null.
func absent(v json.RawMessage) bool { return len(v) == 0 || string(v) == "null" }

// str reads a string, nothing of an absent one.
func str(v json.RawMessage, into *[]byte) bool {
	if absent(v) {
		return true
	}
	var s string
	if json.Unmarshal(v, &s) != nil {
		return false
	}
	*into = []byte(s)
	return true
}

// members finds the wanted members of an object. It reports false for what is
// no object, or has one of them twice: encoding/json would silently prefer the
// last.
func members(object []byte, wanted map[string]*json.RawMessage) bool {
	d := json.NewDecoder(bytes.NewReader(object))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return false
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return false
		}
		var v json.RawMessage
		if d.Decode(&v) != nil {
			return false
		}
		into := wanted[name.(string)]
		if into != nil && *into != nil {
			return false
		}
		if into != nil {
			*into = v
		}
	}
	return true
}
