package main

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// A table is a CSV file: its rows by column name, and its hash.
type table struct {
	rows []map[string]string
	hash string
}

func readTable(dir, name string) (table, error) {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return table{}, err
	}
	sum := sha256.Sum256(b)
	t := table{hash: hex.EncodeToString(sum[:])}
	records, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
	if err != nil || len(records) < 2 {
		return t, fmt.Errorf("%s: no rows (%v)", name, err)
	}
	for _, rec := range records[1:] {
		row := map[string]string{}
		for i, col := range records[0] {
			row[col] = strings.TrimSpace(rec[i])
		}
		t.rows = append(t.rows, row)
	}
	return t, nil
}

// readControls returns the ids of the Control constants of the root package.
func readControls(path string) ([]string, error) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		return nil, err
	}
	var ids []string
	ast.Inspect(f, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			for _, v := range spec.Values {
				if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					id, _ := strconv.Unquote(lit.Value)
					ids = append(ids, id)
				}
			}
		}
		return true
	})
	sort.Strings(ids)
	return ids, nil
}

type set struct {
	rule, breach, privacy, csf11, csf20, disp, olir11, olir53, derived, ocr table
	requirements                                                            []requirement
}

type requirement struct {
	id, title, rule, level, parent, safeguard, designation, appendix, text string
	alone, inAppendix, policies                                            bool
}

// load reads the tables in dir, and the text of the regulation in root.
func load(dir, root string, constants []string) (*set, error) {
	s := &set{}
	for name, t := range map[string]*table{
		"hipaa_security_rule.csv": &s.rule, "breach_notification_rule.csv": &s.breach,
		"privacy_and_definitions.csv": &s.privacy, "csf11.csv": &s.csf11, "csf20.csv": &s.csf20,
		"csf11_to_csf20.csv": &s.disp, "sp800_66r2_to_csf11.csv": &s.olir11,
		"sp800_66r2_to_sp800_53r5.csv": &s.olir53, "hipaa_to_csf20_derived.csv": &s.derived,
		"ocr2016_crosswalk.csv": &s.ocr,
	} {
		var err error
		if *t, err = readTable(dir, name); err != nil {
			return nil, err
		}
	}
	s.addSecurity()
	s.addOther(s.breach, "BreachRule", constants)
	s.addOther(timeliness(), "BreachRule", constants)
	s.addOther(s.privacy, "PrivacyRule", constants)
	sort.Slice(s.requirements, func(i, j int) bool { return s.requirements[i].id < s.requirements[j].id })
	return s, s.addText(filepath.Join(root, "crosswalk", "testdata", "regulation.txt"))
}

func (s *set) addSecurity() {
	for _, r := range s.rule.rows {
		if r["level"] == "section" {
			continue
		}
		q := requirement{
			id: r["id"], title: r["title"], rule: "SecurityRule", level: upper(r["level"]),
			safeguard: upper(r["safeguard"]), designation: r["designation"],
			appendix: r["appendix_a_cite"], alone: r["standard_without_specs"] == "y", inAppendix: r["in_appendix_a"] == "y",
		}
		if r["level"] == "specification" {
			q.parent = r["parent"]
		}
		s.requirements = append(s.requirements, q)
	}
}

// timeliness are the paragraphs that set the time of a notification. The table
// of the rule names them only in the rows of the duties themselves.
func timeliness() table {
	const title = "Timeliness of notification"
	return table{rows: []map[string]string{
		{"id": "164.404(b)", "title": title}, {"id": "164.406(b)", "title": title}, {"id": "164.410(b)", "title": title},
	}}
}

// addOther adds the rows that the root package has a constant for.
func (s *set) addOther(t table, rule string, constants []string) {
	for _, r := range t.rows {
		if slices.Contains(constants, r["id"]) {
			s.requirements = append(s.requirements, requirement{id: r["id"], title: r["title"], rule: rule, level: "Section"})
		}
	}
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// links splits a "; " separated list.
func links(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ';' || r == ' ' })
}
