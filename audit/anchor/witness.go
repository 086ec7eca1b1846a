package anchor

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// Limits of the witness protocol.
const (
	maxProofLines     = 63
	maxSignatureLines = 64
	defaultSkew       = 5 * time.Minute
	maxSkew           = time.Hour
)

// WitnessOptions are the settings of a [Witness]. Nil is the zero value.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type WitnessOptions struct {
	// Name is the anchor's name. Default: "witness".
	Name string
	// Client sends the requests; its settings for TLS count. Redirects are
	// never followed and cookies never kept. Default: a client of its own.
	Client *http.Client
	// MaxSkew is how far a new cosignature's time may lie from this machine's,
	// either way, up to 1 h. Default: 5 minutes.
	MaxSkew time.Duration
	// UnsafePlainHTTP accepts an http address: who is on the way can withhold
	// cosignatures, but not forge them.
	UnsafePlainHTTP bool
}

// A Witness is an [Anchor] that speaks C2SP tlog-witness: it checks that a
// checkpoint extends the last one that it saw, and signs it with the time. Its
// answer is trusted as far as its signature goes. It is safe for concurrent
// use; the zero value is not usable.
//
// A witness sees the ledger's name, size, root and rate of growth. It does not
// see records, and does not keep the note: whoever wants to prove something
// later keeps it, as [Runner] does.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type Witness struct {
	client   client
	name     string
	cosigner *Cosigner
	skew     time.Duration
}

// NewWitness returns the witness at the submission prefix address, which signs
// with verifierKey (type 0x04, see [NewCosigner]).
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func NewWitness(address, verifierKey string, opts *WitnessOptions) (*Witness, error) {
	o := WitnessOptions{}
	if opts != nil {
		o = *opts
	}
	if o.Name == "" {
		o.Name = "witness"
	}
	if o.MaxSkew == 0 {
		o.MaxSkew = defaultSkew
	}
	if err := checkName(o.Name); err != nil {
		return nil, err
	}
	if o.MaxSkew < 0 || o.MaxSkew > maxSkew {
		return nil, fmt.Errorf("anchor: witness: MaxSkew %v is not within 0 and %v", o.MaxSkew, maxSkew)
	}
	cosigner, err := NewCosigner(verifierKey)
	if err != nil {
		return nil, err
	}
	c, err := newClient(o.Client, address, o.UnsafePlainHTTP)
	if err != nil {
		return nil, fmt.Errorf("anchor: witness: %w", err)
	}
	return &Witness{c, o.Name, cosigner, o.MaxSkew}, nil
}

// Name returns Options.Name.
func (w *Witness) Name() string { return w.name }

// Submit asks for a cosignature and returns the note with it.
func (w *Witness) Submit(ctx context.Context, s Submission) ([]byte, error) {
	old := min(s.Last, s.Checkpoint.Size)
	for range 3 {
		res, err := w.ask(ctx, s, old)
		if err != nil {
			return nil, fmt.Errorf("anchor: %s: %w", w.name, err)
		}
		if res.status == http.StatusOK {
			return w.accept(s.Checkpoint, res.body)
		}
		if old, err = w.refused(s.Checkpoint, old, res); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("anchor: %s: the witness moves faster than this ledger", w.name)
}

// ask sends one add-checkpoint.
func (w *Witness) ask(ctx context.Context, s Submission, old uint64) (answer, error) {
	proof, err := s.Prove(ctx, old)
	if err != nil {
		return answer{}, fmt.Errorf("consistency proof: %w", err)
	}
	if len(proof) > maxProofLines {
		return answer{}, fmt.Errorf("consistency proof: longer than %d lines", maxProofLines)
	}
	body := fmt.Appendf(nil, "old %d\n", old)
	for _, h := range proof {
		body = base64.StdEncoding.AppendEncode(body, h[:])
		body = append(body, '\n')
	}
	body = append(append(body, '\n'), s.Checkpoint.Note...)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.client.base+"/add-checkpoint", bytes.NewReader(body))
	if err != nil {
		return answer{}, errors.New("no request can be made of the address")
	}
	r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	return w.client.do(r, maxAnswer)
}

// refused says what an answer other than 200 means: the size from which to try
// again, or an error.
func (w *Witness) refused(c ledger.Checkpoint, old uint64, res answer) (uint64, error) {
	fail := func(cause error, what string) (uint64, error) {
		return 0, fmt.Errorf("%w: %s: %s", cause, w.name, what)
	}
	switch res.status {
	case http.StatusConflict:
		return w.conflict(c, old, res)
	case http.StatusUnprocessableEntity:
		return fail(ErrFork, "the witness finds the checkpoint inconsistent with the one that it signed")
	case http.StatusForbidden:
		return fail(ErrRefused, "the witness does not know the ledger's key")
	case http.StatusNotFound:
		return fail(ErrRefused, "the witness does not know the ledger")
	case http.StatusBadRequest:
		return fail(ErrRefused, "the witness calls the request malformed")
	}
	return 0, fmt.Errorf("anchor: %s: status %d", w.name, res.status)
}

// conflict reads the size of the witness's last checkpoint.
func (w *Witness) conflict(c ledger.Checkpoint, old uint64, res answer) (uint64, error) {
	kind, _, _ := strings.Cut(res.kind, ";")
	text, ended := strings.CutSuffix(string(res.body), "\n")
	size, err := strconv.ParseUint(text, 10, 63)
	if strings.TrimSpace(kind) != "text/x.tlog.size" || err != nil || !ended || strconv.FormatUint(size, 10) != text {
		if old == c.Size { // same size, another root
			return 0, fmt.Errorf("%w: %s: the witness signed another root of %d records", ErrFork, w.name, c.Size)
		}
		return 0, fmt.Errorf("anchor: %s: a conflict without a size", w.name)
	}
	if size > c.Size {
		return 0, &ForkError{Anchor: w.name, OldSize: size, NewSize: c.Size, New: c.Note}
	}
	if size == old && size == c.Size {
		return 0, fmt.Errorf("%w: %s: the witness signed another root of %d records", ErrFork, w.name, c.Size)
	}
	if size == old {
		return 0, fmt.Errorf("anchor: %s: a conflict with the size that was given", w.name)
	}
	return size, nil
}

// accept takes the witness's own signature out of its answer, and nothing
// else: one line that verifies over the checkpoint that was sent.
func (w *Witness) accept(c ledger.Checkpoint, body []byte) ([]byte, error) {
	lines := strings.SplitAfter(string(body), "\n")
	if len(lines) > maxSignatureLines || lines[len(lines)-1] != "" {
		return nil, fmt.Errorf("anchor: %s: the answer is not signature lines", w.name)
	}
	text, ok := noteText(c.Note)
	if !ok {
		return nil, fmt.Errorf("anchor: %s: the checkpoint is not a note", w.name)
	}
	for _, line := range lines[:len(lines)-1] {
		sig, own := w.signature(line)
		if !own {
			continue
		}
		at, ok := w.cosigner.signedAt(text, sig)
		if !ok {
			return nil, fmt.Errorf("anchor: %s: the cosignature does not verify", w.name)
		}
		if off := time.Since(at).Abs(); off > w.skew {
			return nil, fmt.Errorf("anchor: %s: the cosignature's time is off by %v", w.name, off.Round(time.Second))
		}
		return append(bytes.Clone(c.Note), line...), nil
	}
	return nil, fmt.Errorf("anchor: %s: the answer has no cosignature of the witness's key", w.name)
}

// signature reads one line; own is false if it is not of this witness's key.
func (w *Witness) signature(line string) (sig []byte, own bool) {
	rest, ok := strings.CutPrefix(line, "— "+w.cosigner.name+" ")
	raw, canonical := unbase64(strings.TrimSuffix(rest, "\n"))
	if !ok || !canonical || len(raw) < 5 {
		return nil, false
	}
	hash := uint32(raw[0])<<24 | uint32(raw[1])<<16 | uint32(raw[2])<<8 | uint32(raw[3])
	return raw[4:], hash == w.cosigner.hash
}

// noteText is what the signatures of a note are over.
func noteText(signed []byte) ([]byte, bool) {
	n, err := note.Open(signed, note.VerifierList())
	if unverified, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		n, err = unverified.Note, nil
	}
	if err != nil {
		return nil, false
	}
	return []byte(n.Text), true
}
