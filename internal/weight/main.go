// Command weight measures what each package of the SDK adds to a program, and
// compares it with a reviewed table.
//
//	go run ./internal/weight            # compare, exit 1 when over
//	go run ./internal/weight -update    # compare with the limits, record the sizes
//
// Every directory below probes is a program that uses one package the way a
// service does. It is built for linux/amd64 without cgo, stripped, with
// trimmed paths, and asked which foreign modules it links. The table,
// weight.tsv, says for each probe the most it may weigh, in all and over
// another probe, which modules it may link, and what it weighed when somebody
// last looked. A probe over a limit fails, and so does one that is more than
// three per cent over its recorded size. -update changes the recorded sizes
// and nothing else; a limit or a module is changed by hand, where a reviewer
// sees it.
//
// A size depends on the Go release, which is recorded beside it.
//
// Controls: none, it checks this repository's binaries.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

func main() {
	update := flag.Bool("update", false, "record the measured sizes")
	dir := flag.String("dir", filepath.Join("internal", "weight"), "directory of weight.tsv and probes")
	flag.Parse()
	if err := run(*dir, *update); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir string, update bool) error {
	path := filepath.Join(dir, "weight.tsv")
	src, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("weight: table: %w", err)
	}
	table, err := ParseTable(src)
	if err != nil {
		return err
	}
	measured, err := MeasureAll(filepath.Join(dir, "probes"))
	if err != nil {
		return err
	}
	report(table, measured)
	if update {
		table.Record(runtime.Version(), measured)
		if out := table.Format(); !bytes.Equal(out, src) {
			if err := os.WriteFile(path, out, 0o644); err != nil {
				return fmt.Errorf("weight: table: %w", err)
			}
		}
	}
	return Compare(table, measured)
}

func report(table *Table, measured map[string]Measure) {
	fmt.Printf("stripped linux/amd64 programs, %s (table recorded with %s)\n", runtime.Version(), table.Go)
	fmt.Printf("%-16s %11s %11s %11s %9s  %s\n", "probe", "bytes", "recorded", "limit", "over", "linked modules")
	for _, row := range table.Rows {
		m := measured[row.Probe]
		over := "-"
		if row.Over != "" {
			over = fmt.Sprintf("%+d", m.Bytes-measured[row.Over].Bytes)
		}
		fmt.Printf("%-16s %11d %11d %11d %9s  %d\n", row.Probe, m.Bytes, row.Recorded, row.Max, over, len(m.Modules))
	}
}
