package vaultkms

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// What passes for a ciphertext has one spelling.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzWellFormed(f *testing.F) {
	sealed := base64.StdEncoding.EncodeToString(make([]byte, 40))
	for _, seed := range []string{"", "vault:v1:", "vault:v1:" + sealed, "vault:v01:" + sealed, "vault:v2:\n" + sealed, sealed} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !wellFormed(s) {
			return
		}
		var version uint32
		if _, err := fmt.Sscanf(s, "vault:v%d:", &version); err != nil {
			t.Fatal(err)
		}
		prefix := fmt.Sprintf("vault:v%d:", version)
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, prefix))
		if err != nil || prefix+base64.StdEncoding.EncodeToString(raw) != s {
			t.Fatalf("%q has another spelling", s)
		}
	})
}
