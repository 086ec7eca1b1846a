package event

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/types"
)

// Validate reports whether record is one event in the structured JSON form by
// every rule of [Rules]: nil, or a *Violation that unwraps to ErrInvalid. It
// reads at most MaxSize bytes and 64 levels. A null stands for an optional
// attribute that is not set, as the format says.
//
// Safe for concurrent use; record is not kept.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func Validate(record []byte) error {
	_, err := parse(record)
	return err
}

// FromRecord returns a record as an event of the SDK, with the values that the
// SDK itself would give it. It returns a *Violation, and the zero Event, for a
// record that Validate refuses. The event shares no memory with record.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func FromRecord(record []byte) (cloudevents.Event, error) {
	p, err := parse(record)
	if err != nil {
		return cloudevents.Event{}, err
	}
	return p.event(), nil
}

// A parsed is an event that was found valid.
type parsed struct {
	attributes []member
	// data is nil if there is none; binary is whether it came as data_base64.
	data   []byte
	binary bool
}

func parse(record []byte) (parsed, error) {
	members, id := scan(record)
	if id != ok {
		return parsed{}, violation(id, "")
	}
	var p parsed
	var data *member
	for i, m := range members {
		if m.name != "data" && m.name != "data_base64" {
			if id := checkMember(m); id != ok {
				return parsed{}, violation(id, m.name)
			}
			p.attributes = append(p.attributes, m)
			continue
		}
		if data != nil {
			return parsed{}, violation(twoData, "data")
		}
		data = &members[i]
	}
	for _, name := range required {
		if p.text(name) == "" {
			return parsed{}, violation(missing, name)
		}
	}
	return p, violation(p.take(data), "data")
}

// checkMember judges an attribute as it stands in JSON.
func checkMember(m member) ruleID {
	if id := checkName(m.name); id != ok {
		return id
	}
	kind := kinds[m.name]
	switch m.kind {
	case jsonNull:
		return ok
	case jsonString:
		return checkText(kind, m.text)
	case jsonBool:
		if kind == anyValue {
			return ok
		}
	case jsonNumber:
		if kind == anyValue {
			return checkInteger(string(m.raw))
		}
	}
	return wrongType
}

// text returns the value of a string attribute, or "".
func (p parsed) text(name string) string {
	i := slices.IndexFunc(p.attributes, func(m member) bool { return m.name == name })
	if i < 0 {
		return ""
	}
	return p.attributes[i].text
}

// take judges and keeps the data.
func (p *parsed) take(m *member) (id ruleID) {
	switch {
	case m == nil:
		return ok
	case m.name == "data_base64":
		if m.kind == jsonNull {
			return ok
		}
		if m.kind != jsonString {
			return badBase64
		}
		p.binary = true
		p.data, id = decodeBase64(m.text)
		return id
	case isJSON(p.text("datacontenttype")):
		p.data = bytes.Clone(m.raw)
		return ok
	case m.kind == jsonString:
		p.data = []byte(m.text)
		return ok
	}
	return dataNotString
}

// event builds the SDK's form of what was found valid.
func (p parsed) event() cloudevents.Event {
	ec := &cloudevents.EventContextV1{
		ID: p.text("id"), Type: p.text("type"),
		Source:     *types.ParseURIRef(p.text("source")),
		DataSchema: types.ParseURI(p.text("dataschema")),
	}
	if v := p.text("subject"); v != "" {
		ec.Subject = &v
	}
	if v := p.text("datacontenttype"); v != "" {
		ec.DataContentType = &v
	}
	if t, good := parseTime(p.text("time")); good {
		ec.Time = &types.Timestamp{Time: t}
	}
	for _, m := range p.attributes {
		if isCore(m.name) || m.kind == jsonNull {
			continue
		}
		if ec.Extensions == nil {
			ec.Extensions = make(map[string]any)
		}
		ec.Extensions[m.name] = m.value()
	}
	return cloudevents.Event{Context: ec, DataEncoded: p.data, DataBase64: p.binary}
}

// value returns the value of an extension as the SDK holds it.
func (m member) value() any {
	switch m.kind {
	case jsonBool:
		return m.raw[0] == 't'
	case jsonNumber:
		n, _ := strconv.ParseInt(string(m.raw), 10, 32) // was judged before
		return int32(n)
	}
	return m.text
}

// coreNames are the attributes that the specification itself defines.
const coreNames = " specversion id source type subject time datacontenttype dataschema "

func isCore(name string) bool { return strings.Contains(coreNames, " "+name+" ") }
