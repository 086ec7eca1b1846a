// Command nethttp is the bare program that the other probes are compared with.
package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") })
	if err := http.ListenAndServe("127.0.0.1:8080", hello); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
