package audit

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// A conn is a hijacked connection whose output passes through the Entry: what
// was noted since the last commit is made durable before the next byte leaves.
// It has the methods of net.Conn only, so that no copy goes around Write.
type conn struct {
	net.Conn
	entry *Entry
	ctx   context.Context

	mu    sync.Mutex
	bytes int64
}

// Write commits and writes. If the commit fails it closes the connection.
func (c *conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.entry.Commit(c.ctx); err != nil {
		_ = c.Conn.Close()
		c.entry.End(Aborted, http.StatusSwitchingProtocols, c.bytes)
		return 0, errRefused
	}
	n, err := c.Conn.Write(b)
	c.bytes += int64(n)
	return n, err
}

// Close closes the connection and ends the Entry.
func (c *conn) Close() error {
	err := c.Conn.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entry.End(Completed, http.StatusSwitchingProtocols, c.bytes)
	return err
}
