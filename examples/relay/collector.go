package main

import (
	"bytes"
	"context"
	"errors"
	"sync"

	"github.com/safeguard-sdk/safeguard/audit/relay"
)

// A collector stands for the other side: it can be down, and it can refuse.
type collector struct {
	mu     sync.Mutex
	got    []string
	down   error
	refuse string // the beginning of what it does not take
}

// set says how the collector behaves from now on.
func (c *collector) set(down error, refuse string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down, c.refuse = down, refuse
}

// Deliver implements audit.Sink.
func (c *collector) Deliver(_ context.Context, records ...[]byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down != nil {
		return c.down
	}
	for _, r := range records {
		if c.refuse != "" && bytes.HasPrefix(r, []byte(c.refuse)) {
			return relay.Permanent(errors.New("status 422"))
		}
	}
	for _, r := range records {
		c.got = append(c.got, string(r))
	}
	return nil
}

func (c *collector) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.got)
}

// once reports whether no record came twice.
func (c *collector) once() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := map[string]bool{}
	for _, r := range c.got {
		seen[r] = true
	}
	return len(seen) == len(c.got)
}
