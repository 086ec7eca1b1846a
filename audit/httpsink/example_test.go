package httpsink_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/safeguard-sdk/safeguard/audit/httpsink"
)

// Records go to a collector in one batch. In a service, audit/relay calls
// Deliver with what the ledger holds.
func ExampleSink_Deliver() {
	collector := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Println(r.Header.Get("Content-Type"))
		fmt.Println(string(body))
		w.WriteHeader(http.StatusAccepted) // after it has stored them
	}))
	defer collector.Close()

	sink, err := httpsink.New(collector.URL, &httpsink.Options{
		TLS: collector.Client().Transport.(*http.Transport).TLSClientConfig,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sink.Close() //nolint:errcheck // it has nothing to lose
	err = sink.Deliver(context.Background(),
		[]byte(`{"specversion":"1.0","id":"1","source":"urn:clinic:charts","type":"a.b"}`),
		[]byte(`{"specversion":"1.0","id":"2","source":"urn:clinic:charts","type":"a.b"}`))
	fmt.Println(err)
	// Output:
	// application/cloudevents-batch+json; charset=UTF-8
	// [{"specversion":"1.0","id":"1","source":"urn:clinic:charts","type":"a.b"},{"specversion":"1.0","id":"2","source":"urn:clinic:charts","type":"a.b"}]
	// <nil>
}

// Without TLS nothing is sent, unless the program says so by name.
func ExampleNew() {
	_, err := httpsink.New("http://collector.example/events", nil)
	fmt.Println(err)
	// Output: httpsink: new: the endpoint is not https
}
