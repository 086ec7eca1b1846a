package audit

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// ParseEvent reads a record that this package has rendered, or any JSON of a
// CloudEvent 1.0 that has no other attributes than an [Event]. It is strict: an
// unknown or repeated attribute, an empty one, a lone surrogate, a control
// character, or more than 65,535 bytes is an error that unwraps to [ErrEvent],
// says which attribute it was and repeats nothing of the record.
//
// The Event keeps nothing of record. ParseEvent does not judge Data beyond its
// being JSON.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func ParseEvent(record []byte) (Event, error) {
	if len(record) > maxRecord {
		return Event{}, fmt.Errorf("%w: too long", ErrEvent)
	}
	if !utf8.Valid(record) || !json.Valid(record) {
		return Event{}, fmt.Errorf("%w: not JSON", ErrEvent)
	}
	p := parser{in: record}
	e, what := p.event()
	if what != "" {
		return Event{}, fmt.Errorf("%w: %s", ErrEvent, what)
	}
	if !e.valid() {
		return Event{}, fmt.Errorf("%w: an attribute is missing or not allowed", ErrEvent)
	}
	return e, nil
}

// A parser walks over a JSON text that is known to be valid.
type parser struct {
	in []byte
	at int
}

// maxMembers bounds the attributes of one event.
const maxMembers = 32

// event reads the attributes; what names the first that is wrong.
func (p *parser) event() (e Event, what string) {
	p.space()
	if p.in[p.at] != '{' {
		return e, "not an object"
	}
	p.at++
	var seen [maxMembers]string
	n := 0
	for p.space(); p.in[p.at] != '}'; p.space() {
		if p.in[p.at] == ',' {
			p.at++
			p.space()
		}
		name, ok := p.str()
		if !ok || n == maxMembers {
			return e, "an attribute's name"
		}
		for _, s := range seen[:n] {
			if s == name {
				return e, "an attribute that is repeated"
			}
		}
		seen[n] = name
		n++
		p.space()
		p.at++ // the colon
		p.space()
		if what := p.member(&e, name); what != "" {
			return e, what
		}
	}
	p.at++
	if !has(seen[:n], "specversion") || !has(seen[:n], "data") {
		return e, "specversion or data is missing"
	}
	return e, ""
}

func has(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// member reads the value of one attribute into e.
func (p *parser) member(e *Event, name string) (what string) {
	switch name {
	case "data":
		from := p.at
		p.skip()
		e.Data = append(json.RawMessage(nil), p.in[from:p.at]...)
		return ""
	case "breakglass":
		from := p.at
		p.skip()
		e.BreakGlass = string(p.in[from:p.at]) == "true"
		if !e.BreakGlass && string(p.in[from:p.at]) != "false" {
			return name
		}
		return ""
	}
	if p.in[p.at] != '"' {
		return "an attribute that is no text"
	}
	value, ok := p.str()
	if !ok || value == "" {
		return "an attribute that is empty or no text"
	}
	return e.set(name, value)
}

// set puts one attribute that is text into e.
func (e *Event) set(name, value string) (what string) {
	bad := false
	switch name {
	case "specversion":
		bad = value != "1.0"
	case "datacontenttype":
		bad = value != "application/json"
	case "id":
		e.ID = value
	case "source":
		e.Source = value
	case "type":
		e.Type = value
	case "datacategory":
		e.DataCategory = value
	case "time":
		e.Time, bad = instant(value)
	case "recordedtime":
		e.RecordedTime, bad = instant(value)
	case "expirytime":
		e.ExpiryTime, bad = instant(value)
	case "sequence":
		n, err := strconv.ParseUint(value, 10, 64)
		e.Sequence, bad = n, err != nil || len(value) != sequenceN
	default:
		for _, a := range e.strings() {
			if a.name == name {
				*a.value = value
				return ""
			}
		}
		return "an attribute that is not known"
	}
	if bad {
		return name
	}
	return ""
}

func instant(s string) (t time.Time, bad bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	// time.Parse also takes an hour of one digit, and a comma.
	return t.UTC(), err != nil || s[len("2006-01-02T15")] != ':' || strings.Contains(s, ",")
}

func (p *parser) space() {
	for p.at < len(p.in) {
		switch p.in[p.at] {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return
		}
	}
}

// skip goes past one value.
func (p *parser) skip() {
	depth := 0
	for {
		switch c := p.in[p.at]; c {
		case '"':
			p.quoted()
		case '{', '[':
			depth++
			p.at++
		case '}', ']':
			depth--
			p.at++
		case ',', ':', ' ', '\t', '\r', '\n':
			p.at++
			continue
		default:
			p.literal()
		}
		if depth == 0 {
			return
		}
	}
}

// literal goes past a number, true, false or null.
func (p *parser) literal() {
	for p.at < len(p.in) {
		switch p.in[p.at] {
		case ',', '}', ']', ' ', '\t', '\r', '\n':
			return
		}
		p.at++
	}
}

// quoted goes past a string and returns what stands between the quotes.
func (p *parser) quoted() (inner []byte, plain bool) {
	p.at++
	from := p.at
	plain = true
	for p.in[p.at] != '"' {
		if p.in[p.at] == '\\' {
			plain = false
			p.at++
		}
		p.at++
	}
	p.at++
	return p.in[from : p.at-1], plain
}

// str reads a string. It returns false for a lone surrogate, which encoding/json
// would replace.
func (p *parser) str() (string, bool) {
	inner, plain := p.quoted()
	if plain {
		return string(inner), true
	}
	out := make([]byte, 0, len(inner))
	for i := 0; i < len(inner); i++ {
		if inner[i] != '\\' {
			out = append(out, inner[i])
			continue
		}
		i++
		if inner[i] != 'u' {
			out = append(out, escaped(inner[i]))
			continue
		}
		r := hex4(inner[i+1:])
		i += 4
		if utf16.IsSurrogate(r) {
			if i+6 >= len(inner) || inner[i+1] != '\\' || inner[i+2] != 'u' {
				return "", false
			}
			r = utf16.DecodeRune(r, hex4(inner[i+3:]))
			if r == utf8.RuneError {
				return "", false
			}
			i += 6
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out), true
}

// escaped returns what follows a backslash in the short form.
func escaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// hex4 reads the four digits of \uXXXX, which json.Valid has seen.
func hex4(b []byte) rune {
	n, _ := strconv.ParseUint(string(b[:4]), 16, 32)
	return rune(n)
}
