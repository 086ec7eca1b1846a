package gap

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"

	"github.com/safeguard-sdk/safeguard/crosswalk/internal/strictjson"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// Parse reads an assessment as [Assessment.WriteJSON] writes it, and validates
// it. It refuses unknown, repeated and differently cased fields, null, text
// after the value, dates that do not exist, citations that name no provision,
// decisions without a rationale, and more than 8 MiB. The error is an *[Error]
// with line and column.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 ID.IM-03.
func Parse(data []byte) (*Assessment, error) {
	a := &Assessment{}
	if err := strictjson.Decode(data, a); err != nil {
		return nil, parsed(err)
	}
	if e := a.validate(); e != nil {
		at := strictjson.Locate(data, a, e.Path, e.Text, e.Err)
		e.Line, e.Column = at.Line, at.Column
		return nil, e
	}
	return a, nil
}

// WriteJSON validates the assessment and writes it as an indented JSON file.
// The same assessment gives the same bytes. Nothing is written on an error.
func (a *Assessment) WriteJSON(w io.Writer) error {
	b, err := a.encode()
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

func (a *Assessment) encode() ([]byte, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	return indent(a)
}

func indent(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// SHA256 returns the hash of what WriteJSON writes, in hexadecimal, and
// WriteJSON's error.
func (a *Assessment) SHA256() (string, error) {
	b, err := a.encode()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// Next returns the draft of the following version. Results are carried over
// with the day on which they were found, and so are decisions, open gaps, and
// triggers that no review has looked at. The approval, the reason, reviews and
// closed gaps stay in a, which must be valid and final.
func (a *Assessment) Next(date risk.Date) (*Assessment, error) {
	b, err := a.encode()
	if err != nil {
		return nil, err
	}
	if a.Status != risk.Final {
		return nil, fault("status", "only a final assessment has a next version")
	}
	next, err := Parse(b)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	next.Preceding = &risk.Preceding{Version: a.Version, Date: a.Date, SHA256: hex.EncodeToString(sum[:])}
	next.Version++
	next.Date = date
	next.Status, next.Reason, next.ApprovedBy, next.ApprovedOn = risk.Draft, "", "", risk.Date{}
	next.Gaps = slices.DeleteFunc(next.Gaps, func(g Gap) bool { return !g.Open() })
	reviewed := a.reviewed()
	next.Triggers = slices.DeleteFunc(next.Triggers, func(t Trigger) bool { return reviewed[t.ID] })
	next.Reviews = nil
	return next, next.Validate()
}

// Follows reports whether a is the version after before, with its hash. The
// error says what does not fit.
func (a *Assessment) Follows(before *Assessment) error {
	sum, err := before.SHA256()
	if err != nil {
		return err
	}
	switch p := a.Preceding; {
	case p == nil:
		return fault("preceding", "the assessment names no preceding version")
	case before.Organisation != a.Organisation:
		return fault("organisation", "the two assessments are of different organisations")
	case p.Version != before.Version || p.Date != before.Date:
		return fault("preceding", "another version or date than that of the assessment given")
	case p.SHA256 != sum:
		return fault("preceding.sha256", "the preceding assessment was altered, or is another one")
	}
	return nil
}
