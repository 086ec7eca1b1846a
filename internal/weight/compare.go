package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// drift is how far above its recorded size a probe may be: 3 per cent.
const drift = 1.03

// Compare returns an error that joins everything in which the measured
// programs differ from the table for the worse, nil if nothing does.
func Compare(t *Table, measured map[string]Measure) error {
	var errs []error
	for _, row := range t.Rows {
		m, ok := measured[row.Probe]
		if !ok {
			errs = append(errs, fmt.Errorf("weight: %s: no such probe", row.Probe))
			continue
		}
		errs = append(errs, compareRow(row, m, measured[row.Over].Bytes)...)
	}
	for probe := range measured {
		if _, ok := t.row(probe); !ok {
			errs = append(errs, fmt.Errorf("weight: %s: not in the table", probe))
		}
	}
	return errors.Join(errs...)
}

func compareRow(row Row, m Measure, base int64) []error {
	var errs []error
	if m.Bytes > row.Max {
		errs = append(errs, fmt.Errorf("weight: %s: %d bytes, limit %d", row.Probe, m.Bytes, row.Max))
	}
	if float64(m.Bytes) > drift*float64(row.Recorded) {
		errs = append(errs, fmt.Errorf("weight: %s: %d bytes, more than 3 %% over the recorded %d", row.Probe, m.Bytes, row.Recorded))
	}
	if row.Over != "" && m.Bytes-base > row.MaxOver {
		errs = append(errs, fmt.Errorf("weight: %s: %d bytes more than %s, limit %d", row.Probe, m.Bytes-base, row.Over, row.MaxOver))
	}
	for _, module := range m.Modules {
		if !slices.ContainsFunc(row.Modules, func(p string) bool { return covers(p, module) }) {
			errs = append(errs, fmt.Errorf("weight: %s: links %s", row.Probe, module))
		}
	}
	return errs
}

func covers(pattern, module string) bool {
	below, ok := strings.CutSuffix(pattern, "...")
	return pattern == module || ok && strings.HasPrefix(module, below)
}
