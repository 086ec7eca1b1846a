package coverage

import (
	_ "embed"
	"strings"
)

//go:generate go run ../../internal/cmd/controls

// index is written by internal/cmd/controls from the control lines of this
// library's own source.
//
//go:embed index.json
var index string

// Library returns the index of this library as it was when the release was
// made: what each exported API serves and which tests are tagged. A running
// program passes it to [Document]. It parses embedded text, in a few
// milliseconds, and every call returns a new value.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func Library() (*Index, error) { return ReadIndex(strings.NewReader(index)) }
