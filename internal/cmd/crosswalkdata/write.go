package main

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
)

func (s *set) files() map[string]func(*bytes.Buffer) {
	return map[string]func(*bytes.Buffer){
		"table_requirements.go": s.writeRequirements,
		"table_csf11.go":        func(b *bytes.Buffer) { writeCSF(b, "csf11", "NIST Cybersecurity Framework 1.1, 2018-04-16", s.csf11) },
		"table_csf20.go":        func(b *bytes.Buffer) { writeCSF(b, "csf20", "NIST Cybersecurity Framework 2.0, 2024-02-26", s.csf20) },
		"table_dispositions.go": s.writeDispositions,
		"table_olir_csf11.go": func(b *bytes.Buffer) {
			writeRefs(b, "olirCSF11", "CSF 1.1", "csf11_subcategory", s.olir11)
		},
		"table_olir_sp80053.go": func(b *bytes.Buffer) {
			writeRefs(b, "olirSP80053", "SP 800-53 Rev. 5.1.1", "sp800_53_control", s.olir53)
		},
		"table_ocr2016.go": s.writeOCR,
		"table_sources.go": s.writeSources,
	}
}

func (s *set) writeRequirements(b *bytes.Buffer) {
	b.WriteString("// requirements are sorted by ID, which is the order of the regulation.\nvar requirements = [...]Requirement{\n")
	for _, q := range s.requirements {
		fmt.Fprintf(b, "{ID: %q, Title: %q, Rule: %s, Level: %s", q.id, q.title, q.rule, q.level)
		if q.parent != "" {
			fmt.Fprintf(b, ", Parent: %q", q.parent)
		}
		if q.safeguard != "" {
			fmt.Fprintf(b, ", Safeguard: %s", q.safeguard)
		}
		if q.designation != "" {
			fmt.Fprintf(b, ", Designation: %s", q.designation)
		}
		if q.alone {
			b.WriteString(", Alone: true")
		}
		if q.appendix != "" {
			fmt.Fprintf(b, ", AppendixA: %q", q.appendix)
		}
		if q.inAppendix {
			b.WriteString(", InAppendixA: true")
		}
		if q.policies {
			b.WriteString(", Policies: true")
		}
		if q.text != "" {
			fmt.Fprintf(b, ", Text: %q", q.text)
		}
		b.WriteString("},\n")
	}
	b.WriteString("}\n")
}

func writeCSF(b *bytes.Buffer, name, edition string, t table) {
	rows := t.rows
	sort.Slice(rows, func(i, j int) bool { return rows[i]["id"] < rows[j]["id"] })
	fmt.Fprintf(b, "// %s is the %s, sorted by id in byte order.\nvar %s = [...]csfRow{\n", name, edition, name)
	at := map[string]int{}
	for i, r := range rows {
		at[r["id"]] = i
	}
	for i, r := range rows {
		text, up := r["title_or_outcome"], i
		if r["level"] == "function" {
			text = upper(strings.ToLower(text))
		} else {
			up = at[r["parent"]]
		}
		fmt.Fprintf(b, "{%q, %q, %d},\n", r["id"], text, up)
	}
	b.WriteString("}\n")
}

func (s *set) writeDispositions(b *bytes.Buffer) {
	rows := s.disp.rows
	sort.Slice(rows, func(i, j int) bool { return rows[i]["csf11"] < rows[j]["csf11"] })
	b.WriteString("// dispositions are NIST's, sorted by From in byte order.\nvar dispositions = [...]Disposition{\n")
	for _, r := range rows {
		fmt.Fprintf(b, "{%q, %s, %q},\n", r["csf11"], upper(r["disposition"]), strings.Join(links(r["csf20_targets_nist"]), " "))
	}
	b.WriteString("}\n")
}

func writeRefs(b *bytes.Buffer, name, target, column string, t table) {
	refs := map[string][]string{}
	var ids []string
	for _, r := range t.rows {
		if refs[r["hipaa_id"]] == nil {
			ids = append(ids, r["hipaa_id"])
		}
		refs[r["hipaa_id"]] = append(refs[r["hipaa_id"]], r[column])
	}
	sort.Strings(ids)
	fmt.Fprintf(b, "// %s are NIST's pairs of SP 800-66r2 with %s, sorted by id.\nvar %s = [...]refsRow{\n", name, target, name)
	for _, id := range ids {
		sort.Strings(refs[id])
		fmt.Fprintf(b, "{%q, %q},\n", id, strings.Join(refs[id], " "))
	}
	b.WriteString("}\n")
}

// writeOCR writes the citations as the crosswalk has them; what they stand for
// follows from them, which verify has checked.
func (s *set) writeOCR(b *bytes.Buffer) {
	rows := s.ocr.rows
	sort.Slice(rows, func(i, j int) bool { return rows[i]["csf10_subcategory"] < rows[j]["csf10_subcategory"] })
	b.WriteString("// ocr2016 are the rows of the OCR crosswalk of 2016 as reconstructed, sorted by id\n// in byte order.\nvar ocr2016 = [...]OCRRow{\n")
	for _, r := range rows {
		cited := strings.Join(links(r["hipaa_citations_as_published"]), " ")
		if cited == "none" {
			cited = ""
		}
		fmt.Fprintf(b, "{Subcategory: %q, cited: %q},\n", r["csf10_subcategory"], cited)
	}
	b.WriteString("}\n")
}

func (s *set) writeSources(b *bytes.Buffer) {
	const (
		cprt66 = "NIST CPRT SP800_66_2_0_0 graph snapshots (sumanshusohal/RAA-Compliance-Mapping@c7cf061), checked against CISO Assistant's extraction of the CPRT workbook"
		cfr    = "45 CFR text, aptible/www.aptible.com@7115acc source/hipaa/regulations"
	)
	rows := []struct {
		name, table, publication, date, retrieved string
		t                                         table
		n                                         int
	}{
		{"sourceSecurityRule", "Security Rule standards and specifications", "45 CFR 164.308 to 164.316 and Appendix A to Subpart C, 68 FR 8376 as amended by 78 FR 5693", "2013-01-25", cfr + ", checked against NIST CPRT SP800_66_2_0_0", s.rule, s.count("SecurityRule")},
		{"sourceBreachRule", "Breach Notification Rule paragraphs", "45 CFR 164 Subpart D, 78 FR 5695", "2013-01-25", cfr + "; the rows of 164.404(b), 164.406(b) and 164.410(b) are the generator's own", s.breach, s.count("BreachRule")},
		{"sourcePrivacyRule", "Privacy Rule paragraphs", "45 CFR 164 Subpart E", "2013-01-25", cfr + "; a copy of 2019, later amendments of these paragraphs are not reflected", s.privacy, s.count("PrivacyRule")},
		{"sourceCSF11", "CSF 1.1 functions, categories and subcategories", "NIST Cybersecurity Framework 1.1", "2018-04-16", "CISO Assistant nist-csf-1.1.yaml, checked against NIST csf-pf-to-sp800-53r5-mappings.xlsx", s.csf11, len(s.csf11.rows)},
		{"sourceCSF20", "CSF 2.0 functions, categories and subcategories", "NIST Cybersecurity Framework 2.0 (CSWP 29)", "2024-02-26", "NIST CPRT CSF_2_0_0 export (rocklambros/nist-csf-2-mcp-server@48f1e90)", s.csf20, len(s.csf20.rows)},
		{"sourceDispositions", "CSF 1.1 to 2.0 dispositions (official)", "NIST CPRT CSF_2_0_0, withdrawal statements", "2024-02-26", "NIST CPRT CSF_2_0_0 export (rocklambros/nist-csf-2-mcp-server@48f1e90)", s.disp, len(s.disp.rows)},
		{"sourceOLIRCSF11", "HIPAA to CSF 1.1 pairs (official)", "NIST OLIR SP-800-66-Rev-2-to-Cybersecurity-Framework-v1.1", "2024-02", cprt66, s.olir11, len(s.olir11.rows)},
		{"sourceOLIRSP80053", "HIPAA to SP 800-53 pairs (official)", "NIST OLIR SP-800-66-Rev-2-to-SP-800-53-Rev-5.1.1", "2024-02", cprt66, s.olir53, len(s.olir53.rows)},
		{"sourceOCR", "HIPAA to CSF 1.0 rows (reconstructed)", "HHS OCR, HIPAA Security Rule Crosswalk to NIST Cybersecurity Framework", "2016-02-22", "not read from HHS's file: reconstructed, five rows seen in a secondary copy (outsidecto.com), every row expanded and checked against NIST's OLIR pairs", s.ocr, len(s.ocr.rows)},
		{"sourceDerived", "HIPAA to CSF 2.0 pairs (derived)", "composed by this package of the official CSF 1.1 pairs and the official dispositions", "", "not published by NIST or HHS", table{}, len(s.derived.rows)},
	}
	b.WriteString("// The rows of sources.\nconst (\n")
	for i, r := range rows {
		if i == 0 {
			fmt.Fprintf(b, "%s = iota\n", r.name)
			continue
		}
		fmt.Fprintln(b, r.name)
	}
	b.WriteString(")\n\nvar sources = [...]Source{\n")
	for _, r := range rows {
		fmt.Fprintf(b, "%s: {Table: %q, Publication: %q, Date: %q, Retrieved: %q, SHA256: %q, Rows: %d},\n",
			r.name, r.table, r.publication, r.date, r.retrieved, r.t.hash, r.n)
	}
	b.WriteString("}\n")
}

func (s *set) count(rule string) int {
	n := 0
	for _, q := range s.requirements {
		if q.rule == rule {
			n++
		}
	}
	return n
}
