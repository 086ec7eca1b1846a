package keep

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

func soak() bool { return os.Getenv("SAFEGUARD_SOAK") == "1" }

var testKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

// as returns a context in which a person acts.
func as(ctx context.Context, id string) context.Context {
	return safeguard.WithPrincipal(ctx, safeguard.Principal{ID: id, Kind: safeguard.Person})
}

// A noter renders notices into a log.
type noter struct {
	log audit.Log
	err error
}

func (n *noter) Record(ctx context.Context, notice audit.Notice) (string, error) {
	if n.err != nil {
		return "", n.err
	}
	id := rand.Text()
	b, err := audit.Event{ID: id, Source: "urn:test", Type: notice.Type, Subject: notice.Subject,
		Time: time.Now(), Data: notice.Data}.Append(nil)
	if err != nil {
		return "", err
	}
	return id, n.log.Append(ctx, b)
}

// A house is a ledger with its keeper. Its records bear the time at, which need
// not be now: they are of a form that the ledger does not stamp.
type house struct {
	dir, key string
	at       time.Time
	ledger   *ledger.Ledger
	keeper   *Keeper
	segment  int64
	options  *Options
	noter    *noter
}

// newHouse begins ago before now.
func newHouse(t testing.TB, ago time.Duration, options *Options) *house {
	t.Helper()
	if options == nil {
		options = &Options{}
	}
	options.MaxGap = maxGap
	h := &house{dir: filepath.Join(t.TempDir(), "ledger"), options: options, noter: &noter{}, at: time.Now().Add(-ago), segment: 4 << 10}
	h.open(t)
	return h
}

func (h *house) open(t testing.TB) {
	t.Helper()
	l, err := ledger.Open(h.dir, testKey, &ledger.Options{Origin: "clinic.example/charts", SegmentSize: h.segment, CheckpointInterval: time.Hour})
	require.NoError(t, err)
	h.ledger, h.key, h.noter.log = l, l.VerifierKey(), l
	h.keeper, err = New(h.dir, h.key, h.noter, l, h.options)
	require.NoError(t, err)
}

func (h *house) close(t testing.TB) {
	t.Helper()
	require.NoError(t, h.keeper.Close())
	require.NoError(t, h.ledger.Close(context.Background()))
}

// sign closes and opens the ledger, so that all is signed.
func (h *house) sign(t testing.TB) {
	t.Helper()
	h.close(t)
	h.open(t)
}

// entry renders an access record that a ledger does not stamp.
func entry(kind, patient, actor string, at time.Time, expiry time.Time) []byte {
	data, err := json.Marshal(map[string]any{"entry": "e", "principal": map[string]string{"id": actor, "kind": "person"},
		"patients": []string{patient}, "pad": strings.Repeat("x", 200)})
	if err != nil {
		panic(err)
	}
	b, err := audit.Event{ID: rand.Text(), Source: "urn:test", Type: kind, Time: at, ExpiryTime: expiry, Data: data}.Append(nil)
	if err != nil {
		panic(err)
	}
	return append([]byte(`{"test":"x",`), b[1:]...)
}

func (h *house) add(t testing.TB, n int, patient, actor string) {
	t.Helper()
	var list [][]byte
	for range n {
		list = append(list, entry(audit.TypeRead, patient, actor, h.at, time.Time{}))
	}
	require.NoError(t, h.ledger.Append(t.Context(), list...))
}

// seal adds records, in batches, until another segment has begun.
func (h *house) seal(t testing.TB) {
	t.Helper()
	for range 12 {
		h.add(t, 1, "p1.filler", "filler")
	}
}

const day = 24 * time.Hour

// years lets years of 364 days pass, with a record each quarter: that much the
// house's options let a gap count.
func (h *house) years(t testing.TB, n int) {
	t.Helper()
	for range n * 4 {
		h.at = h.at.Add(91 * day)
		h.add(t, 1, "p1.daily", "daily")
	}
}

// catchUp lets time pass up to now, and signs.
func (h *house) catchUp(t testing.TB) {
	t.Helper()
	for time.Since(h.at) > 91*day {
		h.at = h.at.Add(91 * day)
		h.add(t, 1, "p1.daily", "daily")
	}
	h.sign(t)
}

func (h *house) verify(t testing.TB, kept ...ledger.Kept) ledger.Verdict {
	t.Helper()
	v, err := ledger.Verify(t.Context(), h.dir, h.key, &ledger.VerifyOptions{Anchors: kept})
	require.NoError(t, err)
	require.True(t, v.OK, v.String())
	return v
}

// plan plans.
func (h *house) plan(t testing.TB) Plan {
	t.Helper()
	p, err := h.keeper.Plan(t.Context())
	require.NoError(t, err)
	return p
}

// last returns the last record of a type.
func (h *house) last(t testing.TB, kind string) (record string) {
	t.Helper()
	for r, err := range h.ledger.Records(t.Context(), 0) {
		require.NoError(t, err)
		if strings.Contains(string(r.Data), `"type":"`+kind+`"`) {
			record = string(r.Data)
		}
	}
	return record
}

func describe(p Plan) string { return fmt.Sprintf("%d..%d %s", p.From, p.KeepFrom, p.Blocked) }

// A sum is a SHA-256 in the making.
type sum struct{ hash.Hash }

func newSum() sum { return sum{sha256.New()} }

func (s sum) hex() string { return hex.EncodeToString(s.Sum(nil)) }
