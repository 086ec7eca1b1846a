package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The story ends well: two persons, one decision a grant, and nobody stays who
// has left.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.308(a)(4)(ii)(C), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(&out))
	for _, want := range []string{
		"ada     workforce: refused: nobody judges what is their own", "nobody asks for a grant to oneself", "the policy separates the role",
		"ada     clinician  kept", "bo      biller     revoked", "export  biller     undecided",
		"bo      ended    terminated: true", "cy      absent   terminated: true", "di      unknown  terminated: false",
		"export  service  [manager-inactive]",
	} {
		require.Contains(t, out.String(), want)
	}
}
