package oidc

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// Bounds of a JSON object in a token or a document of the issuer.
const (
	maxDepth   = 16
	maxMembers = 4096
)

var errJSON = errors.New("not one JSON object without duplicate names")

// parseObject reads one JSON object. It refuses what readers disagree about: a
// name that occurs twice at any depth, text that is not UTF-8, and anything
// behind the object. Numbers stay as they were written.
func parseObject(document []byte) (map[string]any, error) {
	if !utf8.Valid(document) || !json.Valid(document) {
		return nil, errJSON
	}
	r := objectReader{decoder: json.NewDecoder(bytes.NewReader(document))}
	r.decoder.UseNumber()
	value, err := r.value(0)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errJSON
	}
	if _, err := r.decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errJSON
	}
	return object, nil
}

type objectReader struct {
	decoder *json.Decoder
	members int
}

func (r *objectReader) value(depth int) (any, error) {
	token, err := r.decoder.Token()
	if err != nil || depth > maxDepth {
		return nil, errJSON
	}
	switch token {
	case json.Delim('{'):
		return r.object(depth)
	case json.Delim('['):
		return r.array(depth)
	}
	return token, nil
}

func (r *objectReader) object(depth int) (any, error) {
	members := map[string]any{}
	for r.decoder.More() {
		name, err := r.decoder.Token()
		text, ok := name.(string)
		if err != nil || !ok || !r.count() {
			return nil, errJSON
		}
		if _, twice := members[text]; twice {
			return nil, errJSON
		}
		if members[text], err = r.value(depth + 1); err != nil {
			return nil, err
		}
	}
	_, err := r.decoder.Token()
	return members, err
}

func (r *objectReader) array(depth int) (any, error) {
	values := []any{}
	for r.decoder.More() {
		value, err := r.value(depth + 1)
		if err != nil || !r.count() {
			return nil, errJSON
		}
		values = append(values, value)
	}
	_, err := r.decoder.Token()
	return values, err
}

func (r *objectReader) count() bool {
	r.members++
	return r.members <= maxMembers
}

// text returns a member that must be a string, if it is there.
func text(object map[string]any, name string) (value string, there, ok bool) {
	member, there := object[name]
	if !there {
		return "", false, true
	}
	value, ok = member.(string)
	return value, true, ok
}

// texts returns a member that is a string or an array of strings.
func texts(object map[string]any, name string) (values []string, there, ok bool) {
	member, there := object[name]
	if !there {
		return nil, false, true
	}
	if one, isText := member.(string); isText {
		return []string{one}, true, true
	}
	list, isList := member.([]any)
	if !isList {
		return nil, true, false
	}
	for _, entry := range list {
		one, isText := entry.(string)
		if !isText {
			return nil, true, false
		}
		values = append(values, one)
	}
	return values, true, true
}

// latest is the end of the year 9999, beyond which no time of a token lies.
const latest = 253402300799

// instant returns a member that must be a NumericDate (RFC 7519, section 2), if
// it is there.
func instant(object map[string]any, name string) (at time.Time, there, ok bool) {
	member, there := object[name]
	if !there {
		return time.Time{}, false, true
	}
	number, isNumber := member.(json.Number)
	if !isNumber {
		return time.Time{}, true, false
	}
	seconds, err := strconv.ParseFloat(number.String(), 64)
	if err != nil || !(seconds >= 0 && seconds <= latest) {
		return time.Time{}, true, false
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)), true, true
}
