package workforce

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of a list.
//
// Controls: none, sizes.
const (
	MaxListBytes = 64 << 20
	MaxListRows  = 500_000
)

// ErrList reports a list that cannot be used. Its text says which row, and
// repeats nothing of it.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-01.
var ErrList = errors.New("workforce: the list cannot be used")

// A Listed is one row of the list of an HR system or an identity provider.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01.
type Listed struct {
	Account string
	// Active is false for somebody who has left.
	Active bool
	// Manager may be empty.
	Manager string
	// End is the last day of work, the zero time if none is known.
	End time.Time
}

// columns of a list; the last two may be left out.
var columns = []string{"account", "status", "manager", "end"}

// ReadCSV reads a list as CSV (RFC 4180): a row of names, then one row an
// account. The columns are "account" and "status", and may be "manager" and
// "end", in any order; another one, one that is there twice and an account that
// is there twice are errors, as is a list without accounts. Status is "active"
// or "leave", which count as active, or "ended", "terminated" or "inactive", in
// any case. End is a date, YYYY-MM-DD. The error unwraps to [ErrList].
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(c)(1); NIST CSF 2.0 PR.AA-01, PR.DS-01.
func ReadCSV(r io.Reader) ([]Listed, error) {
	src, err := readList(r)
	if err != nil {
		return nil, err
	}
	in := csv.NewReader(bytes.NewReader(src))
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("%w: it has no row of names", ErrList)
	}
	places := make([]int, len(header))
	seen := map[string]bool{}
	for i, name := range header {
		places[i] = slices.Index(columns, strings.ToLower(strings.TrimSpace(name)))
		if places[i] < 0 || seen[columns[places[i]]] {
			return nil, fmt.Errorf("%w: a column is unknown or there twice", ErrList)
		}
		seen[columns[places[i]]] = true
	}
	if !seen["account"] || !seen["status"] {
		return nil, fmt.Errorf("%w: a column is missing", ErrList)
	}
	l := lister{accounts: map[string]bool{}}
	for row := 2; ; row++ {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return l.done()
		}
		if err != nil {
			return nil, fmt.Errorf("%w: row %d is no row of the table", ErrList, row)
		}
		var cells [4]string
		for i, text := range record {
			cells[places[i]] = text
		}
		if err := l.add(row, cells); err != nil {
			return nil, err
		}
	}
}

// ReadJSON reads a list as one JSON array of objects with the members of
// [ReadCSV], and by its rules. Names of members are in lower case.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(c)(1); NIST CSF 2.0 PR.AA-01, PR.DS-01.
func ReadJSON(r io.Reader) ([]Listed, error) {
	src, err := readList(r)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(src))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return nil, fmt.Errorf("%w: it is no JSON array", ErrList)
	}
	l := lister{accounts: map[string]bool{}}
	for row := 1; d.More(); row++ {
		cells, err := member(d)
		if err != nil {
			return nil, fmt.Errorf("%w: row %d is no object of texts with the names of a list", ErrList, row)
		}
		if err := l.add(row, cells); err != nil {
			return nil, err
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("%w: it is no JSON array", ErrList)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows the JSON array", ErrList)
	}
	return l.done()
}

// member reads one object of texts.
func member(d *json.Decoder) (cells [4]string, err error) {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return cells, ErrList
	}
	var seen [4]bool
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return cells, err
		}
		text, isText := name.(string)
		i := slices.Index(columns, text)
		if !isText || i < 0 || seen[i] {
			return cells, ErrList
		}
		seen[i] = true
		value, err := d.Token()
		if err != nil {
			return cells, err
		}
		if cells[i], isText = value.(string); !isText {
			return cells, ErrList
		}
	}
	_, err = d.Token()
	return cells, err
}

// readList reads a bounded text. A byte order mark is passed over.
func readList(r io.Reader) ([]byte, error) {
	src, err := io.ReadAll(io.LimitReader(r, MaxListBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("workforce: list: %w", err)
	case len(src) > MaxListBytes:
		return nil, fmt.Errorf("%w: it is too large", ErrList)
	case !utf8.Valid(src):
		return nil, fmt.Errorf("%w: it is not UTF-8", ErrList)
	}
	return bytes.TrimPrefix(src, []byte("\ufeff")), nil
}

// lister collects rows.
type lister struct {
	list     []Listed
	accounts map[string]bool
}

func (l *lister) add(row int, cells [4]string) error {
	account, status, manager, end := cells[0], strings.ToLower(strings.TrimSpace(cells[1])), cells[2], strings.TrimSpace(cells[3])
	e := Listed{Account: account, Manager: manager}
	bad := func(what string) error { return fmt.Errorf("%w: row %d: %s", ErrList, row, what) }
	switch {
	case !text(account, MaxName) || strings.TrimSpace(account) != account:
		return bad("the account is missing or no text without space around it")
	case l.accounts[account]:
		return bad("the account is there twice")
	case manager != "" && !text(manager, MaxName):
		return bad("the manager is no text")
	case len(l.list) >= MaxListRows:
		return bad("there are too many")
	}
	switch status {
	case "active", "leave":
		e.Active = true
	case "ended", "terminated", "inactive":
	default:
		return bad("the status is unknown")
	}
	if end != "" {
		var err error
		if e.End, err = time.Parse(time.DateOnly, end); err != nil {
			return bad("the end is no date")
		}
	}
	l.accounts[account] = true
	l.list = append(l.list, e)
	return nil
}

func (l *lister) done() ([]Listed, error) {
	if len(l.list) == 0 {
		return nil, fmt.Errorf("%w: it has no account", ErrList)
	}
	return l.list, nil
}
