package event

import (
	"encoding/base64"
	"mime"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxName is how long the name of an attribute should be at most.
const maxName = 20

// A valueKind is what an attribute's value must be.
type valueKind uint8

const (
	// anyValue is a boolean, an integer or a string, which may be empty.
	anyValue valueKind = iota
	version
	text
	uriReference
	absoluteURI
	mediaType
	occurrence
	timestamp
)

// kinds are the attributes of the specification, and the extensions that the
// CloudEvents project documents or package audit writes, as far as their
// values are bound to something.
var kinds = map[string]valueKind{
	"specversion": version, "id": text, "source": uriReference, "type": text, "subject": text,
	"time": occurrence, "datacontenttype": mediaType, "dataschema": absoluteURI,

	"sequence": text, "recordedtime": timestamp, "expirytime": timestamp, "traceparent": text, "tracestate": text,
	"authtype": text, "authid": text, "correlationid": text, "causationid": text, "partitionkey": text,
	"dataclassification": text, "dataregulation": text, "datacategory": text, "dataref": text, "severitytext": text,
	"hipaacontrol": text, "nistcsf": text, "purposeofuse": text, "patientref": text, "outcome": text,
	"breakglass": anyValue, "severitynumber": anyValue, "sampledrate": anyValue,
}

// required are the attributes that no event may lack.
var required = [...]string{"specversion", "id", "source", "type"}

// checkName judges the name of an attribute.
func checkName(name string) ruleID {
	if name == "" {
		return badName
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return badName
		}
	}
	if name == "data" {
		return nameData
	}
	if len(name) > maxName {
		return longName
	}
	return ok
}

// checkText judges the value of an attribute that is written as a string.
func checkText(kind valueKind, v string) ruleID {
	if kind == anyValue {
		return checkString(v)
	}
	if v == "" {
		return empty
	}
	if id := checkString(v); id != ok {
		return id
	}
	if strings.TrimSpace(v) == "" {
		return blank
	}
	switch kind {
	case version:
		if v != "1.0" {
			return noVersion
		}
	case uriReference:
		return checkURI(v)
	case absoluteURI:
		return checkSchema(v)
	case mediaType:
		if !isMediaType(v) {
			return badMediaType
		}
	case occurrence:
		return checkTime(v)
	case timestamp:
		if _, good := parseTime(v); !good {
			return badTime
		}
	}
	return ok
}

// checkString judges a String of the specification's type system.
func checkString(v string) ruleID {
	if !utf8.ValidString(v) {
		return notUTF8
	}
	for _, r := range v {
		if unicode.IsControl(r) {
			return control
		}
		if r&0xFFFE == 0xFFFE || (r >= 0xFDD0 && r <= 0xFDEF) {
			return noncharacter
		}
	}
	return ok
}

// checkURI judges a URI-reference: the characters and escapes of RFC 3986, and
// a form that net/url, and so the SDK, writes as it reads it.
func checkURI(v string) ruleID {
	const others = "-._~:/?#[]@!$&'()*+,;="
	for i := 0; i < len(v); i++ {
		c := v[i]
		switch {
		case c == '%':
			if i+2 >= len(v) || !isHex(v[i+1]) || !isHex(v[i+2]) {
				return badURIReference
			}
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case strings.IndexByte(others, c) < 0:
			return badURIReference
		}
	}
	u, err := url.Parse(v)
	if err != nil {
		return badURIReference
	}
	if u.String() != v {
		return rewrittenURI
	}
	// Brackets stand around an IP literal only (section 3.2.2); net/url lets them
	// stand in a query and in a path without a leading slash.
	if strings.ContainsAny(strings.Replace(v, u.Host, "", 1), "[]") {
		return badURIReference
	}
	return ok
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func checkSchema(v string) ruleID {
	id := checkURI(v)
	if id != ok && id != rewrittenURI {
		return id
	}
	if u, err := url.Parse(v); err != nil || !u.IsAbs() {
		return relativeSchema
	}
	if strings.Contains(v, "#") {
		return schemaFragment
	}
	return id
}

// isMediaType reports whether v is type/subtype with parameters.
func isMediaType(v string) bool {
	media, _, err := mime.ParseMediaType(v)
	return err == nil && strings.Count(media, "/") == 1
}

// isJSON reports whether the content type declares JSON (JSON Event Format,
// section 3.1.1). None is JSON.
func isJSON(contentType string) bool {
	if contentType == "" {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (strings.HasSuffix(media, "/json") || strings.HasSuffix(media, "+json"))
}

// checkTime judges the time of the occurrence.
func checkTime(v string) ruleID {
	t, good := parseTime(v)
	if !good {
		return badTime
	}
	if t.IsZero() {
		return zeroTime
	}
	return ok
}

// parseTime parses a timestamp of RFC 3339 in the form that every reader takes.
func parseTime(v string) (time.Time, bool) {
	const shape = "0000-00-00T00:00:00"
	if len(v) <= len(shape) {
		return time.Time{}, false
	}
	for i := range len(shape) {
		if digit := v[i] >= '0' && v[i] <= '9'; digit != (shape[i] == '0') || !digit && v[i] != shape[i] {
			return time.Time{}, false
		}
	}
	zone := strings.TrimLeft(strings.TrimPrefix(v[len(shape):], "."), "0123456789")
	if fraction := len(v) - len(shape) - len(zone); fraction == 1 || fraction > 10 || fraction > 0 && v[len(shape)] != '.' {
		return time.Time{}, false
	}
	if zone != "Z" && !isOffset(zone) {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, v)
	return t, err == nil
}

// isOffset reports whether zone is a numeric offset, at most a day.
func isOffset(zone string) bool {
	if len(zone) != 6 || zone[0] != '+' && zone[0] != '-' || zone[3] != ':' {
		return false
	}
	h, errH := strconv.ParseUint(zone[1:3], 10, 8)
	m, errM := strconv.ParseUint(zone[4:], 10, 8)
	return errH == nil && errM == nil && h < 24 && m < 60
}

// checkInteger judges a JSON number as an Integer.
func checkInteger(raw string) ruleID {
	if _, err := strconv.ParseInt(raw, 10, 32); err != nil {
		return badInteger
	}
	return ok
}

// decodeBase64 decodes what data_base64 holds.
func decodeBase64(v string) ([]byte, ruleID) {
	if strings.ContainsAny(v, "\r\n") {
		return nil, badBase64
	}
	b, err := base64.StdEncoding.Strict().DecodeString(v)
	if err != nil {
		return nil, badBase64
	}
	return b, ok
}
