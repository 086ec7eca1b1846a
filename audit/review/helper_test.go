package review_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/review"
	"github.com/stretchr/testify/require"
)

// monday is a Monday, 10:00 UTC.
var monday = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// A memory is a log, and a noter that writes to it.
type memory struct {
	records [][]byte
	now     time.Time // of notices; zero is the clock
	fail    error
}

func (m *memory) Records(ctx context.Context, from uint64) iter.Seq2[ledger.Record, error] {
	return func(yield func(ledger.Record, error) bool) {
		for i := from; i < uint64(len(m.records)); i++ {
			if !yield(ledger.Record{Index: i, Data: m.records[i]}, ctx.Err()) {
				return
			}
		}
	}
}

func (m *memory) Record(_ context.Context, n audit.Notice) (string, error) {
	if m.fail != nil {
		return "", m.fail
	}
	data := map[string]any{}
	if err := json.Unmarshal(n.Data, &data); err != nil {
		return "", err
	}
	if n.Principal.ID != "" {
		data["principal"] = audit.Actor{ID: n.Principal.ID, Kind: n.Principal.Kind.String(), Tenant: n.Principal.Tenant}
	}
	at := m.now
	if at.IsZero() {
		at = time.Now()
	}
	return m.add(audit.Event{Type: n.Type, Subject: n.Subject, CausationID: n.CausationID, Time: at, RecordedTime: at}, data), nil
}

// add appends an event and returns its id.
func (m *memory) add(e audit.Event, data any) string {
	b, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	if e.ID == "" {
		e.ID = fmt.Sprintf("e%d", len(m.records))
	}
	e.Source, e.Data = "urn:test:clinic", b
	record, err := e.Append(nil)
	if err != nil {
		panic(err)
	}
	m.records = append(m.records, record)
	return e.ID
}

// access adds an access of one person to patients.
func (m *memory) access(at time.Time, who string, change func(e *audit.Event, a *audit.Access), patients ...string) string {
	entry := fmt.Sprintf("q%d", len(m.records))
	a := audit.Access{
		Entry: entry, Principal: &audit.Actor{ID: who, Kind: "person", Tenant: "t1"}, Resource: "Chart", Action: "read",
		Purpose: safeguard.Treatment, Patients: patients, Fields: []string{"name"},
	}
	e := audit.Event{Type: audit.TypeRead, Subject: entry, Time: at, RecordedTime: at}
	if change != nil {
		change(&e, &a)
	}
	return m.add(e, a)
}

// alerts returns the alerts that stand in the log.
func (m *memory) alerts(t testing.TB) (out []review.Alert) {
	for _, r := range m.records {
		e, err := audit.ParseEvent(r)
		if err != nil || e.Type != audit.TypeAlert {
			continue
		}
		var a review.Alert
		require.NoError(t, json.Unmarshal(e.Data, &a))
		out = append(out, a)
	}
	return out
}

// seal signs a checkpoint whose root stands for the records; the tests of
// ledger show that roots do.
func (m *memory) seal(t testing.TB, origin string) (ledger.Checkpoint, string) {
	t.Helper()
	h := sha256.New()
	for _, r := range m.records {
		h.Write(r)
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", origin, len(m.records), b64(h.Sum(nil)))
	private := key("log of " + origin)
	public := append([]byte{1}, private.Public().(ed25519.PublicKey)...) // C2SP signed-note
	id := sha256.Sum256(append([]byte(origin+"\n"), public...))
	vkey := fmt.Sprintf("%s+%x+%s", origin, id[:4], b64(public))
	signature := append(id[:4:4], ed25519.Sign(private, []byte(text))...)
	signed := []byte(text + "\n\u2014 " + origin + " " + b64(signature) + "\n")
	c, err := ledger.ParseCheckpoint(signed, vkey)
	require.NoError(t, err)
	return c, vkey
}

// keys are those of reviewers by name.
type keys map[string]ed25519.PrivateKey

func (k keys) Key(_ context.Context, _, reviewer string, _ time.Time) (ed25519.PublicKey, error) {
	if key, ok := k[reviewer]; ok {
		return key.Public().(ed25519.PublicKey), nil
	}
	return nil, errors.New("not a reviewer")
}

func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// roster says who works there and since when not any more.
type roster map[string]time.Time

func (r roster) Active(_ context.Context, _, actor string, at time.Time) (bool, error) {
	left, ok := r[actor]
	return !ok || at.Before(left), nil
}

// team explains by actor and patient.
type team struct {
	pairs map[[2]string]bool
	err   error
}

func (e team) Explain(_ context.Context, actor, _, patient string, _ time.Time) (string, bool, error) {
	return "care-team", e.pairs[[2]string{actor, patient}], e.err
}

// always is on duty.
type always struct{}

func (always) OnShift(context.Context, string, string, time.Time) (bool, error) { return true, nil }

// feed shows all records to rules.
func feed(t testing.TB, m *memory, opts *review.Options, rules ...review.Rule) (out []review.Alert) {
	t.Helper()
	e, err := review.New(rules, opts)
	require.NoError(t, err)
	for i, r := range m.records {
		alerts, err := e.Observe(t.Context(), uint64(i), r)
		require.NoError(t, err)
		out = append(out, alerts...)
	}
	return out
}

func reasons(alerts []review.Alert) (out []string) {
	for _, a := range alerts {
		out = append(out, a.Rule+":"+a.Reason)
	}
	return out
}
