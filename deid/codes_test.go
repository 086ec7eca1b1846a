package deid

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// A table within another struct is reached by value, without its methods: the
// printer must not find the map there.
//
// Controls: HIPAA 164.514(c).
func TestCodesDoNotPrintWithinAnotherStruct(t *testing.T) {
	type service struct {
		Codes Codes
		inner Codes
		ptr   *Codes
	}
	s := &service{ptr: new(Codes)}
	for _, codes := range []*Codes{&s.Codes, &s.inner, s.ptr} {
		out, _, err := engine(t, &Options{Codes: codes}).FHIR(context.Background(), nil, []byte(`{"resourceType":"Patient","id":"MRN-77120045"}`))
		require.NoError(t, err)
		code := uuids.FindString(string(out))
		require.NotEmpty(t, code)
		byValue := reflect.ValueOf(s).Elem().Interface() // a copy, as a careless logger makes one
		js, err := json.Marshal(s)
		require.NoError(t, err)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
			text := fmt.Sprintf(verb, s) + fmt.Sprintf(verb, byValue) + string(js)
			require.NotContains(t, text, "MRN-77120045")
			require.NotContains(t, text, "4d524e2d3737", "in hex")
			require.NotContains(t, text, code)
		}
	}
}
