package anchor

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// HTTPOptions are the settings of an [HTTP] anchor. Nil is the zero value.
//
// Controls: HIPAA 164.312(c)(1), 164.312(e)(1); NIST CSF 2.0 PR.DS-01, PR.DS-02.
type HTTPOptions struct {
	// Name is the anchor's name. Default: "http".
	Name string
	// Client sends the requests; its settings for TLS count. Redirects are
	// never followed and cookies never kept. Default: a client of its own.
	Client *http.Client
	// Authorize adds what the endpoint wants of a caller, for instance an
	// Authorization header. Default: nothing.
	Authorize func(*http.Request) error
	// UnsafePlainHTTP accepts an http address: who is on the way can pretend
	// that a checkpoint was kept.
	UnsafePlainHTTP bool
}

// HTTP is an [Anchor] that posts each checkpoint as a CloudEvent in structured
// mode, of type log.checkpoint, for instance to a SIEM. A status of 200 to 299
// means that the endpoint has it durably; that is the endpoint's word. It checks
// nothing, so a fork shows only to whoever compares what it kept. Its id is the
// same for the same checkpoint. It is safe for concurrent use; the zero value
// is not usable.
//
// Controls: HIPAA 164.312(c)(1), 164.312(e)(1); NIST CSF 2.0 PR.DS-01, PR.DS-02.
type HTTP struct {
	client    client
	name      string
	authorize func(*http.Request) error
}

// NewHTTP returns an anchor that posts to address, which must be https.
//
// Controls: HIPAA 164.312(c)(1), 164.312(e)(1); NIST CSF 2.0 PR.DS-01, PR.DS-02.
func NewHTTP(address string, opts *HTTPOptions) (*HTTP, error) {
	o := HTTPOptions{}
	if opts != nil {
		o = *opts
	}
	if o.Name == "" {
		o.Name = "http"
	}
	if err := checkName(o.Name); err != nil {
		return nil, err
	}
	c, err := newClient(o.Client, address, o.UnsafePlainHTTP)
	if err != nil {
		return nil, fmt.Errorf("anchor: http: %w", err)
	}
	c.base = address
	return &HTTP{c, o.Name, o.Authorize}, nil
}

// Name returns Options.Name.
func (h *HTTP) Name() string { return h.name }

// Submit posts the checkpoint.
func (h *HTTP) Submit(ctx context.Context, s Submission) ([]byte, error) {
	body, err := Event(s.Checkpoint, time.Now())
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.client.base, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("anchor: %s: no request can be made of the address", h.name)
	}
	r.Header.Set("Content-Type", "application/cloudevents+json; charset=utf-8")
	if h.authorize != nil {
		if err := h.authorize(r); err != nil {
			return nil, fmt.Errorf("anchor: %s: authorize: %w", h.name, err)
		}
	}
	res, err := h.client.do(r, maxAnswer)
	if err != nil {
		return nil, fmt.Errorf("anchor: %s: %w", h.name, err)
	}
	if res.status < 200 || res.status > 299 {
		return nil, fmt.Errorf("anchor: %s: status %d", h.name, res.status)
	}
	return s.Checkpoint.Note, nil
}

// checkpointData is the data of a log.checkpoint record.
type checkpointData struct {
	Member string `json:"member,omitempty"`
	Origin string `json:"origin"`
	Size   uint64 `json:"size"`
	Root   string `json:"root"`
	Note   string `json:"note"`
}

// Event renders a checkpoint as a record of type log.checkpoint, whose source
// is the ledger's origin and whose id is the same for the same checkpoint.
//
// Controls: HIPAA 164.312(c)(1), 164.312(b); NIST CSF 2.0 PR.DS-01, PR.PS-04.
func Event(c ledger.Checkpoint, at time.Time) ([]byte, error) {
	root := hex.EncodeToString(c.Root[:])
	data, err := json.Marshal(checkpointData{Origin: c.Origin, Size: c.Size, Root: root, Note: string(c.Note)})
	if err != nil {
		return nil, fmt.Errorf("anchor: event: %w", err)
	}
	e := audit.Event{ID: fmt.Sprintf("checkpoint-%d-%s", c.Size, root[:16]), Source: c.Origin,
		Type: audit.TypeLogCheckpoint, Time: at, Data: data}
	b, err := e.Append(nil)
	if err != nil {
		return nil, errors.New("anchor: event: the origin cannot be the source of an event")
	}
	return b, nil
}
