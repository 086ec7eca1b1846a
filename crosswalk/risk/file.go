package risk

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"

	"github.com/safeguard-sdk/safeguard/crosswalk/internal/strictjson"
)

// Parse reads a register as [Register.WriteJSON] writes it, and validates it.
// It refuses unknown, repeated and differently cased fields, null, text after
// the value, dates that do not exist, citations that name no provision, and
// more than 8 MiB. The error is an *[Error] with line and column.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A), 164.316(b)(1).
func Parse(data []byte) (*Register, error) {
	r := &Register{}
	if err := strictjson.Decode(data, r); err != nil {
		var at *strictjson.Error
		errors.As(err, &at)
		return nil, &Error{Line: at.Line, Column: at.Column, Path: at.Path, Text: at.Text, Err: at.Err}
	}
	if e := r.validate(); e != nil {
		at := strictjson.Locate(data, r, e.Path, e.Text, e.Err)
		e.Line, e.Column = at.Line, at.Column
		return nil, e
	}
	return r, nil
}

// WriteJSON validates the register and writes it as an indented JSON file.
// The same register gives the same bytes. Nothing is written on an error.
func (r *Register) WriteJSON(w io.Writer) error {
	b, err := r.encode()
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

func (r *Register) encode() ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	return indent(r)
}

func indent(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// SHA256 returns the hash of what WriteJSON writes, in hexadecimal, and
// WriteJSON's error.
func (r *Register) SHA256() (string, error) {
	b, err := r.encode()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// Next returns the draft of the following version: everything is carried
// over, and the approval and the reason are not. r itself must be valid and
// final, because a draft is no version that could be preserved.
func (r *Register) Next(date Date) (*Register, error) {
	b, err := r.encode()
	if err != nil {
		return nil, err
	}
	if r.Status != Final {
		return nil, fault("status", "only a final register has a next version")
	}
	next, err := Parse(b)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	next.Preceding = &Preceding{Version: r.Version, Date: r.Date, SHA256: hex.EncodeToString(sum[:])}
	next.Version++
	next.Date = date
	next.Status, next.Reason, next.ApprovedBy = Draft, "", ""
	next.ApprovedOn, next.ReviewBy = Date{}, Date{}
	return next, next.Validate()
}

// Follows reports whether r is the version after before, with its hash. The
// error says what does not fit.
func (r *Register) Follows(before *Register) error {
	sum, err := before.SHA256()
	if err != nil {
		return err
	}
	switch p := r.Preceding; {
	case p == nil:
		return fault("preceding", "the register names no preceding version")
	case before.Organisation != r.Organisation:
		return fault("organisation", "the two registers are of different organisations")
	case p.Version != before.Version || p.Date != before.Date:
		return fault("preceding", "another version or date than that of the register given")
	case p.SHA256 != sum:
		return fault("preceding.sha256", "the preceding register was altered, or is another one")
	}
	return nil
}
