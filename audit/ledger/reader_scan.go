package ledger

import (
	"context"
	"io"
)

// Scan calls visit for the records of one segment from index from on, in order
// and without copies: Record.Data is valid during the call only. It checks all
// checksums that it passes, and stops at the first error of visit, which it
// returns as it is. s is one that Segments returned; a [*DamageError] says that
// it does not have the records that it had or, if it is sealed, must have.
func (r *Reader) Scan(ctx context.Context, s Segment, from uint64, visit func(Record) error) error {
	seg, err := openSegment(aheadFS{r.fsys}, s.Name)
	if err != nil {
		return wrap("scan", err)
	}
	defer seg.close()
	r.marks.seek(seg, from)
	for seg.next < s.End {
		if err := ctx.Err(); err != nil {
			return wrap("scan", err)
		}
		at := seg.offset
		h, body, err := seg.batch()
		if err == io.EOF {
			return seg.damage(0, 0, "the segment ends before its last record")
		}
		if err != nil {
			return wrap("scan", err)
		}
		r.marks.pass(seg)
		if seg.next <= from {
			continue
		}
		if err := scanBatch(s, h, at+batchHeaderSize, body, from, visit); err != nil {
			return err
		}
	}
	return nil
}

// scanBatch visits the records of a checked batch.
func scanBatch(s Segment, h batchHeader, offset int64, body []byte, from uint64, visit func(Record) error) error {
	for index := h.first; len(body) > 0 && index < s.End; index++ {
		prefixed, rest := splitFrame(body)
		if index >= from {
			if err := visit(Record{index, prefixed[1:], s.Name, offset}); err != nil {
				return err
			}
		}
		offset += int64(len(body) - len(rest))
		body = rest
	}
	return nil
}
