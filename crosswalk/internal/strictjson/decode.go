package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// MaxBytes bounds a file.
	MaxBytes = 8 << 20
	maxDepth = 32
)

// Decode reads data into v, a pointer to a zero value. Every error is an
// [*Error]. What v holds after an error is undefined.
func Decode(data []byte, v any) error {
	if err := wellFormed(data); err != nil {
		return err.place(data)
	}
	d := newDecoder(data)
	if err := d.value(reflect.ValueOf(v).Elem(), ""); err != nil {
		return err.place(data)
	}
	return nil
}

// Locate returns an Error at the value that path names, or at the nearest
// value around it. data is what Decode has read into a value of v's type.
func Locate(data []byte, v any, path, text string, cause error) *Error {
	e := &Error{Path: path, Text: text, Err: cause}
	if wellFormed(data) != nil {
		return e
	}
	d := newDecoder(data)
	d.wanted = path
	if err := d.value(reflect.New(reflect.TypeOf(v).Elem()).Elem(), ""); err != nil {
		return e
	}
	e.offset = d.found
	return e.place(data)
}

// wellFormed checks what needs no type: size, UTF-8, syntax.
func wellFormed(data []byte) *Error {
	if len(data) > MaxBytes {
		return &Error{Text: fmt.Sprintf("larger than %d bytes", MaxBytes)}
	}
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return &Error{Text: "not UTF-8", offset: i}
		}
		i += n
	}
	var raw json.RawMessage
	err := json.Unmarshal(data, &raw)
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		if at := half(data); at >= 0 {
			return &Error{Text: "an escape is half of a character", offset: at}
		}
		return nil
	case errors.As(err, &syntax):
		return &Error{Text: "not JSON: " + syntax.Error(), offset: max(int(syntax.Offset)-1, 0)}
	}
	return &Error{Text: "not JSON"}
}

type decoder struct {
	data   []byte
	json   *json.Decoder
	depth  int
	fields map[reflect.Type]*fields
	wanted string // the path that Locate looks for
	found  int    // where it, or the nearest value around it, begins
}

func newDecoder(data []byte) *decoder {
	d := &decoder{data: data, json: json.NewDecoder(bytes.NewReader(data)), fields: map[reflect.Type]*fields{}}
	d.json.UseNumber()
	return d
}

// next returns where the next token begins.
func (d *decoder) next() int {
	at := int(d.json.InputOffset())
	for at < len(d.data) && strings.IndexByte(" \t\r\n,:", d.data[at]) >= 0 {
		at++
	}
	return at
}

// value reads the next value into v.
func (d *decoder) value(v reflect.Value, path string) *Error {
	at := d.next()
	if d.wanted != "" && within(d.wanted, path) {
		d.found = at
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		return d.value(v.Elem(), path)
	}
	if u, ok := v.Addr().Interface().(json.Unmarshaler); ok {
		return d.unmarshaler(u, path, at)
	}
	token, err := d.json.Token()
	if err != nil {
		return &Error{Path: path, Text: "not JSON", Err: err, offset: at}
	}
	if d.depth++; d.depth > maxDepth {
		return &Error{Path: path, Text: fmt.Sprintf("nested deeper than %d levels", maxDepth), offset: at}
	}
	defer func() { d.depth-- }()
	switch t := token.(type) {
	case json.Delim:
		return d.composite(v, t, path, at)
	case string:
		return text(v, t, path, at)
	case bool:
		if v.Kind() == reflect.Bool {
			v.SetBool(t)
			return nil
		}
	case json.Number:
		return number(v, t.String(), path, at)
	}
	return mismatch(v, path, at)
}

// within reports whether path is wanted or around it.
func within(wanted, path string) bool {
	rest, ok := strings.CutPrefix(wanted, path)
	return ok && (path == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
}

func (d *decoder) unmarshaler(u json.Unmarshaler, path string, at int) *Error {
	var raw json.RawMessage
	if err := d.json.Decode(&raw); err != nil {
		return &Error{Path: path, Text: "not JSON", Err: err, offset: at}
	}
	err := u.UnmarshalJSON(raw)
	if err == nil {
		return nil
	}
	var inner *Error
	if !errors.As(err, &inner) {
		return &Error{Path: path, Text: err.Error(), Err: err, offset: at}
	}
	return &Error{Path: join(path, inner.Path), Text: inner.Text, Err: inner.Err, offset: at + inner.offset}
}

func join(path, name string) string {
	if path == "" || name == "" {
		return path + name
	}
	return path + "." + name
}

func (d *decoder) composite(v reflect.Value, open json.Delim, path string, at int) *Error {
	switch {
	case open == '{' && v.Kind() == reflect.Struct && !isText(v):
		return d.object(path, func(name, path string, at int) *Error { return d.field(v, name, path, at) })
	case open == '{' && v.Kind() == reflect.Map:
		return d.object(path, func(name, path string, _ int) *Error { return d.entry(v, name, path) })
	case open == '[' && v.Kind() == reflect.Slice:
		return d.array(v, path)
	}
	return mismatch(v, path, at)
}

// object reads the rest of an object; each reads one value.
func (d *decoder) object(path string, each func(name, path string, at int) *Error) *Error {
	seen := map[string]bool{}
	for d.json.More() {
		at := d.next()
		token, err := d.json.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return &Error{Path: path, Text: "not JSON", Err: err, offset: at}
		}
		if seen[name] {
			return &Error{Path: path, Text: "field " + show(name) + " stands twice", offset: at}
		}
		seen[name] = true
		if err := each(name, join(path, name), at); err != nil {
			return err
		}
	}
	return d.end(path)
}

func (d *decoder) end(path string) *Error {
	if _, err := d.json.Token(); err != nil && err != io.EOF {
		return &Error{Path: path, Text: "not JSON", Err: err, offset: d.next()}
	}
	return nil
}

func (d *decoder) field(v reflect.Value, name, path string, at int) *Error {
	known := d.known(v.Type())
	i, ok := known.index[name]
	if !ok {
		text := "unknown field " + show(name)
		if n := nearest(name, known.names); n != "" {
			text += "; did you mean " + show(n) + "?"
		}
		return &Error{Path: strings.TrimSuffix(strings.TrimSuffix(path, name), "."), Text: text, offset: at}
	}
	return d.value(v.Field(i), path)
}

func (d *decoder) entry(v reflect.Value, name, path string) *Error {
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	e := reflect.New(v.Type().Elem()).Elem()
	if err := d.value(e, path); err != nil {
		return err
	}
	v.SetMapIndex(reflect.ValueOf(name).Convert(v.Type().Key()), e)
	return nil
}

func (d *decoder) array(v reflect.Value, path string) *Error {
	for i := 0; d.json.More(); i++ {
		e := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(e, path+"["+strconv.Itoa(i)+"]"); err != nil {
			return err
		}
		v.Set(reflect.Append(v, e))
	}
	return d.end(path)
}

// fields are the JSON names of a struct.
type fields struct {
	index map[string]int
	names []string
}

func (d *decoder) known(t reflect.Type) *fields {
	if f, ok := d.fields[t]; ok {
		return f
	}
	f := &fields{index: map[string]int{}}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" || !t.Field(i).IsExported() {
			continue
		}
		f.index[name] = i
		f.names = append(f.names, name)
	}
	d.fields[t] = f
	return f
}
