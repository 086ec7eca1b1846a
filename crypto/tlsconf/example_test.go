package tlsconf_test

import (
	"fmt"

	"github.com/safeguard-sdk/safeguard/crypto/tlsconf"
)

// What does a server of Go allow that sets nothing?
func ExampleExplain() {
	e, err := tlsconf.Explain(nil, tlsconf.RoleServer)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.Peer)
	fmt.Println(e.Allows("TLS 1.0", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"))
	// Output:
	// The client is not authenticated by a certificate.
	// false
}
