package oidc

import (
	"strconv"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// Fill lets an Exchange remember as much as it can.
func Fill(x *Exchange) {
	for n := range maxGrants {
		id := strconv.Itoa(n)
		x.keep("filled-"+id, &Token{principal: safeguard.Principal{ID: id}, deadline: time.Now().Add(time.Hour)})
	}
}

// Forget returns a function that empties a Verifier's cache.
func Forget(v *Verifier) func() {
	return func() {
		for i := range v.cache.shards {
			clear(v.cache.shards[i].tokens)
		}
	}
}
