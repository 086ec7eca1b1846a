package phitag

import "strings"

// A Class says how a field identifies. The zero value is [PHI].
//
// Controls: HIPAA 164.514(a), 164.502(b)(1).
type Class uint8

// The classes: PHI; PHI-adjacent, which identifies in combination; and
// de-identified, which a type declares with "-".
//
// Controls: HIPAA 164.514(a), 164.502(b)(1).
const (
	PHI Class = iota
	Adjacent
	Deidentified
)

// String returns "phi", "phi-adjacent" or "de-identified".
func (c Class) String() string {
	switch c {
	case Adjacent:
		return "phi-adjacent"
	case Deidentified:
		return "de-identified"
	}
	return "phi"
}

// A Tag is one parsed `phi` tag. The zero value is that of a field without a
// tag, which is PHI.
//
// Controls: HIPAA 164.514(b)(2)(i), 164.514(e), 164.502(b)(1).
type Tag struct {
	// Kind is what the field holds.
	Kind Kind
	// Adjacent: it identifies in combination only.
	Adjacent bool
	// Limited: a limited data set may keep it.
	Limited bool
	// Group is the disclosure category, empty if none is declared.
	Group string
	// Index names the blind index, empty if the field has none.
	Index string
}

// Class returns the class that follows from the tag.
func (t Tag) Class() Class {
	switch {
	case t.Kind == NotPHI:
		return Deidentified
	case t.Adjacent:
		return Adjacent
	}
	return PHI
}

// String returns the tag in its canonical spelling, which [Parse] reads back.
func (t Tag) String() string {
	var b strings.Builder
	b.WriteString(t.Kind.String())
	if t.Adjacent {
		b.WriteString(",adjacent")
	}
	if t.Limited {
		b.WriteString(",limited")
	}
	if t.Group != "" {
		b.WriteString(",group=" + t.Group)
	}
	if t.Index != "" {
		b.WriteString(",index=" + t.Index)
	}
	return b.String()
}

// An Error says what is wrong with a declaration. It holds names of types and
// fields and never a value, not even a word of the tag.
//
// Controls: none, it reports a fault in a declaration.
type Error struct {
	// Type and Field name the place; both are empty for a tag parsed alone.
	Type, Field string
	// Reason is a short phrase.
	Reason string
}

// Error returns "phitag: Type.Field: reason".
func (e *Error) Error() string {
	if e.Type == "" {
		return "phitag: " + e.Reason
	}
	return "phitag: " + e.Type + "." + e.Field + ": " + e.Reason
}

// maxName bounds the names of groups and indexes, in bytes.
const maxName = 64

// Parse reads the content of one `phi` tag. It returns an *[Error] for an
// unknown kind or option, an option given twice, an empty or malformed name,
// and for these contradictions: any option with "-"; limited with a kind that
// 164.514(e)(2) excludes from a limited data set, with text and with
// clinical; adjacent with a direct identifier or text; index with text,
// clinical, photo and biometric, over which a blind index is senseless or
// reveals how frequent each value is.
//
// Controls: HIPAA 164.514(b)(2)(i), 164.514(e).
func Parse(s string) (Tag, error) {
	word, rest, more := strings.Cut(s, ",")
	kind, ok := ParseKind(word)
	if !ok {
		return Tag{}, &Error{Reason: "unknown kind"}
	}
	t := Tag{Kind: kind}
	for more {
		word, rest, more = strings.Cut(rest, ",")
		if reason := t.option(word); reason != "" {
			return Tag{}, &Error{Reason: reason}
		}
	}
	if reason := t.contradiction(); reason != "" {
		return Tag{}, &Error{Reason: reason}
	}
	return t, nil
}

// option adds one option and returns what is wrong with it, or "".
func (t *Tag) option(word string) string {
	key, value, assigned := strings.Cut(word, "=")
	switch {
	case key == "adjacent" && !assigned:
		return flag(&t.Adjacent)
	case key == "limited" && !assigned:
		return flag(&t.Limited)
	case key == "group" && assigned:
		return name(&t.Group, value)
	case key == "index" && assigned:
		return name(&t.Index, value)
	}
	return "unknown option"
}

func flag(b *bool) string {
	if *b {
		return "option given twice"
	}
	*b = true
	return ""
}

func name(dst *string, value string) string {
	if *dst != "" {
		return "option given twice"
	}
	if !validName(value) {
		return "option needs a name of lower-case letters, digits, '_', '.' and '-'"
	}
	*dst = value
	return ""
}

// validName reports whether s is a letter followed by letters, digits and
// "_.-", in lower case, at most maxName bytes.
func validName(s string) bool {
	if s == "" || len(s) > maxName || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for _, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !letter && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

// contradiction returns why the options do not fit the kind, or "".
func (t Tag) contradiction() string {
	e := table[t.Kind]
	switch {
	case t.Kind == NotPHI && t != (Tag{Kind: NotPHI}):
		return "\"-\" takes no option"
	case t.Limited && !e.limited:
		return "limited contradicts the kind"
	case t.Adjacent && !e.adjacent:
		return "adjacent contradicts the kind"
	case t.Index != "" && e.noIndex:
		return "index contradicts the kind"
	}
	return ""
}
