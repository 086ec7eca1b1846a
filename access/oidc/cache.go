package oidc

import (
	"crypto/sha256"
	"sync"
)

const shards = 16

// A cache keeps verified tokens by the SHA-256 of their text, which a forger
// cannot steer. What is new takes the place of what came first; tokens that
// are not good never get in, so garbage displaces nothing.
type cache struct {
	shards [shards]shard
}

type shard struct {
	mu     sync.RWMutex
	tokens map[[sha256.Size]byte]*Token
	order  []*Token // a ring
	next   int
}

func newCache(room int) *cache {
	c := &cache{}
	for i := range c.shards {
		c.shards[i].tokens = map[[sha256.Size]byte]*Token{}
		c.shards[i].order = make([]*Token, (room+shards-1)/shards)
	}
	return c
}

func (c *cache) shard(digest *[sha256.Size]byte) *shard { return &c.shards[digest[0]%shards] }

func (c *cache) get(digest *[sha256.Size]byte) *Token {
	s := c.shard(digest)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.tokens[*digest]
}

func (c *cache) put(t *Token) {
	s := c.shard(&t.digest)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens[t.digest] != nil {
		return
	}
	s.forget(s.order[s.next])
	s.tokens[t.digest], s.order[s.next] = t, t
	s.next = (s.next + 1) % len(s.order)
}

func (c *cache) drop(t *Token) {
	s := c.shard(&t.digest)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(t)
}

// forget removes t. Its place in the ring stays, until it is its turn.
func (s *shard) forget(t *Token) {
	if t != nil && s.tokens[t.digest] == t {
		delete(s.tokens, t.digest)
	}
}

// dropAll removes the tokens of one account.
func (c *cache) dropAll(a account) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		for digest, t := range s.tokens {
			if accountOf(&t.principal) == a {
				delete(s.tokens, digest)
			}
		}
		s.mu.Unlock()
	}
}

// hash returns the digest of a token's text.
func hash(token string) [sha256.Size]byte {
	var room [2048]byte
	if len(token) > len(room) {
		return sha256.Sum256([]byte(token))
	}
	return sha256.Sum256(room[:copy(room[:], token)])
}
