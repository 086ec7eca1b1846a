package audit

import (
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// An object is a JSON object in the making. Members that are empty are left
// out, but for those that are put with must. It exists because encoding/json
// would weigh more than the rest of this package together.
type object []byte

func begin(dst []byte) object { return append(dst, '{') }

func (o object) end() []byte { return append(o, '}') }

// key appends the name of a member, which is plain.
func (o object) key(name string) object {
	if o[len(o)-1] != '{' {
		o = append(o, ',')
	}
	o = append(o, '"')
	o = append(o, name...)
	return append(o, '"', ':')
}

// quoted is key for a name that may be anything.
func (o object) quoted(name string) object {
	if o[len(o)-1] != '{' {
		o = append(o, ',')
	}
	return append(appendString(o, name), ':')
}

func (o object) str(name, v string) object {
	if v == "" {
		return o
	}
	return appendString(o.key(name), v)
}

func (o object) must(name, v string) object { return appendString(o.key(name), v) }

func (o object) mustInt(name string, v int64) object {
	return strconv.AppendInt(o.key(name), v, 10)
}

func (o object) int(name string, v int64) object {
	if v == 0 {
		return o
	}
	return o.mustInt(name, v)
}

func (o object) mustBool(name string, v bool) object {
	return strconv.AppendBool(o.key(name), v)
}

func (o object) bool(name string, v bool) object {
	if !v {
		return o
	}
	return o.mustBool(name, v)
}

func (o object) time(name string, v time.Time) object {
	if v.IsZero() {
		return o
	}
	o = append(o.key(name), '"')
	return append(appendTime(o, v), '"')
}

func (o object) raw(name string, v []byte) object { return append(o.key(name), v...) }

// member puts a member that is not the first; start is its comma, its name, the
// colon and the first quote.
func (o object) member(start, v string) object {
	if v == "" {
		return o
	}
	return append(appendText(append(o, start...), v), '"')
}

// appendTime appends t as time.RFC3339Nano has it, in UTC. The year has four
// digits.
func appendTime(dst []byte, t time.Time) object {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	var b [len("2006-01-02T15:04:05.000000000Z")]byte
	digits(b[0:4], uint64(year))
	pair(b[4:], '-', int(month))
	pair(b[7:], '-', day)
	pair(b[10:], 'T', hour)
	pair(b[13:], ':', minute)
	pair(b[16:], ':', second)
	n := 19
	if ns := t.Nanosecond(); ns != 0 {
		b[n] = '.'
		digits(b[20:29], uint64(ns))
		for n = 29; b[n-1] == '0'; n-- {
		}
	}
	b[n] = 'Z'
	return append(dst, b[:n+1]...)
}

// pair writes a separator and two digits.
func pair(b []byte, separator byte, n int) {
	b[0], b[1], b[2] = separator, byte('0'+n/10), byte('0'+n%10)
}

// put puts an array of anything that is a string.
func put[S ~string](o object, name string, vs []S) object {
	if len(vs) == 0 {
		return o
	}
	o = append(o.key(name), '[')
	for i, v := range vs {
		if i > 0 {
			o = append(o, ',')
		}
		o = appendString(o, string(v))
	}
	return append(o, ']')
}

// putMap puts an object with its members in the order of their names.
func putMap[V any](o object, name string, m map[string]V, member func(object, string, V) object) object {
	if len(m) == 0 {
		return o
	}
	inner := begin(o.key(name))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		inner = member(inner, k, m[k])
	}
	return inner.end()
}

// appendString appends s as a JSON string (RFC 8259, section 7). What is not
// UTF-8 becomes U+FFFD.
func appendString(dst []byte, s string) object {
	return append(appendText(append(dst, '"'), s), '"')
}

// appendText appends what stands between the quotes.
func appendText(dst []byte, s string) object {
	for {
		n := plain(s)
		dst = append(dst, s[:n]...)
		if n == len(s) {
			return dst
		}
		dst, n = appendOdd(dst, s, n)
		s = s[n:]
	}
}

// plain returns how many bytes of s stand for themselves.
func plain(s string) int {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			return i
		}
	}
	return len(s)
}

// appendOdd appends the character at i, which does not stand for itself, and
// returns where the next one begins.
func appendOdd(dst []byte, s string, i int) ([]byte, int) {
	const hex = "0123456789abcdef"
	switch c := s[i]; {
	case c == '"' || c == '\\':
		return append(dst, '\\', c), i + 1
	case c < utf8.RuneSelf:
		return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15]), i + 1
	}
	r, n := utf8.DecodeRuneInString(s[i:])
	return utf8.AppendRune(dst, r), i + n
}
