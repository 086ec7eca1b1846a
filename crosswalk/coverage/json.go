package coverage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrIndex reports an index or a document input that is malformed, or that
// names what the tables do not have.
//
// Controls: none, an error about the input.
var ErrIndex = errors.New("coverage: index: not valid")

// maxIndex bounds the JSON form of an Index, in bytes.
const maxIndex = 16 << 20

// WriteJSON writes the index as JSON, one entry a line and without line
// numbers, so that it changes only where the tags do. The same index gives
// the same bytes.
func (x *Index) WriteJSON(w io.Writer) error {
	var b bytes.Buffer
	module, err := json.Marshal(x.Module)
	if err != nil {
		return fmt.Errorf("coverage: index: %w", err)
	}
	fmt.Fprintf(&b, "{\"module\":%s,\n\"apis\":[", module)
	if err := writeRows(&b, x.APIs); err != nil {
		return err
	}
	b.WriteString("],\n\"tests\":[")
	if err := writeRows(&b, x.Tests); err != nil {
		return err
	}
	b.WriteString("]}\n")
	_, err = w.Write(b.Bytes())
	return err
}

func writeRows[T any](b *bytes.Buffer, rows []T) error {
	for i := range rows {
		row, err := json.Marshal(rows[i])
		if err != nil {
			return fmt.Errorf("coverage: index: %w", err)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		b.Write(row)
	}
	return nil
}

// ReadIndex reads what [Index.WriteJSON] wrote. It refuses unknown fields,
// more than 16 MiB, anything after the value, and tags that [ParseTag] would
// refuse, with an error that wraps ErrIndex.
//
// Controls: HIPAA 164.316(b)(1).
func ReadIndex(r io.Reader) (*Index, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxIndex+1))
	if err != nil {
		return nil, fmt.Errorf("coverage: index: %w", err)
	}
	if len(b) > maxIndex {
		return nil, fmt.Errorf("coverage: index: larger than %d bytes: %w", maxIndex, ErrIndex)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	x := &Index{}
	if err := d.Decode(x); err != nil {
		return nil, fmt.Errorf("coverage: index: %w", errors.Join(ErrIndex, err))
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("coverage: index: text after the value: %w", ErrIndex)
	}
	if err := x.validate(); err != nil {
		return nil, err
	}
	return x, nil
}

// validate checks every tag by writing it out and parsing it again.
func (x *Index) validate() error {
	for _, a := range x.APIs {
		if a.Tag.IsZero() {
			continue
		}
		if err := validTag(a.Name(), a.Tag); err != nil {
			return err
		}
	}
	for _, t := range x.Tests {
		if err := validTag(t.Package+"."+t.Name, t.Tag); err != nil {
			return err
		}
	}
	return nil
}

func validTag(name string, t Tag) error {
	got, err := ParseTag(t.String())
	if err != nil {
		return fmt.Errorf("coverage: index: %s: %w", show(name), errors.Join(ErrIndex, err))
	}
	if !got.Equal(t) {
		return fmt.Errorf("coverage: index: %s: tag contradicts itself: %w", show(name), ErrIndex)
	}
	return nil
}
