package deid

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// maxCodes bounds the table of one Codes.
const maxCodes = 1 << 24

// Codes is the table of one run: which random code stands for which record
// id or reference. A code is 122 random bits in the form of a UUID; it is not
// derived from or related to information about the individual, as 45 CFR
// 164.514(c)(1) asks of a code that may stay in the data. Hashes, keyed
// hashes and shifted dates are derived, so this package has none of them.
//
// Whoever holds the table can re-identify what was coded with it: it is PHI,
// belongs to the covered entity, and must not travel with the data or serve
// any other purpose (164.514(c)(2)). It lives in memory only, prints as a
// redaction, and is gone when it is dropped. The zero value is an empty
// table, ready and safe for concurrent use. It must not be copied.
//
// Controls: HIPAA 164.514(c).
type Codes struct {
	mu    sync.RWMutex
	codes map[string]string
	back  map[string]string
	limit int // 0 stands for maxCodes
}

// Len returns how many codes the table holds.
func (c *Codes) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.codes)
}

// Reveal returns what a code stands for, which is PHI, and false for a code
// that is not in the table. References of FHIR come back in the form
// "Patient/123" or "urn:uuid:…", ids of Go structs as they were.
func (c *Codes) Reveal(code string) (string, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	key, ok := c.back[code]
	return key, ok
}

// code returns the code for key and makes one if there is none.
func (c *Codes) code(key string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if code, ok := c.codes[key]; ok {
		return code, nil
	}
	limit := c.limit
	if limit == 0 {
		limit = maxCodes
	}
	if len(c.codes) >= limit {
		return "", ErrCodes
	}
	if c.codes == nil {
		c.codes, c.back = map[string]string{}, map[string]string{}
	}
	code := newCode()
	c.codes[key], c.back[code] = code, key
	return code, nil
}

// newCode returns a random UUID (RFC 9562, version 4).
func newCode() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// hidden is what a table shows wherever it is printed.
const hidden = "[codes]"

// Format writes a redaction under every verb.
func (c *Codes) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalJSON returns a redaction.
func (c *Codes) MarshalJSON() ([]byte, error) { return json.Marshal(hidden) }
