// Command tlsconf is the nethttp probe that serves by tlsconf and explains
// itself.
package main

import (
	"fmt"
	"net/http"
	"os"

	"github.com/safeguard-sdk/safeguard/crypto/tlsconf"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	pair, err := tlsconf.NewKeyPair(os.Getenv("CERT"), os.Getenv("KEY"))
	if err != nil {
		return err
	}
	config, err := tlsconf.Server(pair.Certificate, nil)
	if err != nil {
		return err
	}
	explanation, err := tlsconf.Explain(config, tlsconf.RoleServer)
	if err != nil {
		return err
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, explanation.Peer) })
	server := &http.Server{Addr: "127.0.0.1:8443", Handler: hello, TLSConfig: config}
	return server.ListenAndServeTLS("", "")
}
