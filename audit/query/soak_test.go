package query

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// A mill makes records of requests fast: it renders one access and one end, and
// puts other names of the same length into copies of them.
type mill struct {
	access, ended []byte
	random        *rand.Rand
	patients      [][]byte // tokens
	buf           []byte
}

// The names that a mill replaces.
const (
	millEntry = "00000000-0000-7000-8000-000000000000"
	millActor = "user-00000"
	millTime  = "2026-01-05T08:00:00.000000001Z"
)

func newMill(t testing.TB, patients int) *mill {
	m := &mill{random: rand.New(rand.NewPCG(1, 2))}
	k := keys(t)
	for i := range patients {
		m.patients = append(m.patients, []byte(k.FindPatient("north", millPatient(i))[0]))
	}
	at := start.Add(1)
	a := audit.Access{
		Entry: millEntry, Principal: &audit.Actor{ID: millActor, Kind: "person", Tenant: "north", Method: "password+totp", Session: "s-3fa1c9d2b7"},
		Method: "GET", Route: "GET /patients/{id}/charts/{chart}", Resource: "chart", Action: "read", Purpose: safeguard.Treatment,
		Patients: []string{string(m.patients[0])}, Fields: []string{"name", "birthdate", "medications", "allergies"},
		Decision: &audit.Decision{Allowed: true, Code: "access.allowed", Rules: []string{"clinician-reads-chart"}, Policy: "sha256:4f2b6c1d9e8a7b6c"},
	}
	var err error
	m.access, err = render(millEntry+".0", audit.TypeRead, at, a)
	require.NoError(t, err)
	m.ended, err = render(millEntry+".end", audit.TypeEnded, at, audit.Ended{Entry: millEntry, Parts: 1, Outcome: audit.Completed, Status: 200, Bytes: 18_312, Milliseconds: 41})
	require.NoError(t, err)
	// The attributes that a Recorder adds, in length.
	pad := func(record []byte, n int) []byte {
		return bytes.Replace(record, []byte(`"data":{`), fmt.Appendf(nil, `"correlationid":"%0*d","data":{`, n, 0), 1)
	}
	m.access, m.ended = pad(m.access, 40), pad(m.ended, 330)
	return m
}

func millPatient(i int) safeguard.Patient { return safeguard.NewPatient(fmt.Sprintf("MRN-%07d", i)) }

// put replaces a name by another of its length, wherever it stands.
func put(record, name, by []byte) {
	for i := bytes.Index(record, name); i >= 0; i = bytes.Index(record, name) {
		record = record[i+copy(record[i:], by):]
	}
}

// next returns the n-th record, valid until the next call.
func (m *mill) next(n int) []byte {
	request := n / 2
	from := m.access
	if n%2 == 1 {
		from = m.ended
	}
	m.buf = append(m.buf[:0], from...)
	var id [8]byte
	binary.BigEndian.PutUint64(id[:], uint64(request)*0x9E3779B97F4A7C15)
	entry := fmt.Appendf(nil, "01991c2a-%04x-7%03x-8%03x-%012x", request>>16&0xffff, request&0xfff, request>>8&0xfff, id[:6])
	put(m.buf, []byte(millEntry), entry)
	put(m.buf, []byte(millTime), start.Add(time.Duration(n)*time.Millisecond+1).AppendFormat(nil, "2006-01-02T15:04:05.000000000Z"))
	if n%2 == 0 {
		put(m.buf, []byte(millActor), fmt.Appendf(nil, "user-%05d", m.random.IntN(3000)+1))
		if i := m.random.IntN(len(m.patients)); i > 0 {
			put(m.buf, m.patients[0], m.patients[i])
		}
	}
	return m.buf
}

// milled stores n records of a mill.
func milled(t testing.TB, n, patients int) (dir, verifierKey string, size int64) {
	dir = filepath.Join(t.TempDir(), "ledger")
	segment := int64(64 << 20)
	if n < 1_000_000 {
		segment = 4 << 20
	}
	l, err := ledger.Open(dir, signer, &ledger.Options{Origin: "clinic.example/charts", SegmentSize: segment})
	require.NoError(t, err)
	m := newMill(t, patients)
	batch := make([][]byte, 0, 4000)
	for i := range n {
		record := bytes.Clone(m.next(i))
		batch, size = append(batch, record), size+int64(len(record))
		if len(batch) == cap(batch) || i == n-1 {
			require.NoError(t, l.Append(t.Context(), batch...))
			batch = batch[:0]
		}
	}
	require.NoError(t, l.Close(t.Context()))
	return dir, l.VerifierKey(), size
}

// TestLarge asks a log of 50,000 records, of 10,000,000 with SAFEGUARD_SOAK=1
// (or as many as SAFEGUARD_SOAK_RECORDS says), who saw a patient: with the
// index, with the index deleted, and by the scan. The answers are the same.
// The soak prints how long they took.
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.PS-04.
func TestLarge(t *testing.T) {
	n, questions, compared := 50_000, 20, 1
	if soak() {
		n, questions, compared = 10_000_000, 1000, 5
		if v, err := strconv.Atoi(os.Getenv("SAFEGUARD_SOAK_RECORDS")); err == nil {
			n = v
		}
	}
	patients := n / 40
	began := time.Now()
	dir, vkey, size := milled(t, n, patients)
	say := func(format string, args ...any) {
		if soak() {
			t.Logf("soak: "+format, args...)
		}
	}
	say("%d records of %d bytes written in %v", n, size/int64(n), time.Since(began).Round(time.Millisecond))
	h := asked(t, dir, nil, opened(t, "charts", dir, vkey))
	ctx := as(t, officer)
	began = time.Now()
	built, err := h.Reindex(t.Context())
	require.NoError(t, err)
	say("%d segments indexed in %v, %d bytes of index", built.Built, time.Since(began).Round(time.Millisecond), h.indexSize(t))

	random := rand.New(rand.NewPCG(3, 4))
	var took []time.Duration
	hits := 0
	for range questions {
		q := WhoSaw(safeguard.Operations, millPatient(random.IntN(patients)), whenever, whenever)
		began = time.Now()
		a, err := h.Ask(ctx, q)
		took = append(took, time.Since(began))
		require.NoError(t, err)
		hits += len(a.Hits)
		require.Zero(t, a.Ledgers[0].Scanned)
		for _, hit := range a.Hits {
			require.NotNil(t, hit.Ended)
		}
	}
	first := took[0]
	slices.Sort(took)
	say("who saw, indexed: %d questions, %.1f hits each: p50 %v, p95 %v, max %v, the very first %v",
		questions, float64(hits)/float64(questions), took[questions/2], took[questions*95/100], took[questions-1], first)

	var indexed []*Answer
	patientsOf := random.Perm(patients)[:compared]
	for _, p := range patientsOf {
		a, err := h.Ask(ctx, WhoSaw(safeguard.Operations, millPatient(p), whenever, whenever))
		require.NoError(t, err)
		indexed = append(indexed, a)
	}
	require.NoError(t, os.RemoveAll(h.index))
	for i, p := range patientsOf {
		for _, unindexed := range []bool{false, true} {
			q := WhoSaw(safeguard.Operations, millPatient(p), whenever, whenever)
			q.Unindexed = unindexed
			began = time.Now()
			a, err := h.Ask(ctx, q)
			require.NoError(t, err)
			say("who saw, %d hits, index deleted, unindexed=%t: %v", len(a.Hits), unindexed, time.Since(began).Round(time.Millisecond))
			require.Equal(t, hitsOf(indexed[i]), hitsOf(a))
		}
	}
}

// hitsOf returns the hits of an answer without where they were found.
func hitsOf(a *Answer) []Hit {
	hits := slices.Clone(a.Hits)
	for i := range hits {
		hits[i].place = place{}
	}
	return hits
}

func (h *house) indexSize(t testing.TB) (size int64) {
	for _, p := range h.files(t) {
		info, err := os.Stat(p)
		require.NoError(t, err)
		size += info.Size()
	}
	return size
}
