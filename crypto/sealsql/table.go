package sealsql

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Table describes the sealed columns of one table, so that package rekey can
// renew them: which columns, and which crypto.Ref the program seals each with.
// [ParseTable] reads it from JSON:
//
//	{
//	  "table":   "patient",
//	  "key":     ["id"],
//	  "tenant":  {"value": "clinic"},
//	  "subject": {"column": "id"},
//	  "columns": [{"column": "name"}, {"column": "mrn", "logical": "record_number"}]
//	}
//
// Names are those of the database, letter for letter. Logical names, which are
// Table and Column of the Ref, are the same unless they are given. It is plain
// data.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Table struct {
	// Table is the table, perhaps with a schema in front: "clinic.patient".
	Table string `json:"table"`
	// Logical is Ref.Table; empty is Table.
	Logical string `json:"logical,omitempty"`
	// Key are the columns of a unique key that never changes, is never NULL and
	// is not used again for another row: in SQLite an INTEGER PRIMARY KEY needs
	// AUTOINCREMENT for that. They hold integers, text, UUIDs or bytes.
	Key []string `json:"key"`
	// Row are the columns of which Ref.Row is made, by [RowName]; empty is
	// Key.
	Row     []string `json:"row,omitempty"`
	Tenant  Tenant   `json:"tenant"`
	Subject Owner    `json:"subject"`
	Columns []Column `json:"columns"`
}

// A Tenant says whose rows they are: one tenant's, or that of a column.
// Exactly one of the two is set.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Tenant struct {
	Value  string `json:"value,omitempty"`
	Column string `json:"column,omitempty"`
}

// An Owner says who the subject of a row is: the patient of a column, or
// expressly nobody. Exactly one of the two is set.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type Owner struct {
	Column string `json:"column,omitempty"`
	None   bool   `json:"none,omitempty"`
}

// A Column is a sealed column, of a binary type: of crypto.Sealed, of
// crypto.SealedRow, or of headers of blobs that are stored apart from their
// segments. Logical is Ref.Column; empty is Column.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Column struct {
	Column  string `json:"column"`
	Logical string `json:"logical,omitempty"`
}

// ParseTable reads a Table from JSON, strictly: unknown and repeated keys, and
// anything after the object, are errors, as is what [Table.Validate] refuses.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func ParseTable(data []byte) (*Table, error) {
	t := new(Table)
	if err := strict(data, t); err != nil {
		return nil, err
	}
	if err := t.Validate(); err != nil {
		return nil, err
	}
	return t, nil
}

// Validate returns nil if the description is whole and names nothing twice.
func (t *Table) Validate() error {
	if _, err := Postgres.table(t.Table); err != nil {
		return err
	}
	switch {
	case len(t.Key) == 0:
		return errors.New("sealsql: table: no key")
	case len(t.Columns) == 0:
		return errors.New("sealsql: table: no columns")
	case (t.Tenant.Value == "") == (t.Tenant.Column == ""):
		return errors.New("sealsql: table: tenant must have a value or a column")
	case (t.Subject.Column == "") == !t.Subject.None:
		return errors.New("sealsql: table: subject must have a column or be none")
	}
	if err := distinct("key", t.Key); err != nil {
		return err
	}
	if err := distinct("row", t.Row); err != nil {
		return err
	}
	if err := t.validateColumns(); err != nil {
		return err
	}
	for _, name := range []string{t.Tenant.Column, t.Subject.Column} {
		if err := check(name); name != "" && err != nil {
			return err
		}
	}
	return nil
}

func (t *Table) validateColumns() error {
	var physical, logical []string
	for _, c := range t.Columns {
		physical = append(physical, c.Column)
		logical = append(logical, c.logical())
	}
	if err := distinct("columns", physical); err != nil {
		return err
	}
	slices.Sort(logical)
	if len(slices.Compact(logical)) != len(physical) {
		return errors.New("sealsql: table: two columns have one logical name")
	}
	for _, name := range slices.Concat(t.Key, t.Row, []string{t.Tenant.Column, t.Subject.Column}) {
		if contains(physical, name) {
			return fmt.Errorf("sealsql: table: column %q is sealed, and so no key, row, tenant or subject", name)
		}
	}
	return nil
}

// distinct checks names of columns that must each be there once.
func distinct(what string, names []string) error {
	for i, name := range names {
		if err := check(name); err != nil {
			return err
		}
		if contains(names[:i], name) {
			return fmt.Errorf("sealsql: table: %s names %q twice", what, name)
		}
	}
	return nil
}

// contains reports whether name is one of names, in any case: SQLite has no
// other columns that differ in case alone, and nobody should.
func contains(names []string, name string) bool {
	return slices.ContainsFunc(names, func(other string) bool { return strings.EqualFold(other, name) })
}

func (c Column) logical() string {
	if c.Logical != "" {
		return c.Logical
	}
	return c.Column
}

// clone returns a copy that shares nothing with t.
func (t *Table) clone() *Table {
	c := *t
	c.Key, c.Row, c.Columns = slices.Clone(t.Key), slices.Clone(t.Row), slices.Clone(t.Columns)
	return &c
}

func (t *Table) logical() string {
	if t.Logical != "" {
		return t.Logical
	}
	return t.Table
}

func (t *Table) row() []string {
	if len(t.Row) != 0 {
		return t.Row
	}
	return t.Key
}

// RowName returns the Ref.Row of a row with the given values, in the order of
// Table.Row, as text: integers in decimal, bytes in lower-case hexadecimal,
// all else as the database writes it, so UUIDs in lower case. One value stands
// as it is; of several, each has its length in bytes and a colon in front, so
// that no two rows have one name:
//
//	RowName("17")        17
//	RowName("a", "1:b")  1:a3:1:b
//
// Programs with keys of several columns seal with the Row that it returns.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func RowName(values ...string) string {
	if len(values) == 1 {
		return values[0]
	}
	var name strings.Builder
	for _, v := range values {
		name.WriteString(strconv.Itoa(len(v)) + ":" + v)
	}
	return name.String()
}

// Indexes returns the statements that make what [Source] needs to find stale
// rows without a scan: for each sealed column an index on its first five
// bytes. Without them everything works, slowly. PostgreSQL locks the table for
// writing while it makes one; write CONCURRENTLY behind INDEX to avoid that.
func (t *Table) Indexes(d Dialect) ([]string, error) {
	q, err := newTableQueries(t, d)
	if err != nil {
		return nil, err
	}
	var all []string
	for i, c := range t.Columns {
		parts := append([]string{"(" + q.prefixes[i] + ")"}, q.key...)
		if q.tenant != "" {
			parts = append([]string{q.tenant}, parts...)
		}
		all = append(all, d.index(t.Table, c.Column, strings.Join(parts, ", ")))
	}
	return all, nil
}
