package tlsconf_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto/tlsconf"
)

// A service lets in the callers that it knows by name.
func ExampleServer() {
	certificate := func() (*tls.Certificate, error) { return nil, nil } // in a service: KeyPair.Certificate
	clientCAs := x509.NewCertPool()                                     // with the organisation's authority in it
	config, err := tlsconf.Server(certificate, &tlsconf.ServerOptions{
		ClientCAs: clientCAs,
		Clients:   []tlsconf.Identity{tlsconf.DNS("billing.clinic.example")},
	})
	if err != nil {
		panic(err)
	}
	server := &http.Server{TLSConfig: config, ReadHeaderTimeout: 5 * time.Second} // then ListenAndServeTLS("", "")
	e, err := tlsconf.Explain(server.TLSConfig, tlsconf.RoleServer)
	if err != nil {
		panic(err)
	}
	fmt.Println(e.Peer)
	_, err = tlsconf.Server(certificate, &tlsconf.ServerOptions{ClientCAs: clientCAs})
	fmt.Println(err)
	// Output:
	// A client certificate is required and verified and the configuration checks who it names.
	// tlsconf: server: ClientCAs need either Clients or UnsafeAnyClient
}

// A caller of a service checks its certificate, and with Servers that it is
// the one workload that is meant.
func ExampleClient() {
	config, err := tlsconf.Client("records.clinic.example", &tlsconf.ClientOptions{
		Servers: []tlsconf.Identity{tlsconf.URI("spiffe://clinic.example/records")},
	})
	if err != nil {
		panic(err)
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true} // of an http.Client
	e, err := tlsconf.Explain(transport.TLSClientConfig, tlsconf.RoleClient)
	if err != nil {
		panic(err)
	}
	fmt.Println(e.Peer)
	fmt.Println(e.Allows("TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"))
	// Output:
	// The server's chain and name are verified, and the configuration checks who it names.
	// false
}
