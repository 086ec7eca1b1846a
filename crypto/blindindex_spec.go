package crypto

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

// An IndexedTable declares the blind indexes of one table.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type IndexedTable struct {
	// Table is the logical name, as in a Ref.
	Table string
	// Rows is the fewest rows that the table has while it is searched, at least
	// MinIndexRows; more make every width safer. It is checked, and no part of
	// the index.
	//
	// A service that starts empty declares what it will have when it counts,
	// after a year for instance: until then the tokens tell more than the plan
	// says, for the first rows nearly as much as those of UnsafeFullWidth do.
	// Declare fewer and the widths are smaller, until the index is filled anew,
	// and searches find more. With
	// nothing but unique identifiers under UnsafeFullWidth, MinIndexRows will do.
	Rows uint64
	// Indexes are at least one.
	Indexes []IndexSpec
}

// An IndexSpec declares one blind index. Name, Parts and Bits are part of the
// derivation of its key: with another of them it is another index, to be
// filled anew ([BlindIndex.Backfill]).
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type IndexSpec struct {
	// Name is 1 to 64 lower-case letters, digits, '_', '.' and '-', a letter
	// first, as in the phi tag's index=.
	Name string
	// Parts are the columns that it is over: one, or several of a compound
	// index, which finds the rows where all of them match.
	Parts []IndexPart
	// Distinct is how many different values the rows have after the
	// transforms, at least MinIndexDistinct. It is checked, and no part of the
	// index.
	Distinct uint64
	// Bits is the width of a token; [PlanIndexes] gives it.
	Bits int
	// UnsafeFullWidth makes tokens of 128 bits instead, so that equal tokens
	// are equal values: who reads them sees which rows are equal, how often each
	// value occurs, and with one known row all like it. Bits is then 0.
	//
	// That is right for identifiers that are unique in the table, such as a
	// medical record number: no two rows are equal, so that equal tokens tell
	// nothing that the number of rows does not, and a search finds one row and
	// no false positive. What is left is that who can write rows, or make the
	// service search, can test a guess. It is wrong for a column in which values
	// repeat (a name, a date of birth, the last four digits of anything), and
	// for a table in which a patient has several rows.
	UnsafeFullWidth bool
}

// An IndexPart is one column of an index.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type IndexPart struct {
	// Column is the logical name, as in a Ref.
	Column string
	// Kind is the kind of the column's phi tag, "ssn" for instance; [Rows] lists
	// them. Empty is not checked. Kinds over which an index is senseless or shows too much are
	// refused: text, clinical, photo, biometric, state and age.
	Kind string
	// Transforms apply in this order.
	Transforms []Transform
}

// maxParts and maxTransforms bound a declaration.
const maxParts, maxTransforms = 8, 8

// validate checks the declaration without its widths.
func (t *IndexedTable) validate() error {
	if t.Table == "" || len(t.Table) > maxPart {
		return errors.New("crypto: index: Table must be 1 to 1024 bytes")
	}
	if len(t.Indexes) == 0 {
		return errors.New("crypto: index: no indexes")
	}
	seen := make(map[string]bool, len(t.Indexes))
	for i := range t.Indexes {
		x := &t.Indexes[i]
		if seen[x.Name] {
			return fmt.Errorf("crypto: index: %s: declared twice", x.Name)
		}
		seen[x.Name] = true
		if err := x.validate(); err != nil {
			return err
		}
	}
	return nil
}

func (x *IndexSpec) validate() error {
	if _, err := phitag.Parse("mrn,index=" + x.Name); err != nil {
		return errors.New("crypto: index: Name must be lower-case letters, digits, '_', '.' and '-', a letter first")
	}
	if len(x.Parts) == 0 || len(x.Parts) > maxParts {
		return fmt.Errorf("crypto: index: %s: Parts must be 1 to %d", x.Name, maxParts)
	}
	for i := range x.Parts {
		if err := x.Parts[i].validate(); err != nil {
			return fmt.Errorf("crypto: index: %s: %w", x.Name, err)
		}
	}
	if x.UnsafeFullWidth && x.Bits != 0 {
		return fmt.Errorf("crypto: index: %s: Bits must be 0 with UnsafeFullWidth", x.Name)
	}
	return nil
}

func (p *IndexPart) validate() error {
	if p.Column == "" || len(p.Column) > maxPart {
		return errors.New("a Column must be 1 to 1024 bytes")
	}
	if len(p.Transforms) > maxTransforms {
		return fmt.Errorf("at most %d Transforms a part", maxTransforms)
	}
	if slices.ContainsFunc(p.Transforms, func(t Transform) bool { return !t.valid() }) {
		return errors.New("unknown transform")
	}
	if p.Kind == "" {
		return nil
	}
	kind, ok := phitag.ParseKind(p.Kind)
	if !ok {
		return fmt.Errorf("unknown kind %.32q; Rows lists them", p.Kind)
	}
	if _, err := phitag.Parse(p.Kind + ",index=x"); err != nil || kind == phitag.State || kind == phitag.Age {
		return fmt.Errorf("%w: kind %s takes no index", ErrIndexWidth, kind)
	}
	return nil
}

// safe checks what the indexes of each column tell together.
func (t *IndexedTable) safe() error {
	for i := range t.Indexes {
		x := &t.Indexes[i]
		if err := possible(t.Rows, t.Indexes[i:i+1]); err != nil {
			return fmt.Errorf("%w (index %s)", err, x.Name)
		}
		if x.Bits == 0 && !x.UnsafeFullWidth {
			return t.suggest(x)
		}
		if x.Bits < 0 || x.Bits > fullWidth {
			return fmt.Errorf("%w: Bits must be 1 to %d (index %s)", ErrIndexWidth, fullWidth, x.Name)
		}
	}
	for column, specs := range t.columns() {
		if err := safeWidths(t.Rows, specs); err != nil {
			return fmt.Errorf("%w (column %s)", err, column)
		}
	}
	return nil
}

// columns returns the indexes that count in each column. Those of
// UnsafeFullWidth do not: they tell everything.
func (t *IndexedTable) columns() map[string][]IndexSpec {
	columns := make(map[string][]IndexSpec)
	for _, x := range t.Indexes {
		if x.UnsafeFullWidth {
			continue
		}
		for _, p := range slices.CompactFunc(sortedParts(x.Parts), sameColumn) {
			columns[p.Column] = append(columns[p.Column], x)
		}
	}
	return columns
}

func sortedParts(parts []IndexPart) []IndexPart {
	return slices.SortedFunc(slices.Values(parts), func(a, b IndexPart) int { return cmp.Compare(a.Column, b.Column) })
}

func sameColumn(a, b IndexPart) bool { return a.Column == b.Column }

// suggest returns the error of an index without a width, with one that fits.
func (t *IndexedTable) suggest(x *IndexSpec) error {
	specs := slices.Clone(t.columns()[x.Parts[0].Column])
	i := slices.IndexFunc(specs, func(o IndexSpec) bool { return o.Name == x.Name })
	shareBits(t.Rows, specs)
	if err := safeWidths(t.Rows, specs); err != nil {
		return fmt.Errorf("%w (index %s)", err, x.Name)
	}
	return fmt.Errorf("%w: Bits is not set; %d fit (index %s)", ErrIndexWidth, specs[i].Bits, x.Name)
}

// info returns what the key of an index is derived for, in an injective
// encoding: purpose, tenant, table, name, width, and each part with the names
// of its transforms.
func (x *IndexSpec) info(tenant, table string) []byte {
	info := appendPart([]byte{aadVersion, purposeSearch}, tenant)
	info = appendPart(info, table)
	info = appendPart(info, x.Name)
	info = binary.BigEndian.AppendUint16(info, uint16(x.width()))
	info = append(info, byte(len(x.Parts)))
	for _, p := range x.Parts {
		info = appendPart(info, p.Column)
		info = append(info, byte(len(p.Transforms)))
		for _, t := range p.Transforms {
			info = appendPart(info, t.String())
		}
	}
	return info
}

// width returns the width of a token in bits.
func (x *IndexSpec) width() int {
	if x.UnsafeFullWidth {
		return fullWidth
	}
	return x.Bits
}

// id names the index in a TokenStore: another derivation, another name.
func (x *IndexSpec) id(table string) string {
	sum := sha256.Sum256(x.info("", table))
	return table + "." + x.Name + "#" + hex.EncodeToString(sum[:4])
}
