package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Table is the reviewed file.
type Table struct {
	// Go is the release that the sizes were recorded with.
	Go string
	// Rows are the probes in the order of the file.
	Rows []Row

	notes []string
}

// A Row is what one probe may weigh.
type Row struct {
	// Probe is the directory below probes.
	Probe string
	// Recorded is the size when the table was last updated, in bytes; zero if
	// it never was.
	Recorded int64
	// Max is the most the program may weigh, in bytes.
	Max int64
	// Over names another probe, and MaxOver the most that this one may weigh
	// more than that, in bytes. Empty and zero if there is no such limit.
	Over    string
	MaxOver int64
	// Modules are the foreign modules that the program may link; "/..." at the
	// end of a name covers everything below it.
	Modules []string
}

const goNote = "# go: "

// maxTable bounds the file, in bytes.
const maxTable = 1 << 16

// ParseTable reads the tab-separated table: probe, recorded bytes, limit in
// bytes, probe to compare with, limit over that in bytes, modules separated by
// spaces. "-" stands for an empty field. Lines that begin with # are kept as
// they are.
func ParseTable(src []byte) (*Table, error) {
	if len(src) > maxTable {
		return nil, fmt.Errorf("weight: table: over %d bytes", maxTable)
	}
	t := &Table{}
	for i, line := range strings.Split(strings.TrimRight(string(src), "\n"), "\n") {
		if release, ok := strings.CutPrefix(line, goNote); ok {
			t.Go = release
			continue
		}
		if strings.HasPrefix(line, "#") {
			t.notes = append(t.notes, line)
			continue
		}
		row, err := parseRow(line)
		if err != nil {
			return nil, fmt.Errorf("weight: table: line %d: %w", i+1, err)
		}
		if _, ok := t.row(row.Probe); ok {
			return nil, fmt.Errorf("weight: table: line %d: probe %q twice", i+1, row.Probe)
		}
		if _, ok := t.row(row.Over); !ok && row.Over != "" {
			return nil, fmt.Errorf("weight: table: line %d: no probe %q above", i+1, row.Over)
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) == 0 {
		return nil, errors.New("weight: table: no row")
	}
	return t, nil
}

func (t *Table) row(probe string) (Row, bool) {
	for _, r := range t.Rows {
		if r.Probe == probe {
			return r, true
		}
	}
	return Row{}, false
}

func parseRow(line string) (Row, error) {
	f := strings.Split(line, "\t")
	if len(f) != 6 {
		return Row{}, fmt.Errorf("%d fields, want 6", len(f))
	}
	recorded, err1 := parseBytes(f[1])
	limit, err2 := parseBytes(f[2])
	over, err3 := parseBytes(f[4])
	row := Row{Probe: f[0], Recorded: recorded, Max: limit, Over: empty(f[3]), MaxOver: over, Modules: strings.Fields(empty(f[5]))}
	switch err := errors.Join(err1, err2, err3); {
	case err != nil:
		return Row{}, err
	case row.Probe == "" || row.Max == 0:
		return Row{}, errors.New("a row needs a probe and a limit")
	case (row.Over == "") != (f[4] == "-"):
		return Row{}, errors.New("a comparison needs a probe and a limit")
	}
	return row, nil
}

func parseBytes(s string) (int64, error) {
	if s == "-" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is no number of bytes", s)
	}
	return n, nil
}

func empty(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

// Record puts the measured sizes into the table.
func (t *Table) Record(release string, measured map[string]Measure) {
	t.Go = release
	for i, row := range t.Rows {
		t.Rows[i].Recorded = measured[row.Probe].Bytes
	}
}

// Format is the inverse of [ParseTable]; notes come first.
func (t *Table) Format() []byte {
	var b bytes.Buffer
	for _, n := range t.notes {
		fmt.Fprintln(&b, n)
	}
	fmt.Fprintf(&b, "%s%s\n", goNote, t.Go)
	for _, r := range t.Rows {
		over, maxOver := "-", "-"
		if r.Over != "" {
			over, maxOver = r.Over, strconv.FormatInt(r.MaxOver, 10)
		}
		modules := "-"
		if len(r.Modules) > 0 {
			modules = strings.Join(r.Modules, " ")
		}
		fmt.Fprintf(&b, "%s\t%d\t%d\t%s\t%s\t%s\n", r.Probe, r.Recorded, r.Max, over, maxOver, modules)
	}
	return b.Bytes()
}
