package awskms

import (
	"bytes"
	"encoding/binary"
	"testing"
	"unicode/utf8"
)

// The tenant that is shown is the one in the associated data, or none.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func FuzzTenantOf(f *testing.F) {
	for _, seed := range []string{"", "\x01\x04\x00\x08clinic-a\x00\x00", "\x01\x04\xff\xffa", "\x01\x04\x00\x01\xff", "\x02\x04\x00\x01abc"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, ad []byte) {
		tenant := tenantOf(ad)
		if tenant == "" {
			return
		}
		want := append(binary.BigEndian.AppendUint16([]byte{ad[0], ad[1]}, uint16(len(tenant))), tenant...)
		if !bytes.HasPrefix(ad, want) || !utf8.ValidString(tenant) {
			t.Fatalf("%x does not start with %q", ad, tenant)
		}
	})
}
