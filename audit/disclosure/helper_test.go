package disclosure_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"iter"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/disclosure"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

var update = flag.Bool("update", false, "renew the golden files")

// asked is when the patient asks, in the tests.
var asked = time.Date(2026, 5, 20, 15, 0, 0, 0, time.UTC)

var (
	ann = safeguard.NewPatient("MRN-1001-ANN")
	bob = safeguard.NewPatient("MRN-2002-BOB")
)

// clerk is a context in which a clerk asks.
func clerk(t testing.TB) context.Context {
	return safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: "clerk-1", Kind: safeguard.Person, Tenant: "t1"})
}

// old and young are the keys before and after a rotation.
func tokens(t testing.TB, epochs ...string) *audit.TokenKeys {
	t.Helper()
	var all []audit.TokenKey
	for _, e := range epochs {
		all = append(all, audit.TokenKey{Epoch: e, Secret: []byte("0123456789abcdef0123456789abcde" + e[len(e)-1:])})
	}
	k, err := audit.NewTokenKeys(all[0], all[1:]...)
	require.NoError(t, err)
	return k
}

// A memory is a log, and a noter that writes to it.
type memory struct {
	t       testing.TB
	keys    *audit.TokenKeys
	records [][]byte
	noted   []audit.Notice
	fail    error
}

func (m *memory) Records(_ context.Context, from uint64) iter.Seq2[ledger.Record, error] {
	return func(yield func(ledger.Record, error) bool) {
		for i := from; i < uint64(len(m.records)); i++ {
			if !yield(ledger.Record{Index: i, Data: m.records[i]}, nil) {
				return
			}
		}
	}
}

func (m *memory) Record(ctx context.Context, n audit.Notice) (string, error) {
	if m.fail != nil {
		return "", m.fail
	}
	m.noted = append(m.noted, n)
	data := map[string]any{}
	if err := json.Unmarshal(n.Data, &data); err != nil {
		return "", err
	}
	var list []string
	for _, p := range n.Patients {
		token, err := m.keys.Patient(ctx, "t1", p)
		if err != nil {
			return "", err
		}
		list = append(list, token)
	}
	data["patients"] = list
	return m.add(audit.Event{Type: n.Type, Subject: n.Subject, Time: asked}, data), nil
}

func (m *memory) add(e audit.Event, data any) string {
	b, err := json.Marshal(data)
	require.NoError(m.t, err)
	if e.ID == "" {
		e.ID = fmt.Sprintf("e%d", len(m.records))
	}
	e.Source, e.Data = "urn:test:clinic", b
	record, err := e.Append(nil)
	require.NoError(m.t, err)
	m.records = append(m.records, record)
	return e.ID
}

// access adds an access to the records of patients.
func (m *memory) access(kind string, at time.Time, who string, change func(a *audit.Access), patients ...safeguard.Patient) {
	entry := fmt.Sprintf("q%d", len(m.records))
	a := audit.Access{
		Entry: entry, Principal: &audit.Actor{ID: who, Kind: "person", Tenant: "t1"},
		Resource: "Chart", Action: "read", Purpose: safeguard.Treatment, Fields: []string{"name"},
	}
	for _, p := range patients {
		token, err := m.keys.Patient(m.t.Context(), "t1", p)
		require.NoError(m.t, err)
		a.Patients = append(a.Patients, token)
	}
	if change != nil {
		change(&a)
	}
	m.add(audit.Event{Type: kind, Subject: entry, Time: at}, a)
}

// disclose adds a disclosure.
func (m *memory) disclose(at time.Time, d audit.Disclosure, patients ...safeguard.Patient) {
	m.access(audit.TypeDisclosed, at, "clerk-9", func(a *audit.Access) { a.Disclosure, a.Action = &d, "disclose" }, patients...)
}

// A book is a register in memory; what is not in it is not known.
type book struct {
	recipients map[string]disclosure.Recipient
	texts      map[string]string
	protocols  map[string]disclosure.Protocol
	fail       error
}

func (b *book) Recipient(_ context.Context, _, id string) (disclosure.Recipient, error) {
	if r, ok := b.recipients[id]; ok {
		return r, b.fail
	}
	return disclosure.Recipient{}, disclosure.ErrUnknown
}

func (b *book) Description(_ context.Context, _, code string) (string, error) { return b.text(code) }
func (b *book) Purpose(_ context.Context, _, code string) (string, error)     { return b.text(code) }

func (b *book) text(code string) (string, error) {
	if s, ok := b.texts[code]; ok {
		return s, nil
	}
	return "", disclosure.ErrUnknown
}

func (b *book) Protocol(_ context.Context, _, code string) (disclosure.Protocol, error) {
	if p, ok := b.protocols[code]; ok {
		return p, nil
	}
	return disclosure.Protocol{}, disclosure.ErrUnknown
}

func register() *book {
	contact := disclosure.Contact{Name: "Northern University", Address: "2 College Road, Springfield", Telephone: "+1 555 0101"}
	return &book{
		recipients: map[string]disclosure.Recipient{
			"health-dept": {Name: "County Health Department", Address: "1 Main Street, Springfield"},
			"police":      {Name: "Springfield Police", Address: "3 Station Road, Springfield"},
			"state-board": {Name: "State Board of Medicine"},
			"university":  {Name: "Northern University", Address: "2 College Road, Springfield"},
			"hhs":         {Name: "Secretary of Health and Human Services"},
		},
		texts: map[string]string{
			"lab": "Laboratory results", "all": "The complete record", "report-tb": "Reporting of a notifiable disease, as state law requires",
			"inspect": "Inspection of the practice", "warrant": "An order of a court", "study-1": "Study of blood pressure",
		},
		protocols: map[string]disclosure.Protocol{"study-1": {
			Name: "Blood pressure in adults", Description: "A study of how blood pressure changes with age. Records of adults with two or more readings were selected.",
			Types: "Age and blood pressure", Sponsor: contact, Researcher: contact,
		}},
	}
}

// may lets one account ask.
type may string

func (a may) Authorize(_ context.Context, who safeguard.Principal, _ string, q disclosure.Question) error {
	if who.ID != string(a) || who.Tenant != q.Tenant {
		return errors.New("not your task")
	}
	return nil
}

// statements are suspensions on file.
type statements struct {
	list []disclosure.Suspension
	err  error
}

func (s *statements) Suspensions(context.Context, disclosure.Question) ([]disclosure.Suspension, error) {
	return s.list, s.err
}

func reporter(t testing.TB, m *memory, opts *disclosure.Options) *disclosure.Reporter {
	t.Helper()
	r, err := disclosure.New(m, m.keys, register(), may("clerk-1"), m, opts)
	require.NoError(t, err)
	return r
}

func memoryOf(t testing.TB, epochs ...string) *memory {
	return &memory{t: t, keys: tokens(t, epochs...)}
}

func of(p safeguard.Patient) disclosure.Question {
	return disclosure.Question{Tenant: "t1", Patient: p, Received: asked}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile("testdata/"+name, []byte(got), 0o644))
	}
	want, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}
