package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/anchor"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// A witness is the other side of C2SP tlog-witness for one log, in memory. It
// is what an organisation next door would run, with a key of its own.
type witness struct {
	name string
	key  ed25519.PrivateKey
	log  string // verifier key of the log

	mu   sync.Mutex
	last ledger.Checkpoint
}

// verifierKey is what the witness gives to those who trust it.
func (w *witness) verifierKey() string {
	typed := w.typed()
	return fmt.Sprintf("%s+%08x+%s", w.name, binary.BigEndian.Uint32(w.id()), base64.StdEncoding.EncodeToString(typed))
}

// typed is the public key behind its type, Ed25519 cosignature.
func (w *witness) typed() []byte {
	return append([]byte{4}, w.key.Public().(ed25519.PublicKey)...)
}

func (w *witness) id() []byte {
	sum := sha256.Sum256(append([]byte(w.name+"\n"), w.typed()...))
	return sum[:4]
}

func (w *witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, 64<<10))
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/add-checkpoint" {
		http.Error(rw, "malformed", http.StatusBadRequest)
		return
	}
	head, signed, _ := strings.Cut(string(body), "\n\n")
	old, proof, err := parseHead(head)
	if err != nil {
		http.Error(rw, "malformed", http.StatusBadRequest)
		return
	}
	c, err := ledger.ParseCheckpoint([]byte(signed), w.log)
	if err != nil {
		http.Error(rw, "not the log's key", http.StatusForbidden)
		return
	}
	if old > c.Size {
		http.Error(rw, "malformed", http.StatusBadRequest)
		return
	}
	w.judge(rw, r, old, proof, c)
}

// judge signs what extends the last checkpoint.
func (w *witness) judge(rw http.ResponseWriter, r *http.Request, old uint64, proof [][32]byte, c ledger.Checkpoint) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if old != w.last.Size {
		rw.Header().Set("Content-Type", "text/x.tlog.size")
		rw.WriteHeader(http.StatusConflict)
		fmt.Fprintln(rw, w.last.Size)
		return
	}
	if old > 0 && old == c.Size && c.Root != w.last.Root {
		http.Error(rw, "another root", http.StatusConflict)
		return
	}
	given := func(context.Context, uint64) ([][32]byte, error) { return proof, nil }
	if old > 0 && anchor.Extends(r.Context(), w.name, w.last, c, given) != nil {
		http.Error(rw, "inconsistent", http.StatusUnprocessableEntity)
		return
	}
	w.last = c
	text, _, _ := strings.Cut(string(c.Note), "\n\n")
	fmt.Fprint(rw, w.sign(text+"\n", time.Now().Unix()))
}

// sign makes the signature line: key id, time, signature.
func (w *witness) sign(text string, now int64) string {
	raw := binary.BigEndian.AppendUint64(w.id(), uint64(now))
	raw = append(raw, ed25519.Sign(w.key, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", now, text))...)
	return "— " + w.name + " " + base64.StdEncoding.EncodeToString(raw) + "\n"
}

// parseHead reads the old size and the proof.
func parseHead(head string) (old uint64, proof [][32]byte, err error) {
	lines := strings.Split(head, "\n")
	size, ok := strings.CutPrefix(lines[0], "old ")
	if old, err = strconv.ParseUint(size, 10, 63); err != nil || !ok {
		return 0, nil, errors.New("no old size")
	}
	for _, line := range lines[1:] {
		raw, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(raw) != 32 {
			return 0, nil, errors.New("not a hash")
		}
		proof = append(proof, [32]byte(raw))
	}
	return old, proof, nil
}
