package query

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// maxCursor bounds the text of a cursor: 20 digits for each of some 3,000
// ledgers.
const maxCursor = 64 << 10

// cursorName tells the cursors of one set of ledgers from those of another.
func (l *Log) cursorName() string {
	h := sha256.New()
	for _, s := range l.shards {
		fmt.Fprintf(h, "%d:%s", len(s.Name), s.Name)
	}
	return "c1-" + hex.EncodeToString(h.Sum(nil)[:6])
}

// cursor writes where the next page starts in each ledger.
func (l *Log) cursor(next []uint64) string {
	b := []byte(l.cursorName())
	for _, n := range next {
		b = strconv.AppendUint(append(b, '.'), n, 10)
	}
	return string(b)
}

// parseCursor reads a cursor in its one spelling. No text is the start.
func (l *Log) parseCursor(text string) ([]uint64, error) {
	next := make([]uint64, len(l.shards))
	if text == "" {
		return next, nil
	}
	if len(text) > maxCursor {
		return nil, fmt.Errorf("%w: After is too long", ErrQuestion)
	}
	parts := strings.Split(text, ".")
	if len(parts) != len(next)+1 || parts[0] != l.cursorName() {
		return nil, fmt.Errorf("%w: After is of other ledgers", ErrQuestion)
	}
	for i, part := range parts[1:] {
		n, err := strconv.ParseUint(part, 10, 64)
		if err != nil || strconv.FormatUint(n, 10) != part {
			return nil, fmt.Errorf("%w: After is malformed", ErrQuestion)
		}
		next[i] = n
	}
	return next, nil
}
