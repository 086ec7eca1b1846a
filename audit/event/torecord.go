package event

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/types"
)

// Check reports whether e may be sent or stored: nil, or a *Violation that
// unwraps to ErrInvalid. It applies the rules of Validate to an event of the
// SDK; an event of another version than 1.0, or one in which the SDK has noted
// an error, is refused.
//
// Safe for concurrent use as long as nobody changes e.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func Check(e cloudevents.Event) error {
	_, err := ToRecord(e)
	return err
}

// ToRecord returns e in the structured JSON form, in one line, with the
// attributes in the order in which package audit writes them, other extensions
// by name, and the data as it stands. A record of package audit comes back from
// FromRecord and ToRecord byte for byte. It returns a *Violation for an event
// that Check refuses.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func ToRecord(e cloudevents.Event) ([]byte, error) {
	ec, good := e.Context.(*cloudevents.EventContextV1)
	if !good || ec == nil {
		return nil, violation(noVersion, "specversion")
	}
	if len(e.FieldErrors) > 0 {
		return nil, violation(fieldErrors, "")
	}
	w := &writer{out: make([]byte, 0, len(e.DataEncoded)+512)}
	w.context(ec)
	w.data(e, ec)
	if w.broken != ok {
		return nil, violation(w.broken, w.at)
	}
	record := append(w.out, '}')
	if err := Validate(record); err != nil {
		return nil, err
	}
	return record, nil
}

// A writer writes an event as JSON and remembers the first rule broken.
type writer struct {
	out    []byte
	broken ruleID
	at     string
}

func (w *writer) fail(id ruleID, attribute string) {
	if w.broken == ok && id != ok {
		w.broken, w.at = id, attribute
	}
}

// order is how package audit orders the attributes of a record. What is not
// named follows by name, and the data comes last.
var order = [...]string{
	"specversion", "sequence", "recordedtime", "id", "source", "type", "time", "datacontenttype", "subject", "dataschema",
	"hipaacontrol", "nistcsf", "purposeofuse", "patientref", "outcome", "authtype", "authid",
	"traceparent", "correlationid", "causationid", "dataclassification", "dataregulation", "datacategory",
	"breakglass", "expirytime",
}

func (w *writer) context(ec *cloudevents.EventContextV1) {
	extensions := maps.Clone(ec.Extensions)
	for _, name := range order {
		if isCore(name) {
			w.core(name, ec)
		} else if v, found := extensions[name]; found {
			w.extension(name, v)
			delete(extensions, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(extensions)) {
		w.extension(name, extensions[name])
	}
}

// core writes an attribute of the specification, if it is set.
func (w *writer) core(name string, ec *cloudevents.EventContextV1) {
	switch name {
	case "specversion":
		w.text(name, "1.0")
	case "id":
		w.text(name, ec.ID)
	case "source":
		w.text(name, ec.Source.String())
	case "type":
		w.text(name, ec.Type)
	case "time":
		if ec.Time != nil {
			w.time(name, *ec.Time)
		}
	case "datacontenttype":
		w.optional(name, ec.DataContentType)
	case "subject":
		w.optional(name, ec.Subject)
	case "dataschema":
		if ec.DataSchema != nil {
			w.text(name, ec.DataSchema.String())
		}
	}
}

func (w *writer) optional(name string, v *string) {
	if v != nil {
		w.text(name, *v)
	}
}

// key writes the name of a member that was found sound.
func (w *writer) key(name string) {
	if len(w.out) == 0 {
		w.out = append(w.out, '{')
	} else {
		w.out = append(w.out, ',')
	}
	w.out = append(append(append(w.out, '"'), name...), '"', ':')
}

func (w *writer) text(name, v string) {
	w.fail(checkText(kinds[name], v), name)
	w.key(name)
	w.str(v)
}

func (w *writer) time(name string, t types.Timestamp) {
	w.text(name, types.FormatTime(t.Time))
}

// extension writes an extension of any of the SDK's types.
func (w *writer) extension(name string, value any) {
	id := checkName(name)
	if id == ok && isCore(name) {
		id = duplicate
	}
	if id != ok {
		w.fail(id, name)
		return
	}
	switch v := value.(type) {
	case bool:
		w.scalar(name, strconv.FormatBool(v))
	case int32:
		w.scalar(name, strconv.Itoa(int(v)))
	case string:
		w.text(name, v)
	case []byte:
		w.text(name, base64.StdEncoding.EncodeToString(v))
	case types.URI:
		w.text(name, v.String())
	case types.URIRef:
		w.text(name, v.String())
	case types.Timestamp:
		w.time(name, v)
	default:
		w.fail(wrongType, name)
	}
}

func (w *writer) scalar(name, v string) {
	if kinds[name] != anyValue {
		w.fail(wrongType, name)
	}
	w.key(name)
	w.out = append(w.out, v...)
}

// str writes a JSON string. What is not UTF-8 was refused before.
func (w *writer) str(v string) {
	const hex = "0123456789abcdef"
	w.out = append(w.out, '"')
	for _, c := range []byte(v) {
		switch {
		case c == '"' || c == '\\':
			w.out = append(w.out, '\\', c)
		case c < 0x20 || c == 0x7f:
			w.out = append(w.out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			w.out = append(w.out, c)
		}
	}
	w.out = append(w.out, '"')
}

func (w *writer) data(e cloudevents.Event, ec *cloudevents.EventContextV1) {
	if e.DataEncoded == nil {
		return
	}
	var contentType string
	if ec.DataContentType != nil {
		contentType = *ec.DataContentType
	}
	switch {
	case e.DataBase64:
		w.key("data_base64")
		w.str(base64.StdEncoding.EncodeToString(e.DataEncoded))
	case isJSON(contentType):
		w.json(e.DataEncoded)
	default:
		if !utf8.Valid(e.DataEncoded) {
			w.fail(badData, "data")
		}
		w.key("data")
		w.str(string(e.DataEncoded))
	}
}

// json writes JSON data as it stands, but in one line.
func (w *writer) json(data []byte) {
	if id := sound(data); id != ok {
		if id == notJSON {
			id = badData
		}
		w.fail(id, "data")
		return
	}
	w.key("data")
	if !bytes.ContainsAny(data, "\r\n") {
		w.out = append(w.out, data...)
		return
	}
	var b bytes.Buffer
	if json.Compact(&b, data) != nil {
		w.fail(badData, "data")
	}
	w.out = append(w.out, b.Bytes()...)
}
