package coverage

import (
	_ "embed"
	"slices"
	"strings"
)

//go:generate go run ../../internal/cmd/controls

// index is written by internal/cmd/controls from the control lines of this
// library's own source.
//
//go:embed index.json
var index string

// Library returns the index of this library as it was when the release was
// made: what each API that others can use serves, and which tests are tagged.
// A running program passes it to [Document]. It parses embedded text, in a few
// milliseconds, and every call returns a new value.
//
// It counts the whole library, also what a program never imports. A document
// about a service says more with [Index.Called], which keeps only what its
// code uses; the command "safeguard controls" finds that out by type
// information.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func Library() (*Index, error) {
	x, err := ReadIndex(strings.NewReader(index))
	if err != nil {
		return nil, err
	}
	x.APIs = slices.DeleteFunc(x.APIs, func(a API) bool { return a.Internal })
	return x, nil
}
