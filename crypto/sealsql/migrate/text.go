package migrate

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
)

// A codec takes values of T to the text that PostgreSQL gives of them, and
// back, and to the bytes that crypto.Seal seals.
type codec[T any] struct{}

// check refuses types that it does not know.
func (codec[T]) check() error {
	var v T
	rv := reflect.ValueOf(&v).Elem()
	_, to := any(&v).(encoding.TextMarshaler)
	_, from := any(&v).(encoding.TextUnmarshaler)
	switch {
	case to && from, rv.Kind() == reflect.String, rv.Kind() == reflect.Bool, rv.CanInt():
		return nil
	}
	return fmt.Errorf("migrate: column: %T is no string, integer or bool and has no text", v)
}

func (codec[T]) text(v T) (string, error) {
	if m, ok := any(&v).(encoding.TextMarshaler); ok {
		b, err := m.MarshalText()
		if err != nil {
			return "", ErrValue
		}
		return string(b), nil
	}
	rv := reflect.ValueOf(&v).Elem()
	switch {
	case rv.Kind() == reflect.String:
		return rv.String(), nil
	case rv.Kind() == reflect.Bool:
		return strconv.FormatBool(rv.Bool()), nil
	}
	return strconv.FormatInt(rv.Int(), 10), nil
}

// parse is the inverse of text, and refuses a text that text would not give.
func (c codec[T]) parse(text string) (T, error) {
	var v, none T
	if err := set(&v, text); err != nil {
		return none, ErrValue
	}
	if again, err := c.text(v); err != nil || again != text {
		return none, ErrValue
	}
	return v, nil
}

func set[T any](v *T, text string) error {
	if u, ok := any(v).(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	rv := reflect.ValueOf(v).Elem()
	switch {
	case rv.Kind() == reflect.String:
		rv.SetString(text)
		return nil
	case rv.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		rv.SetBool(b)
		return err
	}
	i, err := strconv.ParseInt(text, 10, rv.Type().Bits())
	rv.SetInt(i)
	return err
}

// sealed returns the bytes that crypto.Seal seals for the value of a text.
func (c codec[T]) sealed(text string) ([]byte, error) {
	v, err := c.parse(text)
	if err != nil {
		return nil, err
	}
	if reflect.TypeFor[T]().Kind() == reflect.String {
		return []byte(text), nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, ErrValue
	}
	return b, nil
}
