package query

import (
	"bytes"
	"fmt"
	"log/slog"
)

// An IndexKey authenticates index files. It does not print. It opens no data,
// but its holder can write an index that leaves records out: keep it from those
// who can write the files.
//
// Controls: HIPAA 164.312(c)(1), 164.312(b); NIST CSF 2.0 PR.DS-01, PR.PS-04.
type IndexKey []byte

// Format writes a redaction under every verb.
func (IndexKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[index key]") }

// LogValue returns a redaction for log/slog.
func (IndexKey) LogValue() slog.Value { return slog.StringValue("[index key]") }

// MarshalJSON returns a redaction.
func (IndexKey) MarshalJSON() ([]byte, error) { return []byte(`"[index key]"`), nil }

// sound reports whether k is long enough and not all zeros.
func (k IndexKey) sound() bool {
	return len(k) >= minIndexKey && bytes.Count(k, []byte{0}) < len(k)
}
