package smart

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	maxDocument = 16 << 20
	maxDepth    = 64
)

// object is a JSON object. Keys are told apart by case, as encoding/json does
// not do for structs; values are object, []any, string, and what else there is.
type object map[string]any

// read returns the JSON object that document is. It reports false for anything
// else, also if a key is there twice, for then it is not known which counts.
func read(document []byte) (object, bool) {
	if len(document) > maxDocument || !utf8.Valid(document) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	value, ok := readValue(d, 0)
	o, isObject := value.(object)
	if !ok || !isObject {
		return nil, false
	}
	_, err := d.Token()
	return o, err == io.EOF
}

func readValue(d *json.Decoder, depth int) (any, bool) {
	t, err := d.Token()
	if err != nil || depth > maxDepth {
		return nil, false
	}
	switch t {
	case json.Delim('{'):
		return readObject(d, depth)
	case json.Delim('['):
		return readList(d, depth)
	}
	return t, true
}

func readObject(d *json.Decoder, depth int) (object, bool) {
	o := object{}
	for d.More() {
		t, err := d.Token()
		key, ok := t.(string)
		if err != nil || !ok {
			return nil, false
		}
		if _, twice := o[key]; twice {
			return nil, false
		}
		if o[key], ok = readValue(d, depth+1); !ok {
			return nil, false
		}
	}
	_, err := d.Token()
	return o, err == nil
}

func readList(d *json.Decoder, depth int) ([]any, bool) {
	list := []any{}
	for d.More() {
		item, ok := readValue(d, depth+1)
		if !ok {
			return nil, false
		}
		list = append(list, item)
	}
	_, err := d.Token()
	return list, err == nil
}

// text returns the string at a key, "" if there is none.
func (o object) text(key string) string {
	s, _ := o[key].(string)
	return s
}

// isAbout reports whether a resource is about the patient with an id and no
// other, as far as it says.
func (o object) isAbout(id string) bool {
	if o.text("resourceType") == "Patient" {
		return id != "" && o.text("id") == id
	}
	return namesNoOther(o, id)
}

// namesNoOther reports whether there is no reference in v to a Patient other
// than the one with an id, and no other Patient.
func namesNoOther(v any, id string) bool {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if !namesNoOther(item, id) {
				return false
			}
		}
	case object:
		if v.isOther(id) {
			return false
		}
		for _, value := range v {
			if !namesNoOther(value, id) {
				return false
			}
		}
	}
	return true
}

// isOther reports whether o is a Patient inside another resource, or a
// Reference that is or may be to another Patient than the one with an id.
func (o object) isOther(id string) bool {
	if o.text("resourceType") == "Patient" {
		return true
	}
	reference, _, _ := strings.Cut(o.text("reference"), "/_history/")
	switch {
	case id != "" && reference == "Patient/"+id:
		return false
	case o.text("type") == "Patient":
		return true // by an identifier, or by an address of another form
	}
	return strings.Contains(reference, "Patient/") || strings.Contains(reference, "Patient?") || strings.HasPrefix(reference, "urn:")
}
