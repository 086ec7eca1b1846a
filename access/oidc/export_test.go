package oidc

// Forget returns a function that empties a Verifier's cache.
func Forget(v *Verifier) func() {
	return func() {
		for i := range v.cache.shards {
			clear(v.cache.shards[i].tokens)
		}
	}
}
