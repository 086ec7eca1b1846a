package workforce

import (
	"strconv"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// A key names an account: an ID is unique within its tenant only.
type key struct{ tenant, id string }

func keyOf(p safeguard.Principal) key { return key{p.Tenant, p.ID} }

// String is the Subject of the account's facts. The length of the tenant goes
// first, so that no two keys have the same text.
func (k key) String() string {
	return strconv.Itoa(len(k.tenant)) + ":" + k.tenant + "/" + k.id
}

// parseKey is the inverse of String. It accepts nothing that String does not
// write.
func parseKey(text string) (k key, ok bool) {
	digits, rest, found := strings.Cut(text, ":")
	n, err := strconv.Atoi(digits)
	if !found || err != nil || n < 0 || n >= len(rest) || rest[n] != '/' {
		return key{}, false
	}
	k = key{rest[:n], rest[n+1:]}
	return k, k.fault() == "" && k.String() == text
}

// fault says why k names no account, "" if it does.
func (k key) fault() string {
	p := safeguard.Principal{ID: k.id, Tenant: k.tenant, Kind: safeguard.Person}
	if p.Validate() != nil {
		return "the tenant and id name no single account"
	}
	return ""
}

// shard is the place of k among the shards: FNV-1a.
func (k key) shard() uint {
	h := uint32(2166136261)
	for i := range len(k.id) {
		h = (h ^ uint32(k.id[i])) * 16777619
	}
	return uint(h) % shards
}
