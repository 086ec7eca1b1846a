package query

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// soak reports whether the full counts are wanted.
func soak() bool { return os.Getenv("SAFEGUARD_SOAK") == "1" }

var (
	start    = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	signer   = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
	indexKey = IndexKey(bytes.Repeat([]byte{7}, 32))
	// second is the current epoch; records up to the middle are of first.
	first    = audit.TokenKey{Epoch: "e1", Secret: bytes.Repeat([]byte{1}, 32)}
	second   = audit.TokenKey{Epoch: "e2", Secret: bytes.Repeat([]byte{2}, 32)}
	officer  = safeguard.Principal{ID: "officer", Kind: safeguard.Person, Tenant: "north"}
	maria    = safeguard.NewPatient("MRN-0042")
	whenever = time.Time{}
)

// keys returns the tokens of all epochs.
func keys(t testing.TB) *audit.TokenKeys {
	k, err := audit.NewTokenKeys(second, first)
	require.NoError(t, err)
	return k
}

// as returns a context in which somebody asks.
func as(t testing.TB, p safeguard.Principal) context.Context {
	return safeguard.WithPrincipal(t.Context(), p)
}

// A notebook is an audit.Noter that keeps the records, and appends them to a
// ledger if it has one.
type notebook struct {
	mu      sync.Mutex
	records [][]byte
	err     error
	to      audit.Log
	tokens  audit.Tokens
}

func (n *notebook) Record(ctx context.Context, what audit.Notice) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err != nil {
		return "", n.err
	}
	data := map[string]any{}
	if err := json.Unmarshal(what.Data, &data); err != nil {
		return "", err
	}
	p := what.Principal
	if p.Validate() == nil {
		data["principal"] = audit.Actor{ID: p.ID, Kind: p.Kind.String(), Tenant: p.Tenant}
	}
	tokens := []string{}
	for _, patient := range what.Patients {
		token, err := n.tokens.Patient(ctx, p.Tenant, patient)
		if err != nil {
			return "", err
		}
		tokens = append(tokens, token)
	}
	if len(tokens) > 0 {
		data["patients"] = tokens
	}
	id := fmt.Sprintf("notice-%d", len(n.records))
	record, err := render(id, what.Type, start.Add(time.Duration(len(n.records))*time.Second), data)
	if err != nil {
		return "", err
	}
	n.records = append(n.records, record)
	if n.to != nil {
		err = n.to.Append(ctx, record)
	}
	return id, err
}

// queried returns what was noted of questions.
func (n *notebook) queried(t testing.TB) (all []Queried) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, record := range n.records {
		var e struct {
			Type string
			Data Queried
		}
		require.NoError(t, json.Unmarshal(record, &e))
		require.Equal(t, audit.TypeLogQueried, e.Type)
		all = append(all, e.Data)
	}
	return all
}

func render(id, kind string, at time.Time, data any) ([]byte, error) {
	b, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	return audit.Event{ID: id, Source: "urn:clinic", Type: kind, Time: at, Data: b}.Append(nil)
}

// allow is an Authorizer that allows those whose id is in it, by kind.
type allow map[string][]Kind

func (a allow) Authorize(_ context.Context, p safeguard.Principal, q Question) error {
	if slices.Contains(a[p.ID], q.Kind) {
		return nil
	}
	return errors.New("no: MRN-0042")
}

var everything = []Kind{AskWhoSaw, AskWhatDid, AskOfType, AskAffected, AskResolve, AskProof}

// A visit is one request about some patients.
type visit struct {
	tenant, actor, behalf string
	patients              []safeguard.Patient
	fields                []string
	kind                  string
	at                    time.Time
	open                  bool // never ended
}

// write puts a visit into records: the access and, unless it is open, its end.
func (v visit) write(t testing.TB, n int, tokens *audit.TokenKeys) [][]byte {
	a := audit.Access{
		Entry: fmt.Sprintf("entry-%d", n), Principal: &audit.Actor{ID: v.actor, Kind: "person", Tenant: v.tenant, OnBehalfOf: v.behalf, Session: "s-1"},
		Action: "read", Resource: "chart", Purpose: safeguard.Treatment, Fields: v.fields,
	}
	for _, p := range v.patients {
		token, err := tokens.Patient(t.Context(), v.tenant, p)
		require.NoError(t, err)
		a.Patients = append(a.Patients, token)
	}
	kind := v.kind
	if kind == "" {
		kind = audit.TypeRead
	}
	access, err := render(a.Entry+".0", kind, v.at, a)
	require.NoError(t, err)
	if v.open {
		return [][]byte{access}
	}
	ended, err := render(a.Entry+".end", audit.TypeEnded, v.at.Add(time.Second), audit.Ended{Entry: a.Entry, Parts: 1, Outcome: audit.Completed, Status: 200})
	require.NoError(t, err)
	return [][]byte{access, ended}
}

// visits are n requests, a minute apart, of 7 people and 50 patients in two
// tenants that number patients alike; the first half under the older key.
func visits(t testing.TB, n int) (records [][]byte) {
	older, err := audit.NewTokenKeys(first)
	require.NoError(t, err)
	for i := range n {
		v := visit{
			tenant: []string{"north", "south"}[i%2], actor: fmt.Sprintf("user-%d", i%7),
			patients: []safeguard.Patient{safeguard.NewPatient(fmt.Sprintf("MRN-%04d", i%50))},
			fields:   []string{"name", "dob"}, at: start.Add(time.Duration(i) * time.Minute),
		}
		if i%10 == 3 {
			v.patients = append(v.patients, maria)
		}
		tokens := keys(t)
		if i < n/2 {
			tokens = older
		}
		records = append(records, v.write(t, i, tokens)...)
	}
	return records
}

// stored writes records into a new ledger of small segments and returns its
// directory and verifier key.
func stored(t testing.TB, origin string, records [][]byte) (dir, verifierKey string) {
	dir = filepath.Join(t.TempDir(), "ledger")
	l, err := ledger.Open(dir, signer, &ledger.Options{Origin: origin, CheckpointInterval: time.Hour, SegmentSize: 16 << 10})
	require.NoError(t, err)
	for len(records) > 0 {
		n := min(50, len(records))
		require.NoError(t, l.Append(t.Context(), records[:n]...))
		records = records[n:]
	}
	require.NoError(t, l.Close(t.Context()))
	return dir, l.VerifierKey()
}

// opened returns a Ledger of a directory.
func opened(t testing.TB, name, dir, verifierKey string) Ledger {
	r, err := ledger.OpenReader(dir)
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	return Ledger{Name: name, Reader: r, VerifierKey: verifierKey}
}

// A house is a ledger, whoever may ask it, and what was noted of questions.
type house struct {
	*Log
	notes *notebook
	dir   string
	index string
}

// settled returns a house with n visits. The officer may ask everything.
func settled(t testing.TB, n int, opts *Options) *house {
	dir, vkey := stored(t, "clinic.example/charts", visits(t, n))
	return asked(t, dir, opts, opened(t, "charts", dir, vkey))
}

// asked returns a house over ledgers.
func asked(t testing.TB, dir string, opts *Options, ledgers ...Ledger) *house {
	h := &house{notes: &notebook{tokens: keys(t)}, dir: dir}
	if opts == nil {
		h.index = t.TempDir()
		opts = &Options{IndexDir: h.index, IndexKey: indexKey}
	}
	var err error
	h.Log, err = New(ledgers, keys(t), allow{"officer": everything, "maria": everything}, h.notes, opts)
	require.NoError(t, err)
	return h
}

// all collects the hits of a question.
func (h *house) all(t testing.TB, ctx context.Context, q Question) (hits []Hit) {
	for hit, err := range h.Each(ctx, q) {
		require.NoError(t, err)
		hits = append(hits, hit)
	}
	return hits
}

// plainly asks without an index and without this package: it decodes every
// record and compares.
func plainly(t testing.TB, l Ledger, want func(kind string, a audit.Access) bool) (indexes []uint64) {
	for r, err := range l.Reader.Records(t.Context(), 0) {
		require.NoError(t, err)
		var e struct {
			Type string
			Data audit.Access
		}
		require.NoError(t, json.Unmarshal(r.Data, &e))
		if want(e.Type, e.Data) {
			indexes = append(indexes, r.Index)
		}
	}
	return indexes
}

func indexesOf(hits []Hit) (indexes []uint64) {
	for _, h := range hits {
		indexes = append(indexes, h.Index)
	}
	return indexes
}
