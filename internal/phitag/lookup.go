package phitag

import (
	"strconv"
	"strings"
)

const malformed = "malformed struct tag"

// lookup finds the phi tag. reflect.StructTag.Lookup stops without a word
// where a tag is not written as it wants, and what stands behind is lost. This
// one reads as it does, but tells a tag that is missing from one that is
// malformed or given twice: a tag that cannot be read to its end is refused if
// it says "phi" anywhere, in whatever case, because a declaration that is
// silently lost fails open.
func lookup(tag string) (value string, ok bool, reason string) {
	for rest := strings.TrimLeft(tag, " "); rest != ""; rest = strings.TrimLeft(rest, " ") {
		key, quoted, good := cutKey(rest)
		text, err := strconv.QuotedPrefix(quoted)
		if !good || err != nil {
			return "", false, lost(tag)
		}
		rest = quoted[len(text):]
		text, err = strconv.Unquote(text)
		switch {
		case key != "phi" && meansPHI(key):
			return "", false, malformed
		case key != "phi":
			continue
		case ok:
			return "", false, "two phi tags"
		case err != nil:
			return "", false, malformed
		}
		value, ok = text, true
	}
	return value, ok, ""
}

// cutKey splits a tag before the quote that opens the first value. A key has
// no space, quote, colon or control character, which is reflect's rule.
func cutKey(tag string) (key, quoted string, ok bool) {
	end := strings.IndexFunc(tag, func(c rune) bool { return c <= ' ' || c == ':' || c == '"' || c == 0x7f })
	if end <= 0 || !strings.HasPrefix(tag[end:], `:"`) {
		return "", "", false
	}
	return tag[:end], tag[end+1:], true
}

// meansPHI reports whether a key is "phi" but for case and signs around it.
func meansPHI(key string) bool {
	word := strings.TrimFunc(key, func(c rune) bool { return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') })
	return strings.EqualFold(word, "phi")
}

// lost returns what is wrong with a tag that cannot be read: nothing, as far
// as this package goes, if it has no phi in it.
func lost(tag string) string {
	if strings.Contains(strings.ToLower(tag), "phi") {
		return malformed
	}
	return ""
}

// Find parses the phi tag of a whole struct tag, and reports whether there is
// one. It is for tools that read source; its errors name no type or field.
//
// Controls: HIPAA 164.514(b)(2)(i), 164.502(b)(1).
func Find(tag string) (Tag, bool, error) {
	value, ok, reason := lookup(tag)
	if reason != "" {
		return Tag{}, false, &Error{Reason: reason}
	}
	if !ok {
		return Tag{}, false, nil
	}
	t, err := Parse(value)
	return t, true, err
}
