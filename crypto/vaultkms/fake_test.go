package vaultkms_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

const token = "hvs.CAESIJ-secret-of-the-service"

// fake serves encrypt and decrypt of transit with real AES-GCM, key versions,
// tokens, namespaces, seal and the shape of errors. It has no other key type, no
// derivation, no batches, no replication, and one policy: update on every
// key that is there.
type fake struct {
	*httptest.Server
	calls     atomic.Int64
	sealed    atomic.Bool
	old       atomic.Bool // Vault before 1.13: no associated_data
	namespace string
	answer    atomic.Pointer[http.HandlerFunc]

	mu   sync.Mutex
	keys map[string][]cipher.AEAD // by version
	hung chan struct{}
}

type request struct {
	Plaintext      string `json:"plaintext"`
	Ciphertext     string `json:"ciphertext"`
	AssociatedData string `json:"associated_data"`
}

func newFake(t *testing.T) *fake {
	f := &fake{keys: make(map[string][]cipher.AEAD)}
	f.rotate(t, "safeguard")
	f.rotate(t, "other")
	f.Server = httptest.NewTLSServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

func (f *fake) rotate(t *testing.T, key string) {
	material := make([]byte, 32)
	rand.Read(material)
	block, err := aes.NewCipher(material)
	require.NoError(t, err)
	aead, err := cipher.NewGCMWithRandomNonce(block)
	require.NoError(t, err)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys[key] = append(f.keys[key], aead)
}

func (f *fake) hang() func() {
	f.mu.Lock()
	defer f.mu.Unlock()
	hung := make(chan struct{})
	f.hung = hung
	return func() { close(hung) }
}

func (f *fake) outage() func() {
	f.sealed.Store(true)
	return func() { f.sealed.Store(false) }
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	f.calls.Add(1)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	f.mu.Lock()
	hung := f.hung
	f.mu.Unlock()
	if hung != nil {
		select {
		case <-hung:
		case <-r.Context().Done():
		}
	}
	if answer := f.answer.Load(); answer != nil {
		(*answer)(w, r)
		return
	}
	f.operate(w, r, body)
}

func (f *fake) operate(w http.ResponseWriter, r *http.Request, body []byte) {
	op, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/transit/"), "/")
	var in request
	f.mu.Lock()
	versions := f.keys[key]
	f.mu.Unlock()
	switch {
	case f.sealed.Load():
		refuse(w, http.StatusServiceUnavailable, "Vault is sealed")
	case r.Header.Get("X-Vault-Token") != token || r.Header.Get("X-Vault-Request") != "true":
		refuse(w, http.StatusForbidden, "permission denied")
	case !strings.HasPrefix(r.URL.Path, "/v1/transit/") || r.Header.Get("X-Vault-Namespace") != f.namespace:
		refuse(w, http.StatusNotFound, "no handler for route")
	case versions == nil: // as with the policy of the documentation
		refuse(w, http.StatusForbidden, "permission denied")
	case r.Method != http.MethodPost || json.Unmarshal(body, &in) != nil:
		refuse(w, http.StatusBadRequest, "failed to parse JSON input")
	case op == "encrypt":
		f.encrypt(w, versions, in)
	case op == "decrypt":
		f.decrypt(w, versions, in)
	default:
		refuse(w, http.StatusNotFound, "unsupported path")
	}
}

func (f *fake) associatedData(in request) []byte {
	ad, err := base64.StdEncoding.DecodeString(in.AssociatedData)
	if err != nil || f.old.Load() {
		return nil
	}
	return ad
}

func (f *fake) encrypt(w http.ResponseWriter, versions []cipher.AEAD, in request) {
	plaintext, err := base64.StdEncoding.DecodeString(in.Plaintext)
	if err != nil {
		refuse(w, http.StatusBadRequest, "failed to base64-decode plaintext")
		return
	}
	n := len(versions)
	sealed := versions[n-1].Seal(nil, nil, plaintext, f.associatedData(in))
	reply(w, map[string]any{"ciphertext": "vault:v" + strconv.Itoa(n) + ":" + base64.StdEncoding.EncodeToString(sealed), "key_version": n})
}

// decrypt takes other spellings than it writes, as Vault does.
func (f *fake) decrypt(w http.ResponseWriter, versions []cipher.AEAD, in request) {
	version, encoded, _ := strings.Cut(strings.TrimPrefix(in.Ciphertext, "vault:v"), ":")
	n, err := strconv.Atoi(version)
	if err != nil || n < 1 || n > len(versions) {
		refuse(w, http.StatusBadRequest, "invalid ciphertext: version")
		return
	}
	sealed, err := base64.StdEncoding.DecodeString(encoded)
	if err == nil {
		sealed, err = versions[n-1].Open(nil, nil, sealed, f.associatedData(in))
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "cipher: message authentication failed")
		return
	}
	reply(w, map[string]any{"plaintext": base64.StdEncoding.EncodeToString(sealed)})
}

func reply(w http.ResponseWriter, data any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"request_id": "req-1", "data": data})
}

func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []string{text, "token " + token}})
}

func theToken(context.Context) (string, error) { return token, nil }
