package oidc

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Bounds of a nonce: the least key, and for how long one is given out. It counts
// that long again.
const (
	minNonceKey = 32
	nonceLife   = 60 * time.Second
)

// Nonce returns what proofs must have as their nonce now (RFC 9449, section 8),
// for the header DPoP-Nonce of an answer; [Verifier.Handler] sends it by itself.
// It is empty unless [Options.NonceKey] asks for nonces.
func (v *Verifier) Nonce() string {
	if len(v.opts.NonceKey) == 0 {
		return ""
	}
	return v.nonce(time.Now())
}

// nonce returns the nonce of a time: nobody can tell it ahead, and every replica
// with the key gives the same.
func (v *Verifier) nonce(at time.Time) string {
	mac := hmac.New(sha256.New, v.opts.NonceKey)
	mac.Write(binary.BigEndian.AppendUint64([]byte("DPoP nonce"), uint64(at.UnixNano()/int64(nonceLife))))
	return encode(mac.Sum(nil))
}

// fresh reports whether a proof has the nonce of now or the one before, if it
// needs one.
func (v *Verifier) fresh(nonce string, now time.Time) bool {
	if len(v.opts.NonceKey) == 0 {
		return true
	}
	current := hmac.Equal([]byte(nonce), []byte(v.nonce(now)))
	return hmac.Equal([]byte(nonce), []byte(v.nonce(now.Add(-nonceLife)))) || current
}
