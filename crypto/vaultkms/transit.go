package vaultkms

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// maxAnswer bounds an answer that is read, in bytes. A longer one is cut, and
// then no JSON.
const maxAnswer = 2 << 20

// request is the body of an operation; encoding/json writes bytes in the
// base64 that transit takes.
type request struct {
	Plaintext      []byte `json:"plaintext,omitempty"`
	Ciphertext     string `json:"ciphertext,omitempty"`
	AssociatedData []byte `json:"associated_data,omitempty"`
}

// response is the data of an answer.
type response struct {
	Plaintext  []byte `json:"plaintext"`
	Ciphertext string `json:"ciphertext"`
}

// call makes one request.
func (k *KEK) call(ctx context.Context, op string, in request) (*response, error) {
	if k == nil || k.client == nil {
		return nil, &Error{Op: op, reason: "the KEK is not initialised"}
	}
	ctx, cancel := context.WithTimeout(ctx, k.timeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return nil, &Error{Op: op, err: err}
	}
	req, err := k.request(ctx, op, in)
	if err != nil {
		return nil, err
	}
	resp, err := k.client.Do(req)
	if err != nil {
		return nil, unanswered(ctx, op, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	defer clear(body)
	if err != nil {
		return nil, unanswered(ctx, op, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, refused(op, resp.StatusCode)
	}
	var answer struct {
		Data *response `json:"data"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Data == nil {
		return nil, &Error{Op: op, Status: resp.StatusCode, reason: "the answer is not transit's", temporary: true}
	}
	return answer.Data, nil
}

// request returns the request. Its body cannot be cleared: net/http may read
// it after the answer.
func (k *KEK) request(ctx context.Context, op string, in request) (*http.Request, error) {
	token, err := k.token(ctx)
	if ctx.Err() != nil {
		return nil, &Error{Op: op, temporary: true, err: ctx.Err()}
	}
	if err != nil {
		return nil, &Error{Op: op, reason: "no token", temporary: true}
	}
	if !printable(token) {
		return nil, &Error{Op: op, reason: "the token is malformed"}
	}
	body, err := json.Marshal(in)
	if err != nil {
		return nil, &Error{Op: op, reason: "request"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, k.base+"/"+op+"/"+k.key, bytes.NewReader(body))
	if err != nil {
		return nil, &Error{Op: op, reason: "request"}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Vault-Request", "true")
	req.Header.Set("X-Vault-Token", token)
	if k.namespace != "" {
		req.Header.Set("X-Vault-Namespace", k.namespace)
	}
	// Both operations may be repeated: net/http then does so on a connection
	// that the server had closed, and sends no such header.
	req.Header["Idempotency-Key"] = nil
	return req, nil
}

// wellFormed reports whether s is a ciphertext of transit in the one spelling
// that transit writes: "vault:v", version, ":" and canonical base64. Vault
// itself takes others.
func wellFormed(s string) bool {
	rest, ok := strings.CutPrefix(s, "vault:v")
	if !ok {
		return false
	}
	version, encoded, _ := strings.Cut(rest, ":")
	n, err := strconv.ParseUint(version, 10, 31)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != version || strings.ContainsAny(encoded, "\r\n") {
		return false
	}
	sealed, err := base64.StdEncoding.Strict().DecodeString(encoded)
	return err == nil && len(sealed) >= 12+16 // nonce and tag
}

func printable(token string) bool {
	if token == "" || len(token) > 8<<10 {
		return false
	}
	return strings.IndexFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}
