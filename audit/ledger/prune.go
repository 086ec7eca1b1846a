package ledger

import (
	"context"
	"errors"
)

// A Pruned says what a pruning removed.
//
// Controls: HIPAA 164.312(b), 164.316(b)(2)(i).
type Pruned struct {
	// From and Floor are the first record that was there before and the first
	// that is there now.
	From, Floor uint64
	// Segments are the files that were removed, in order.
	Segments []string
	// Record is the index of the record that accounts for it.
	Record uint64
}

// Prune removes the whole sealed segments that lie before record keepFrom.
func (l *Ledger) Prune(ctx context.Context, keepFrom uint64, record []byte) (Pruned, error) {
	return Pruned{}, errors.ErrUnsupported
}
