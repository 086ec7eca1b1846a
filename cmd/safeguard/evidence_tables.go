package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/cmd/safeguard/internal/phifields"
	"github.com/safeguard-sdk/safeguard/crosswalk/breach"
	"github.com/safeguard-sdk/safeguard/crosswalk/evidence"
	"github.com/safeguard-sdk/safeguard/crosswalk/gap"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// tables turns the organisation's own files into tables of the pack. They are
// somebody's word, so they count as entered.
func (c *evidencePack) tables(e *env, in *evidence.Input) error {
	for _, fill := range []func(*env, *evidence.Input) error{c.gapTables, c.riskTables, c.incidentTable, c.inventoryTable} {
		if err := fill(e, in); err != nil {
			return err
		}
	}
	return nil
}

// entered makes a table of all that a file says, from the day of the file on.
func entered(in *evidence.Input, schema, source string, from evidence.Date, rows [][]string) evidence.Table {
	return evidence.Table{
		Schema: schema, Basis: evidence.Entered, Source: source, Collector: in.Collector,
		Period: evidence.Period{From: from, To: in.Made}, Population: uint64(len(rows)), Sampling: "all", Rows: rows,
	}
}

func (c *evidencePack) gapTables(e *env, in *evidence.Input) error {
	if c.Gap == "" {
		return nil
	}
	a, err := parse(e, c.Gap, gap.Parse)
	if err != nil {
		return err
	}
	source, err := final(in, c.Gap, "gap assessment", a.Organisation, a.Version, a.Status, a.ApprovedBy, a.ApprovedOn, a.SHA256)
	if err != nil {
		return err
	}
	from := evidence.Date(a.Date.String())
	in.Tables = append(in.Tables,
		entered(in, "gap.assessment", source, from, assessmentRows(a)),
		decisionTable(in, a, source, from))
	return nil
}

// final refuses a draft, which is nobody's word yet, a file of somebody else
// and one that was approved after the pack is made. It names the version.
func final(in *evidence.Input, path, what, organisation string, version int, status risk.Status, by string, on risk.Date, hash func() (string, error)) (string, error) {
	if status != risk.Final {
		return "", refused(fmt.Errorf("%s: a draft is no evidence; it has to be approved first", path))
	}
	if err := sameOrganisation(in, path, organisation); err != nil {
		return "", err
	}
	if on.String() > string(in.Made) {
		return "", refused(fmt.Errorf("%s: approved on %s, after the pack is made", path, on))
	}
	sum, err := hash()
	return fmt.Sprintf("%s of %s, version %d, approved by %s on %s, SHA-256 %s", what, organisation, version, by, on, sum), err
}

// sameOrganisation refuses a file of another organisation than the pack's.
func sameOrganisation(in *evidence.Input, path, organisation string) error {
	if strings.TrimSpace(organisation) == strings.TrimSpace(in.Organisation) {
		return nil
	}
	return refused(fmt.Errorf("%s: is of %q, and the pack of %q", path, organisation, in.Organisation))
}

// assessmentRows has a row for each open gap of a provision, and one for a
// provision without any.
func assessmentRows(a *gap.Assessment) [][]string {
	rows := [][]string{}
	open := a.Ranked()
	for _, p := range a.Provisions {
		control, score := string(p.Control), p.Result.Score.String()
		before := len(rows)
		for _, g := range open {
			if slices.Contains(g.Controls, p.Control) {
				rows = append(rows, []string{control, score, g.ID + ": " + g.Finding, risk.Of(g.Likelihood, g.Impact).String(), g.Owner, g.Due.String(), g.Plan})
			}
		}
		if len(rows) == before {
			rows = append(rows, []string{control, score, "", "", "", "", ""})
		}
	}
	return rows
}

// decisionTable shows each decision with the days on which it is in effect, and
// names the specifications without one on the day of the pack.
func decisionTable(in *evidence.Input, a *gap.Assessment, source string, from evidence.Date) evidence.Table {
	rows := [][]string{}
	inEffect := map[safeguard.Control]bool{}
	for _, d := range a.Decisions {
		r := d.Record()
		first, last := evidence.Date(r.EffectiveFrom.String()), evidence.Date(r.LastInEffect.String())
		rows = append(rows, []string{
			string(r.Specification), string(r.Choice), r.Rationale, r.Measure, r.ApprovedBy, r.ApprovedOn.String(),
			string(first), string(last), r.ReviewBy.String(),
		})
		now := first <= in.Made && (last == "" || last >= in.Made)
		inEffect[r.Specification] = inEffect[r.Specification] || now
	}
	t := entered(in, "gap.decisions", source, from, rows)
	for _, id := range slices.Sorted(maps.Keys(inEffect)) {
		if !inEffect[id] {
			t.Gaps = append(t.Gaps, fmt.Sprintf("%s: no decision is in effect on %s.", id, in.Made))
		}
	}
	return t
}

func (c *evidencePack) riskTables(e *env, in *evidence.Input) error {
	if c.Risk == "" {
		return nil
	}
	r, err := parse(e, c.Risk, risk.Parse)
	if err != nil {
		return err
	}
	source, err := final(in, c.Risk, "risk register", r.Organisation, r.Version, r.Status, r.ApprovedBy, r.ApprovedOn, r.SHA256)
	if err != nil {
		return err
	}
	from := evidence.Date(r.Date.String())
	in.Tables = append(in.Tables,
		entered(in, "risk.register", source, from, riskRows(r)),
		entered(in, "risk.assets", source, from, assetRows(r)),
		entered(in, "risk.measures", source, from, measureRows(r)))
	return c.precedingTable(e, in, r)
}

// precedingTable shows the version before and what changed since.
func (c *evidencePack) precedingTable(e *env, in *evidence.Input, r *risk.Register) error {
	if c.RiskPreceding == "" {
		return nil
	}
	before, err := parse(e, c.RiskPreceding, risk.Parse)
	if err != nil {
		return err
	}
	if err := r.Follows(before); err != nil {
		return refused(inFile(c.Risk, err))
	}
	source, err := final(in, c.RiskPreceding, "risk register", before.Organisation, before.Version, before.Status, before.ApprovedBy, before.ApprovedOn, before.SHA256)
	if err != nil {
		return err
	}
	counts := map[string]int{}
	for _, change := range risk.Compare(before, r) {
		counts[change.What]++
	}
	row := []string{
		fmt.Sprintf("version %d", before.Version), before.Date.String(), before.ApprovedBy,
		fmt.Sprintf("%d added, %d removed, %d changed", counts["added"], counts["removed"], counts["changed"]),
	}
	in.Tables = append(in.Tables, entered(in, "risk.previous", source, evidence.Date(before.Date.String()), [][]string{row}))
	return nil
}

func riskRows(r *risk.Register) [][]string {
	rows := [][]string{}
	for _, k := range r.Ranked() {
		rows = append(rows, []string{
			k.ID + ": " + k.Title, strings.Join(k.Assets, ", "), k.Threat, strings.Join(k.Vulnerabilities, ", "),
			k.Current.Likelihood().String(), k.Current.Impact.String(),
			k.Inherent.Risk().String(), k.Current.Risk().String(), k.Residual.Risk().String(), k.Owner,
		})
	}
	return rows
}

func assetRows(r *risk.Register) [][]string {
	rows := [][]string{}
	for _, a := range r.Assets {
		holds := "yes"
		if !a.EPHI() {
			holds = "no: " + a.WithoutEPHI
		}
		rows = append(rows, []string{a.ID + ": " + a.Name, holds, "not recorded", a.Owner, r.Date.String()})
	}
	return rows
}

// measureRows are the measures of each risk. A measure has no owner or due day
// of its own: a planned one has those of the risk.
func measureRows(r *risk.Register) [][]string {
	rows := [][]string{}
	for i := range r.Risks {
		k := &r.Risks[i]
		for _, m := range r.Measures {
			if !slices.Contains(k.Measures, m.ID) {
				continue
			}
			row := []string{k.ID, m.ID + ": " + m.Description, "planned", k.Owner, k.Due.String(), ""}
			if !m.Since.IsZero() {
				row[2], row[5] = "in place", m.Since.String()
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// incidentTable sums up incident files, without the individuals in them.
func (c *evidencePack) incidentTable(e *env, in *evidence.Input) error {
	if len(c.Incident) == 0 {
		return nil
	}
	made, err := in.Made.Time()
	if err != nil {
		return refused(err)
	}
	rows := [][]string{}
	for _, path := range c.Incident {
		f, err := parse(e, path, breach.Parse)
		if err != nil {
			return err
		}
		if err := sameOrganisation(in, path, f.Entity); err != nil {
			return err
		}
		report, err := f.Report(breach.DateOf(made))
		if err != nil {
			return refused(inFile(path, err))
		}
		rows = append(rows, incidentRow(f, report))
	}
	in.Tables = append(in.Tables, entered(in, "breach.incidents", fmt.Sprintf("%d incident files", len(rows)), in.Period.From, rows))
	return nil
}

func incidentRow(f *breach.File, r *breach.Report) []string {
	assessed, mitigation := "not assessed", ""
	if f.Assessment != nil {
		assessed = fmt.Sprintf("assessed by %s on %s", orElse(f.Assessment.By, "nobody named"), orElse(f.Assessment.On.String(), "no day"))
		mitigation = f.Assessment.Mitigation.Finding
	}
	var notices []string
	for _, d := range r.Deadlines {
		notices = append(notices, strings.TrimSpace(fmt.Sprintf("%s %s", d.Audience, d.Jurisdiction))+": "+string(d.State))
	}
	return []string{r.ID, r.Discovered.String(), r.Summary, assessed, string(r.Verdict), mitigation, strings.Join(notices, "; "), "not recorded"}
}

// inventoryTable shows the phi tags of the module as the source has them.
func (c *evidencePack) inventoryTable(e *env, in *evidence.Input) error {
	if c.Source == "" {
		return nil
	}
	e.step("type-checking %s", c.Source)
	fields, err := phifields.Load(e.ctx, &phifields.Options{Dir: c.Source}, "./...")
	if err != nil {
		return inputFault(err)
	}
	if len(fields) == 0 {
		// A table without rows would say that there is no PHI.
		e.note("%s: no type has a phi tag; the inventory stays open", c.Source)
		return nil
	}
	rows := [][]string{}
	for _, f := range fields {
		rows = append(rows, []string{f.Type, f.Path, f.Kind, class(f)})
	}
	t := entered(in, "phi.inventory", "phi tags in the source of the service", in.Made, rows)
	t.Basis = evidence.FromSource
	t.Gaps = []string{"Types without a phi tag are not looked into."}
	in.Tables = append(in.Tables, t)
	return nil
}

// class is how a field identifies.
func class(f risk.Field) string {
	if f.Adjacent {
		return "phi-adjacent"
	}
	return "phi"
}
