package coverage

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"

	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// csvRows renders one row a provision.
func csvRows(b *bytes.Buffer, r *report) error {
	w := csv.NewWriter(b)
	if err := w.Write(csvColumns()); err != nil {
		return err
	}
	data := dataVersions()
	for _, e := range r.entries {
		row := append(r.csvRow(e), crosswalk.RuleVersion, data, strings.Join([]string{crosswalk.Caution, crosswalk.DerivedNotice, crosswalk.ReconstructedNotice}, " "))
		for i := range row {
			row[i] = cell(row[i])
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func csvColumns() []string {
	return []string{
		"id", "title", "rule", "section", "level", "parent", "designation", "rule_text", "asks_for_policies_or_procedures",
		"mapped", "tagged", "tested", "reported", "tests", "duty", "sdk_provides", "service_configures", "organisation_does",
		"apis", "own_lines", "inherited_lines",
		"csf11_official", "sp800_53r5_official", "csf20_derived", "csf10_ocr2016_reconstructed", "good_practice_beyond_the_rule", "reported_words",
		"rule_version", "data", "notices",
	}
}

func (r *report) csvRow(e *entry) []string {
	sdk, practice, said := "", []string{}, []string{}
	if e.Duty.Code {
		sdk = e.sdkWords()
	}
	for _, p := range e.Practices {
		practice = append(practice, p.Advice+" ("+p.Source+")")
	}
	for _, o := range e.Observations {
		said = append(said, "Self-reported by the running service ("+o.Component+"): "+o.Statement)
		if len(o.Unenforced) > 0 {
			said = append(said, "Unenforced: "+strings.Join(o.Unenforced, ", ")+".")
		}
	}
	return []string{
		string(e.ID), e.Title, e.Rule.String(), e.Section(), e.Level.String(), string(e.Parent), e.Designation.String(), e.Text, yes(e.Policies),
		yes(e.Mapped()), yes(e.Tagged()), yes(e.Tested()), yes(e.Reported()), e.testedWords(), e.dutyWord(), sdk, e.Duty.Service, e.organisationWords(),
		grouped(names(e.Code)), fmt.Sprint(e.Own), fmt.Sprint(e.Inherited),
		refs(e.CSF11), refs(e.SP80053), refs(e.CSF20), refs(e.CSF10), strings.Join(practice, " "), strings.Join(said, " "),
	}
}

// dataVersions names the tables with their dates.
func dataVersions() string {
	var list []string
	for _, s := range crosswalk.Sources() {
		list = append(list, s.Table+" "+orElse(s.Date, "(composed)"))
	}
	return strings.Join(list, "; ")
}

// cell keeps a spreadsheet from taking a value for a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
