package oidc

import (
	"encoding/json"
	"slices"
	"time"
)

// Bounds of what is kept of an issuer: keys of a set, keys that are distrusted,
// and requests that wait for a fetch.
const (
	maxKeys       = 100
	maxDistrusted = 1000
	maxWaiting    = 1024
)

// A keySet is the keys of an issuer at one time. It is never changed.
type keySet struct {
	byID    map[string]*publicKey
	sole    *publicKey // if there is no other
	fetched time.Time
}

// parseKeySet reads a JSON Web Key Set (RFC 7517, section 5). Keys that it cannot
// use are skipped. A key id that two keys share names none of them: whoever
// can add a key to a set must not thereby replace another.
func parseKeySet(document []byte) ([]*publicKey, error) {
	if _, err := parseObject(document); err != nil {
		return nil, err
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(document, &set); err != nil || set.Keys == nil || len(set.Keys) > maxKeys {
		return nil, errJSON // without "keys" it is a message of another kind, not a set without keys
	}
	var keys []*publicKey
	times := map[string]int{}
	for _, member := range set.Keys {
		times[idOf(member)]++
		if k, err := parsePublicKey(member); err == nil {
			keys = append(keys, k)
		}
	}
	return slices.DeleteFunc(keys, func(k *publicKey) bool { return times[k.id] > 1 }), nil
}

// idOf returns the key id of a key, also of one that cannot be used.
func idOf(member []byte) string {
	object, err := parseObject(member)
	if err != nil {
		return ""
	}
	id, _, _ := text(object, "kid")
	return id
}

// newKeySet returns keys as a set. A key that was in the set before stays the
// same key, by which tokens that were verified know theirs.
func newKeySet(keys []*publicKey, before *keySet, fetched time.Time) *keySet {
	s := &keySet{byID: map[string]*publicKey{}, fetched: fetched}
	for _, k := range keys {
		if before != nil && before.byID[k.id].same(k) {
			k = before.byID[k.id]
		}
		s.byID[k.id] = k
	}
	if len(keys) == 1 {
		s.sole = s.byID[keys[0].id]
	}
	return s
}

// same reports whether two keys are one, for the same algorithms.
func (k *publicKey) same(other *publicKey) bool {
	return k != nil && k.thumbprint == other.thumbprint && slices.Equal(k.algorithms, other.algorithms)
}

// find returns the key that a token names, nil if there is none. A token that
// names none means the only key there is.
func (s *keySet) find(id string) *publicKey {
	switch {
	case s == nil:
		return nil
	case id == "":
		return s.sole
	}
	return s.byID[id]
}

// holds reports whether k is still in the set.
func (s *keySet) holds(k *publicKey) bool { return s.byID[k.id] == k }
