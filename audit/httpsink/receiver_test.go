package httpsink_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/httpsink"
)

// A receiver stores events as the SDK decodes them, each once by its source
// and id.
type receiver struct {
	mu      sync.Mutex
	seen    map[string]bool
	records [][]byte
	// before may answer in its place; it returns whether it did.
	before func(w http.ResponseWriter, r *http.Request) bool
	sizes  []int
}

func (c *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	before := c.before
	c.mu.Unlock()
	if before != nil && before(w, r) {
		return
	}
	if err := c.store(r); err != nil {
		http.Error(w, "what you sent: "+err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// store stores what a request holds.
func (c *receiver) store(r *http.Request) error {
	raw, err := c.decode(r)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sizes = append(c.sizes, len(raw))
	for _, record := range raw {
		var e cloudevents.Event
		_ = json.Unmarshal(record, &e)
		if key := e.Source() + "\x00" + e.ID(); !c.seen[key] {
			c.seen[key] = true
			c.records = append(c.records, record)
		}
	}
	return nil
}

// decode reads the body by its content type and judges each event.
func (c *receiver) decode(r *http.Request) ([]json.RawMessage, error) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, err
		}
		body = z
	}
	all, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	var raw []json.RawMessage
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return nil, err
	case media == cloudevents.ApplicationCloudEventsJSON:
		raw = []json.RawMessage{all}
	case media != cloudevents.ApplicationCloudEventsBatchJSON:
		return nil, fmt.Errorf("media type %s", media)
	default:
		if err := json.Unmarshal(all, &raw); err != nil {
			return nil, err
		}
	}
	for _, record := range raw {
		var e cloudevents.Event
		if err := json.Unmarshal(record, &e); err != nil {
			return nil, err
		}
		if err := e.Validate(); err != nil {
			return nil, err
		}
	}
	return raw, nil
}

func (c *receiver) answer(before func(w http.ResponseWriter, r *http.Request) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before = before
}

func (c *receiver) read() [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.records)
}

func (c *receiver) batches() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.sizes)
}

// open starts a receiver over TLS and a sink to it.
func open(t testing.TB, change func(*httpsink.Options)) (*httpsink.Sink, *receiver, *httptest.Server) {
	t.Helper()
	c := &receiver{seen: make(map[string]bool)}
	server := httptest.NewTLSServer(c)
	t.Cleanup(server.Close)
	opts := &httpsink.Options{TLS: server.Client().Transport.(*http.Transport).TLSClientConfig}
	if change != nil {
		change(opts)
	}
	sink, err := httpsink.New(server.URL+"/events", opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sink.Close()) })
	return sink, c, server
}

// records are n valid records.
func records(n int) [][]byte {
	return recordsFrom(0, n)
}
