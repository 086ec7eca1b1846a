package strictjson

import (
	"encoding"
	"reflect"
	"strconv"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

func isText(v reflect.Value) bool {
	_, ok := v.Addr().Interface().(encoding.TextUnmarshaler)
	return ok
}

func text(v reflect.Value, s, path string, at int) *Error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(s)); err != nil {
			return &Error{Path: path, Text: err.Error(), Err: err, offset: at}
		}
		return nil
	}
	if v.Kind() != reflect.String {
		return mismatch(v, path, at)
	}
	if v.Type() == reflect.TypeFor[safeguard.Control]() {
		if _, err := crosswalk.ParseID(s); err != nil {
			return &Error{Path: path, Text: err.Error(), Err: err, offset: at}
		}
	}
	v.SetString(s)
	return nil
}

func number(v reflect.Value, s, path string, at int) *Error {
	bad := &Error{Path: path, Text: "not a whole number in range", offset: at}
	switch {
	case isText(v):
		return mismatch(v, path, at)
	case v.CanInt():
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || v.OverflowInt(n) {
			return bad
		}
		v.SetInt(n)
		return nil
	case v.CanUint():
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil || v.OverflowUint(n) {
			return bad
		}
		v.SetUint(n)
		return nil
	}
	return mismatch(v, path, at)
}

func mismatch(v reflect.Value, path string, at int) *Error {
	want := "an object"
	switch {
	case isText(v) || v.Kind() == reflect.String:
		want = "a string"
	case v.CanInt() || v.CanUint():
		want = "a whole number"
	case v.Kind() == reflect.Bool:
		want = "true or false"
	case v.Kind() == reflect.Slice:
		want = "an array"
	}
	return &Error{Path: path, Text: "must be " + want, offset: at}
}
