package anchor

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

const witnessName = "witness.example/w1"

// A testWitness is the other side of tlog-witness, written from the
// specification over x/mod alone.
type testWitness struct {
	key      ed25519.PrivateKey
	verifier note.Verifier // of the log, nil if it is unknown
	stamp    func() int64
	spoil    func(w http.ResponseWriter, line string) bool

	mu    sync.Mutex
	size  int64
	root  tlog.Hash
	calls []string
}

func newTestWitness(t testing.TB, logKey string) (*testWitness, *httptest.Server) {
	w := &testWitness{key: testKey(9), stamp: func() int64 { return time.Now().Unix() }}
	if logKey != "" {
		v, err := note.NewVerifier(logKey)
		require.NoError(t, err)
		w.verifier = v
	}
	server := httptest.NewTLSServer(w)
	t.Cleanup(server.Close)
	return w, server
}

func (w *testWitness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	w.calls = append(w.calls, r.Method+" "+r.URL.Path)
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/prefix/add-checkpoint" {
		http.Error(rw, "bad", http.StatusBadRequest)
		return
	}
	head, signed, _ := strings.Cut(string(body), "\n\n")
	lines := strings.Split(head, "\n")
	old, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "old "), 10, 64)
	proof, perr := decodeProof(lines[1:])
	if err != nil || perr != nil {
		http.Error(rw, "bad", http.StatusBadRequest)
		return
	}
	if w.verifier == nil {
		http.Error(rw, "unknown", http.StatusNotFound)
		return
	}
	n, err := note.Open([]byte(signed), note.VerifierList(w.verifier))
	if err != nil {
		http.Error(rw, "key", http.StatusForbidden)
		return
	}
	tree, err := tlogTree(n.Text)
	if err != nil || old > tree.N {
		http.Error(rw, "bad", http.StatusBadRequest)
		return
	}
	w.judge(rw, n.Text, old, proof, tree)
}

func (w *testWitness) judge(rw http.ResponseWriter, text string, old int64, proof tlog.TreeProof, tree tlog.Tree) {
	if old != w.size {
		rw.Header().Set("Content-Type", "text/x.tlog.size")
		rw.WriteHeader(http.StatusConflict)
		fmt.Fprintf(rw, "%d\n", w.size)
		return
	}
	if old == tree.N && old > 0 && tree.Hash != w.root {
		http.Error(rw, "root", http.StatusConflict)
		return
	}
	if old > 0 && old < tree.N && tlog.CheckTree(proof, tree.N, tree.Hash, old, w.root) != nil {
		http.Error(rw, "proof", http.StatusUnprocessableEntity)
		return
	}
	line := cosign(witnessName, w.key, w.stamp(), text)
	if w.spoil != nil && w.spoil(rw, line) {
		return
	}
	w.size, w.root = tree.N, tree.Hash
	fmt.Fprint(rw, "— other.example/w2 AWui8Sk55XjYLOijihBjhqEH6nS1ndDymE0a+6idX7pLcnoB+dhnz0854aLZgrrKbYKA7nC3HNJhm/kWl7oJlqU3rXXvpysAdyP3wQ==\n"+line)
}

func decodeProof(lines []string) (tlog.TreeProof, error) {
	var proof tlog.TreeProof
	for _, line := range lines {
		raw, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(raw) != tlog.HashSize {
			return nil, errors.New("not a hash")
		}
		proof = append(proof, tlog.Hash(raw))
	}
	return proof, nil
}

func tlogTree(text string) (tlog.Tree, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 {
		return tlog.Tree{}, errors.New("not a checkpoint")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	raw, rerr := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || rerr != nil || len(raw) != tlog.HashSize {
		return tlog.Tree{}, errors.New("not a checkpoint")
	}
	return tlog.Tree{N: size, Hash: tlog.Hash(raw)}, nil
}

func dialWitness(t testing.TB, w *testWitness, server *httptest.Server) *Witness {
	t.Helper()
	a, err := NewWitness(server.URL+"/prefix", cosignerKey(witnessName, w.key), &WitnessOptions{Client: server.Client()})
	require.NoError(t, err)
	return a
}

// A witness signs checkpoints that extend each other, and the note that comes
// back has both signatures.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestWitness(t *testing.T) {
	log := newTestLog(t, 5)
	w, server := newTestWitness(t, log.vkey(t))
	a := dialWitness(t, w, server)
	var last uint64
	for range 4 {
		log.grow(t, 300, "")
		kept, err := a.Submit(t.Context(), log.submission(t, last))
		require.NoError(t, err)
		c, err := ledger.ParseCheckpoint(kept, log.vkey(t))
		require.NoError(t, err)
		require.EqualValues(t, log.size, c.Size)
		at, err := a.cosigner.SignedAt(kept)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), at, time.Minute)
		require.NotContains(t, string(kept), "other.example", "only what was checked is kept")
		last = c.Size
	}
	require.Len(t, w.calls, 4, "each with the right old size")

	early, late := log.opened(t, 2).Note, log.opened(t, 3).Note
	text, _ := noteText(late)
	stamped := append(late, cosign(witnessName, w.key, 1_700_000_000, string(text))...)
	forged := append(early, cosign(witnessName, w.key, 1_800_000_000, string(text))...)
	at, err := a.cosigner.Newest([]ledger.Kept{{Note: early}, {Note: stamped}, {Note: forged}, {Note: []byte("x")}})
	require.NoError(t, err)
	require.EqualValues(t, 1_700_000_000, at.Unix(), "only what verifies dates anything")
	_, err = a.cosigner.Newest([]ledger.Kept{{Note: forged}})
	require.Error(t, err)

	kept, err := a.Submit(t.Context(), log.submission(t, last))
	require.NoError(t, err, "the same checkpoint again")
	require.NotEmpty(t, kept)

	log.grow(t, 10, "")
	_, err = a.Submit(t.Context(), log.submission(t, 7))
	require.NoError(t, err, "a runner that forgot asks from the size that the witness tells")
}

// A witness that has seen more, or something else, raises an alarm; one that
// does not know the ledger refuses.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestWitnessRefusals(t *testing.T) {
	log := newTestLog(t, 40)
	submit := func(t *testing.T, prepare func(w *testWitness), l *testLog, last uint64) error {
		w, server := newTestWitness(t, log.vkey(t))
		a := dialWitness(t, w, server)
		_, err := a.Submit(t.Context(), log.submission(t, 0))
		require.NoError(t, err)
		if prepare != nil {
			prepare(w)
		}
		_, err = a.Submit(t.Context(), l.submission(t, last))
		return err
	}
	forked, early := log.fork(t, 20), newTestLog(t, 30)
	sameSize := &testLog{key: log.key}
	sameSize.grow(t, 20, "")
	sameSize.grow(t, 20, "forged")

	require.ErrorIs(t, submit(t, nil, forked, 40), ErrFork)
	require.ErrorIs(t, submit(t, nil, forked, 0), ErrFork, "the size comes from the witness")
	require.ErrorIs(t, submit(t, nil, sameSize, 40), ErrFork)
	err := submit(t, nil, early, 0)
	require.ErrorIs(t, err, ErrRollback)
	fork, ok := errors.AsType[*ForkError](err)
	require.True(t, ok)
	require.EqualValues(t, 40, fork.OldSize)

	log.grow(t, 1, "")
	require.ErrorIs(t, submit(t, func(w *testWitness) { w.verifier = nil }, log, 40), ErrRefused)
	require.ErrorIs(t, submit(t, func(w *testWitness) {
		w.verifier, _ = note.NewVerifier((&testLog{key: testKey(3)}).vkey(t))
	}, log, 40), ErrRefused)
}

// Whatever a hostile witness answers, nothing is kept but its own valid and
// fresh signature over what was sent.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestWitnessHostile(t *testing.T) {
	log := newTestLog(t, 12)
	other := newTestLog(t, 12)
	other.key = testKey(1)
	otherText := func() string {
		signed, err := log.fork(t, 3).at(12)
		require.NoError(t, err)
		text, _ := noteText(signed)
		return string(text)
	}()
	text, _ := noteText(log.opened(t, 12).Note)
	now := time.Now().Unix()
	say := func(status int, body string) func(http.ResponseWriter, string) bool {
		return func(w http.ResponseWriter, _ string) bool {
			w.WriteHeader(status)
			io.WriteString(w, body)
			return true
		}
	}
	cases := map[string]struct {
		spoil func(http.ResponseWriter, string) bool
		stamp int64
	}{
		"wrong key":     {spoil: say(200, cosign(witnessName, testKey(8), now, string(text)))},
		"other name":    {spoil: say(200, cosign("witness.example/w3", testKey(9), now, string(text)))},
		"other tree":    {spoil: say(200, cosign(witnessName, testKey(9), now, otherText))},
		"old time":      {stamp: now - 3600},
		"future time":   {stamp: now + 3600},
		"negative time": {stamp: -5},
		"nothing":       {spoil: say(200, "")},
		"no line end":   {spoil: say(200, strings.TrimSuffix(cosign(witnessName, testKey(9), now, string(text)), "\n"))},
		"page":          {spoil: say(200, "<html>\n\n</html>\n")},
		"loose base64": {spoil: func(w http.ResponseWriter, line string) bool {
			io.WriteString(w, strings.Replace(line, "==\n", "=\n", 1))
			return true
		}},
		"conflict w/o size": {spoil: say(409, "many\n")},
		"server error":      {spoil: say(500, "")},
		"informal":          {spoil: say(204, "")},
		"too many lines":    {spoil: say(200, strings.Repeat("— x y\n", 100))},
		"endless": {spoil: func(w http.ResponseWriter, _ string) bool {
			for {
				if _, err := io.WriteString(w, strings.Repeat("— x y\n", 100)); err != nil {
					return true
				}
			}
		}},
		"redirect": {spoil: func(w http.ResponseWriter, _ string) bool {
			w.Header().Set("Location", "/prefix/elsewhere")
			w.WriteHeader(http.StatusTemporaryRedirect)
			return true
		}},
		"same size forever": {spoil: func(w http.ResponseWriter, _ string) bool {
			w.Header().Set("Content-Type", "text/x.tlog.size")
			w.WriteHeader(http.StatusConflict)
			io.WriteString(w, "0\n")
			return true
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w, server := newTestWitness(t, log.vkey(t))
			w.spoil = c.spoil
			if c.stamp != 0 {
				w.stamp = func() int64 { return c.stamp }
			}
			kept, err := dialWitness(t, w, server).Submit(t.Context(), log.submission(t, 0))
			require.Error(t, err)
			require.Nil(t, kept)
			require.NotContains(t, err.Error(), "record")
			require.Len(t, w.calls, 1, "nothing is followed")
		})
	}
}

// A witness that answers always with another size ends after a few tries.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestWitnessRuns(t *testing.T) {
	log := newTestLog(t, 30)
	calls := 0
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls++
		w.Header().Set("Content-Type", "text/x.tlog.size")
		w.WriteHeader(http.StatusConflict)
		fmt.Fprintf(w, "%d\n", calls)
	}))
	defer server.Close()
	a, err := NewWitness(server.URL, cosignerKey(witnessName, testKey(9)), &WitnessOptions{Client: server.Client()})
	require.NoError(t, err)
	_, err = a.Submit(t.Context(), log.submission(t, 0))
	require.Error(t, err)
	require.Equal(t, 3, calls)
}

// Addresses, keys and options that cannot be right are refused at once.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestWitnessOptions(t *testing.T) {
	good := cosignerKey(witnessName, testKey(9))
	for _, address := range []string{"", "http://w.example", "ftp://w.example", "https://u:p@w.example", "https://w.example/#x", "w.example"} {
		_, err := NewWitness(address, good, nil)
		require.Error(t, err, address)
	}
	logKey := newTestLog(t, 0).vkey(t)
	for _, key := range []string{"", logKey, good + "A", "x" + good, strings.Replace(good, "witness", "witness ", 1)} {
		_, err := NewWitness("https://w.example", key, nil)
		require.Error(t, err, key)
	}
	for _, o := range []*WitnessOptions{{Name: "../x"}, {Name: "A"}, {MaxSkew: -1}, {MaxSkew: 2 * time.Hour}} {
		_, err := NewWitness("https://w.example", good, o)
		require.Error(t, err)
	}
	_, err := NewWitness("http://w.example", good, &WitnessOptions{UnsafePlainHTTP: true})
	require.NoError(t, err)
	var zero Cosigner
	require.False(t, zero.Verify(nil, make([]byte, 72)))
	_, err = new(Tiles).Checkpoint(context.Background())
	require.Error(t, err)
}

// FuzzAnswer: no answer of a witness panics, and none is kept but a signature
// that verifies.
func FuzzAnswer(f *testing.F) {
	log := newTestLog(f, 9)
	c := log.opened(f, 9)
	text, _ := noteText(c.Note)
	good := cosign(witnessName, testKey(9), time.Now().Unix(), string(text))
	f.Add(good)
	f.Add("— witness.example/w1 \n")
	f.Add("\n\n" + good)
	f.Add(good + good)
	cosigner, err := NewCosigner(cosignerKey(witnessName, testKey(9)))
	require.NoError(f, err)
	w := &Witness{name: "w", cosigner: cosigner, skew: time.Hour}
	f.Fuzz(func(t *testing.T, body string) {
		kept, err := w.accept(c, []byte(body))
		if err != nil {
			return
		}
		if _, err := cosigner.SignedAt(kept); err != nil {
			t.Fatal("kept what does not verify")
		}
	})
}

// FuzzCosigner: no verifier key panics; an accepted one has one spelling.
func FuzzCosigner(f *testing.F) {
	f.Add(cosignerKey(witnessName, testKey(9)))
	f.Add("a+00000000+BA==")
	f.Fuzz(func(t *testing.T, key string) {
		c, err := NewCosigner(key)
		if err != nil {
			return
		}
		c.Verify([]byte("x"), make([]byte, 72))
	})
}
