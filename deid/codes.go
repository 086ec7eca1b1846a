package deid

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
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
	// The table lies behind a pointer that reflection cannot follow, because a
	// printer that meets a Codes by value, in another struct, sees its fields
	// and not its methods.
	p atomic.Pointer[codeTable]
}

// codeTable is the content of a Codes.
type codeTable struct {
	mu    sync.RWMutex
	codes map[string]string
	back  map[string]string
	limit int
}

// table returns the table and makes it if there is none.
func (c *Codes) table() *codeTable {
	if t := c.p.Load(); t != nil {
		return t
	}
	c.p.CompareAndSwap(nil, &codeTable{codes: map[string]string{}, back: map[string]string{}, limit: maxCodes})
	return c.p.Load()
}

// Len returns how many codes the table holds.
func (c *Codes) Len() int {
	t := c.table()
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.codes)
}

// Reveal returns what a code stands for, which is PHI, and false for a code
// that is not in the table. References of FHIR come back in the form
// "Patient/123" or "urn:uuid:…", ids of Go structs as they were.
func (c *Codes) Reveal(code string) (string, bool) {
	t := c.table()
	t.mu.RLock()
	defer t.mu.RUnlock()
	key, ok := t.back[code]
	return key, ok
}

// code returns the code for key and makes one if there is none.
func (c *Codes) code(key string) (string, error) {
	t := c.table()
	t.mu.Lock()
	defer t.mu.Unlock()
	if code, ok := t.codes[key]; ok {
		return code, nil
	}
	if len(t.codes) >= t.limit {
		return "", ErrCodes
	}
	code := newCode()
	t.codes[key], t.back[code] = code, key
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
