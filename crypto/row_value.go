package crypto

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"reflect"
	"time"
)

// How a value is stored: a length plus one, as an unsigned varint, and that
// many bytes; the length 0 alone is nil. The code of the field says what the
// bytes are.
const (
	codeBytes  = 's' // of a string or byte slice
	codeInt    = 'i' // 8 bytes, big-endian, two's complement
	codeUint   = 'u' // 8 bytes, big-endian
	codeFloat  = 'f' // 8 bytes, IEEE 754 bits, big-endian
	codeBool   = 'b' // 1 byte, 0 or 1
	codeTime   = 't' // as time.Time.MarshalBinary
	codeJSON   = 'j' // as encoding/json
	numberSize = 8
)

func isCode(c byte) bool { return bytes.IndexByte([]byte("siufbtj"), c) >= 0 }

// codeOf returns how values of a type are stored, or 0 if they cannot be.
func codeOf(t reflect.Type) byte {
	switch t.Kind() {
	case reflect.String:
		return codeBytes
	case reflect.Bool:
		return codeBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return codeInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return codeUint
	case reflect.Float32, reflect.Float64:
		return codeFloat
	case reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return 0
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return codeBytes
		}
	}
	if t == reflect.TypeFor[time.Time]() {
		return codeTime
	}
	return codeJSON
}

// at returns the field in a struct.
func (f *rowField) at(v reflect.Value) reflect.Value {
	if len(f.index) == 1 {
		return v.Field(f.index[0])
	}
	return v.FieldByIndex(f.index)
}

// append appends the value of the field in a struct. After an error it returns
// dst, for the caller to clear.
func (f *rowField) append(dst []byte, row reflect.Value) ([]byte, error) {
	v := f.at(row)
	if f.ptr {
		if v.IsNil() {
			return appendNil(dst), nil
		}
		v = v.Elem()
	}
	switch f.code {
	case codeBytes:
		if v.Kind() == reflect.String {
			return appendText(dst, v.String()), nil
		}
		if v.IsNil() {
			return appendNil(dst), nil
		}
		b := v.Bytes()
		return append(appendLength(dst, len(b)), b...), nil
	case codeInt:
		return appendNumber(dst, uint64(v.Int())), nil
	case codeUint:
		return appendNumber(dst, v.Uint()), nil
	case codeFloat:
		return appendNumber(dst, math.Float64bits(v.Float())), nil
	case codeBool:
		dst = appendLength(dst, 1)
		if v.Bool() {
			return append(dst, 1), nil
		}
		return append(dst, 0), nil
	case codeTime:
		return appendTime(dst, v)
	}
	return appendJSON(dst, v)
}

func appendNil(dst []byte) []byte { return append(extend(dst, 1), 0) }

func appendText(dst []byte, s string) []byte { return append(appendLength(dst, len(s)), s...) }

func appendNumber(dst []byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64(appendLength(dst, numberSize), n)
}

func appendTime(dst []byte, v reflect.Value) ([]byte, error) {
	var room [16]byte
	b, err := v.Addr().Interface().(*time.Time).AppendBinary(room[:0])
	if err != nil {
		return dst, errEncode
	}
	return append(appendLength(dst, len(b)), b...), nil
}

// appendJSON appends what encoding/json writes, if it gives back the same.
func appendJSON(dst []byte, v reflect.Value) ([]byte, error) {
	if nilable(v) && v.IsNil() {
		return appendNil(dst), nil
	}
	out, err := json.Marshal(v.Addr().Interface())
	if err != nil {
		return dst, errEncode
	}
	defer clear(out)
	back := reflect.New(v.Type())
	if json.Unmarshal(out, back.Interface()) != nil || !lossless(v, back.Elem()) {
		return dst, errEncode
	}
	return append(appendLength(dst, len(out)), out...), nil
}

func nilable(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		return true
	}
	return false
}

// cutValue takes the first value off what was sealed. A nil value stands for
// a nil; ok is false if b is not as it should be.
func cutValue(b []byte) (value, rest []byte, ok bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size)+1 {
		return nil, nil, false
	}
	if n == 0 {
		return nil, b[size:], true
	}
	end := size + int(n-1)
	return b[size:end:end], b[end:], true
}

// set sets the field in a struct to a stored value, of which it keeps nothing.
func (f *rowField) set(row reflect.Value, value []byte) error {
	v := f.at(row)
	if value == nil {
		if !nilable(v) {
			return schemaError(f.name, "is stored as nil, which the type cannot be")
		}
		v.SetZero()
		return nil
	}
	if f.ptr {
		v.Set(reflect.New(f.typ))
		v = v.Elem()
	}
	if !f.fill(v, value) {
		v.SetZero()
		return schemaError(f.name, "is stored as something that the type cannot be")
	}
	return nil
}

// fill reports whether the value fits.
func (f *rowField) fill(v reflect.Value, value []byte) bool {
	switch f.code {
	case codeBytes:
		if v.Kind() == reflect.String {
			v.SetString(string(value))
		} else {
			v.SetBytes(append([]byte{}, value...))
		}
		return true
	case codeTime:
		return v.Addr().Interface().(*time.Time).UnmarshalBinary(value) == nil
	case codeJSON:
		return json.Unmarshal(value, v.Addr().Interface()) == nil
	case codeBool:
		if len(value) != 1 || value[0] > 1 {
			return false
		}
		v.SetBool(value[0] == 1)
		return true
	}
	return len(value) == numberSize && f.fillNumber(v, binary.BigEndian.Uint64(value))
}

func (f *rowField) fillNumber(v reflect.Value, n uint64) bool {
	switch f.code {
	case codeInt:
		if v.OverflowInt(int64(n)) {
			return false
		}
		v.SetInt(int64(n))
	case codeUint:
		if v.OverflowUint(n) {
			return false
		}
		v.SetUint(n)
	case codeFloat:
		if v.OverflowFloat(math.Float64frombits(n)) {
			return false
		}
		v.SetFloat(math.Float64frombits(n))
	}
	return true
}
