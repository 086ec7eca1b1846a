package scim

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// maxFilter bounds a filter, in bytes.
const maxFilter = 1024

// filter reads the one form of filter that finds an account: an identifying
// attribute, "eq" and a JSON string (RFC 7644, section 3.4.2.2).
func filter(text string) (Key, string, *problem) {
	if len(text) > maxFilter || !utf8.ValidString(text) {
		return "", "", badFilter
	}
	path, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	op, literal, _ := strings.Cut(strings.TrimSpace(rest), " ")
	if !strings.EqualFold(op, "eq") {
		return "", "", badFilter
	}
	var key Key
	switch attributeName(path) {
	case "id":
		key = ByID
	case "username":
		key = ByUserName
	case "externalid":
		key = ByExternalID
	default:
		return "", "", badFilter
	}
	var value string
	literal = strings.TrimSpace(literal)
	if !strings.HasPrefix(literal, `"`) || json.Unmarshal([]byte(literal), &value) != nil || value == "" || len(value) > maxText {
		return "", "", badFilter
	}
	return key, value, nil
}
