package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Without the name of a key nothing is asked and nothing is answered.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestArguments(t *testing.T) {
	for _, args := range [][]string{nil, {"a", "b"}, {"keys/one"}, {""}} {
		var out bytes.Buffer
		require.Error(t, serve(t.Context(), args, strings.NewReader(`{"op":"location"}`), &out))
		require.Empty(t, out.String())
	}
}
