package strictjson_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/internal/strictjson"
)

type word string

func (w *word) UnmarshalText(b []byte) error {
	if string(b) != "yes" && string(b) != "no" {
		return errors.New("must be yes or no")
	}
	*w = word(b)
	return nil
}

// sealed reads itself strictly, as a type with unexported fields does.
type sealed struct{ n int }

func (s *sealed) UnmarshalJSON(b []byte) error {
	var r struct {
		N int `json:"n"`
	}
	err := strictjson.Decode(b, &r)
	s.n = r.N
	return err
}

type leaf struct {
	Control safeguard.Control `json:"control"`
	Word    word              `json:"word"`
}

type tree struct {
	Name   string            `json:"name"`
	Count  int8              `json:"count"`
	Size   uint16            `json:"size"`
	On     bool              `json:"on"`
	Leaf   *leaf             `json:"leaf"`
	Leaves []leaf            `json:"leaves"`
	Sealed []sealed          `json:"sealed"`
	Labels map[string]string `json:"labels"`
	Trees  []tree            `json:"trees"`
	hidden string
}

func TestDecode(t *testing.T) {
	var got tree
	require.NoError(t, strictjson.Decode([]byte(`
		{"name": "a", "count": -3, "size": 9, "on": true, "leaf": {"control": "164.312(b)", "word": "yes"},
		 "leaves": [{"word": "no"}, {}], "sealed": [{"n": 4}], "labels": {"k": "v"}, "trees": []}`), &got))
	require.Equal(t, tree{Name: "a", Count: -3, Size: 9, On: true,
		Leaf:   &leaf{Control: safeguard.AuditControls, Word: "yes"},
		Leaves: []leaf{{Word: "no"}, {}}, Sealed: []sealed{{4}}, Labels: map[string]string{"k": "v"}}, got)
	require.Empty(t, got.hidden)
}

func TestDecodeRefuses(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"empty":             {``, `1:1: not JSON: unexpected end of JSON input`},
		"syntax":            {"{\n  \"name\": \"a\",\n}", `3:1: not JSON: invalid character '}' looking for beginning of object key string`},
		"text after":        {`{} {}`, `1:4: not JSON: invalid character '{' after top-level value`},
		"unknown":           {"{\n \"nme\": 1}", `2:2: unknown field "nme"; did you mean "name"?`},
		"unknown, far":      {`{"colour": 1}`, `1:2: unknown field "colour"`},
		"unknown, nested":   {`{"leaves": [{"kontrol": ""}]}`, `1:14: leaves[0]: unknown field "kontrol"; did you mean "control"?`},
		"case":              {`{"Name": "a"}`, `1:2: unknown field "Name"; did you mean "name"?`},
		"unexported":        {`{"hidden": "a"}`, `1:2: unknown field "hidden"`},
		"twice":             {`{"name": "a", "name": "b"}`, `1:15: field "name" stands twice`},
		"twice, escaped":    {`{"name": "a", "n\u0061me": "b"}`, `1:15: field "name" stands twice`},
		"twice, in a map":   {`{"labels": {"k": "a", "k": "b"}}`, `1:23: labels: field "k" stands twice`},
		"null":              {`{"name": null}`, `1:10: name: must be a string`},
		"null for a struct": {`null`, `1:1: must be an object`},
		"null pointer":      {`{"leaf": null}`, `1:10: leaf: must be an object`},
		"number for string": {`{"name": 1}`, `1:10: name: must be a string`},
		"string for number": {`{"count": "1"}`, `1:11: count: must be a whole number`},
		"string for bool":   {`{"on": "true"}`, `1:8: on: must be true or false`},
		"object for array":  {`{"leaves": {}}`, `1:12: leaves: must be an array`},
		"array for object":  {`{"leaf": []}`, `1:10: leaf: must be an object`},
		"fraction":          {`{"count": 1.5}`, `1:11: count: not a whole number in range`},
		"overflow":          {`{"count": 128}`, `1:11: count: not a whole number in range`},
		"negative":          {`{"size": -1}`, `1:10: size: not a whole number in range`},
		"number for a word": {`{"leaf": {"word": 1}}`, `1:19: leaf.word: must be a string`},
		"array for a word":  {`{"leaf": {"word": []}}`, `1:19: leaf.word: must be a string`},
		"word":              {`{"leaf": {"word": "maybe"}}`, `1:19: leaf.word: must be yes or no`},
		"control": {"{\"leaf\":\n{\"control\": \"164.312(A)(2)(IV)\"}}",
			`2:13: leaf.control: crosswalk: id: "164.312(A)(2)(IV)" is not a known provision; did you mean 164.312(a)(2)(iv)?`},
		"sealed":          {"{\"sealed\": [{},\n {\"m\": 1}]}", `2:3: sealed[1]: unknown field "m"`},
		"sealed, value":   {"{\"sealed\": [{\"n\":\n \"1\"}]}", `2:2: sealed[0].n: must be a whole number`},
		"column in runes": {`{"labels": {"äöü": 1}}`, `1:20: labels.äöü: must be a string`},
		"not UTF-8":       {"{\"name\": \"\xff\"}", `1:11: not UTF-8`},
		"deep":            {strings.Repeat(`{"trees": [`, 40) + strings.Repeat(`]}`, 40), `nested deeper than 32 levels`},
		"large":           {strings.Repeat(" ", strictjson.MaxBytes+1), `larger than 8388608 bytes`},
	} {
		t.Run(name, func(t *testing.T) {
			var v tree
			err := strictjson.Decode([]byte(c.in), &v)
			require.ErrorContains(t, err, c.want)
			require.IsType(t, &strictjson.Error{}, err)
			if c.want[0] == '1' || c.want[0] == '2' || c.want[0] == '3' {
				require.EqualError(t, err, c.want)
			}
		})
	}
	var v tree
	require.ErrorIs(t, strictjson.Decode([]byte(`{"leaf": {"control": "x"}}`), &v), crosswalk.ErrUnknownID)
}

func TestLocate(t *testing.T) {
	data := []byte("{\"name\": \"a\",\n \"leaves\": [\n  {\"word\": \"no\"},\n  {\"word\":   \"yes\"}]}")
	for path, want := range map[string][2]int{
		"":                 {1, 1},
		"name":             {1, 10},
		"leaves":           {2, 12},
		"leaves[1]":        {4, 3},
		"leaves[1].word":   {4, 14},
		"leaves[1].nosuch": {4, 3},
		"leaves[17].word":  {2, 12},
		"leave":            {1, 1},
	} {
		e := strictjson.Locate(data, &tree{}, path, "text", nil)
		require.Equal(t, want, [2]int{e.Line, e.Column}, path)
		require.Equal(t, path, e.Path)
	}
	require.Zero(t, strictjson.Locate([]byte("{"), &tree{}, "name", "text", nil).Line)
	require.Zero(t, strictjson.Locate([]byte(`{"x": 1}`), &tree{}, "name", "text", nil).Line)
}

// What Decode accepts, encoding/json accepts as well, with the same result.
func FuzzDecode(f *testing.F) {
	f.Add(`{"name": "a", "leaves": [{"word": "no"}], "labels": {"k": "v"}}`)
	f.Add(`{"sealed": [{"n": 4}], "trees": [{"on": false}]}`)
	f.Add(`{"leaf": {"control": "164.312(b)"}}`)
	f.Add(`[1, 2`)
	f.Fuzz(func(t *testing.T, in string) {
		var strict, loose tree
		if strictjson.Decode([]byte(in), &strict) != nil {
			return
		}
		require.NoError(t, json.Unmarshal([]byte(in), &loose))
		// An empty array is nil here and empty there: compare what they print.
		a, b := fmt.Sprintf("%v", strict), fmt.Sprintf("%v", loose)
		if strict.Leaf == nil {
			require.Equal(t, a, b)
		}
	})
}

// Half a character is none: it would be read as another text than was written.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestHalfCharacters(t *testing.T) {
	for text, at := range map[string]int{
		`"\ud800"`: 2, `"ab\udc00"`: 4, `"\ud83dx"`: 2, `"\ud83d\n"`: 2, `"\ud83d\ud83d"`: 2, `"\uD83D\u0041"`: 2, `"\ud83d\ude00\ude00"`: 14,
		`"\ud83d\ude00"`: 0, `"\uD83D\uDE00 \u00e9"`: 0, `"\\ud800"`: 0, `"\ufffd"`: 0, `"\\\ud800"`: 4,
	} {
		var got string
		err := strictjson.Decode([]byte(text), &got)
		if at == 0 {
			require.NoError(t, err, text)
			var want string
			require.NoError(t, json.Unmarshal([]byte(text), &want))
			require.Equal(t, want, got)
			continue
		}
		var e *strictjson.Error
		require.ErrorAs(t, err, &e, text)
		require.Equal(t, at, e.Column, text)
		require.ErrorContains(t, err, "half of a character")
	}
}
