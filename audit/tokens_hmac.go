package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"sync"
	"sync/atomic"

	"github.com/safeguard-sdk/safeguard"
)

// A tokenKey is a TokenKey that is ready: HMAC states under the key wait in a
// pool, so that a token costs the compressions of its own input only.
type tokenKey struct {
	epoch  string
	secret []byte
	macs   sync.Pool
	// sources remembers tokens of network addresses, which come back at every
	// request of a client.
	sources [64]atomic.Pointer[sourceToken]
}

// A sourceToken is the token of one address.
type sourceToken struct{ addr, token string }

// A mac is one HMAC state with room for its input and output.
type mac struct {
	hash hash.Hash
	in   []byte
	sum  [sha256.Size]byte
}

// append appends "epoch.token". It is injective in its parts: each is preceded
// by its length.
func (k *tokenKey) append(dst []byte, kind, tenant, value string) []byte {
	m, _ := k.macs.Get().(*mac)
	if m == nil {
		m = &mac{hash: hmac.New(sha256.New, k.secret)}
	}
	in := m.in[:0]
	for _, part := range [...]string{kind, tenant, value} {
		in = binary.BigEndian.AppendUint64(in, uint64(len(part)))
		in = append(in, part...)
	}
	m.hash.Write(in)
	sum := m.hash.Sum(m.sum[:0])
	dst = append(append(dst, k.epoch...), '.')
	dst = base64.RawURLEncoding.AppendEncode(dst, sum)
	m.hash.Reset()
	clear(in)
	clear(sum)
	m.in = in
	k.macs.Put(m)
	return dst
}

// patient appends the token of a patient.
func (k *tokenKey) patient(dst []byte, tenant string, p safeguard.Patient) []byte {
	return k.append(dst, "patient", tenant, p.Reveal())
}

// source returns the token of a network address.
func (k *tokenKey) source(addr string) string {
	var h uint32 = 2166136261 // FNV-1a
	for i := range len(addr) {
		h = (h ^ uint32(addr[i])) * 16777619
	}
	slot := &k.sources[(h^h>>16)%uint32(len(k.sources))]
	if known := slot.Load(); known != nil && known.addr == addr {
		return known.token
	}
	token := string(k.append(nil, "source", "", addr))
	slot.Store(&sourceToken{addr, token})
	return token
}
