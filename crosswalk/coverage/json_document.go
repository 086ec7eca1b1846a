package coverage

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// documentJSON is the JSON form of a document.
type documentJSON struct {
	Title      string          `json:"title"`
	Facts      []fact          `json:"facts"`
	Notices    []string        `json:"notices"`
	Proposal   *proposal       `json:"proposed,omitempty"`
	TestRun    bool            `json:"test_run_given"`
	Summary    []levelRow      `json:"summary"`
	Modules    []moduleJSON    `json:"modules"`
	Provisions []provisionJSON `json:"provisions"`
	Functions  []functionJSON  `json:"csf20_functions_derived"`
	Packages   []packageRow    `json:"packages"`
	Sources    []sourceJSON    `json:"sources"`
}

type functionJSON struct {
	ID         string   `json:"id"`
	Title      string   `json:"title"`
	Provisions []string `json:"provisions"`
	Unpaired   []string `json:"outcomes_without_a_pair,omitempty"`
}

type moduleJSON struct {
	Module    string `json:"module"`
	APIs      int    `json:"exported_apis"`
	Own       int    `json:"own_lines"`
	Inherited int    `json:"inherited_lines"`
	Untagged  int    `json:"no_line"`
	None      int    `json:"none"`
	Internal  int    `json:"internal_tagged"`
	Tests     int    `json:"tests_tagged"`
}

type provisionJSON struct {
	ID           safeguard.Control `json:"id"`
	Title        string            `json:"title"`
	Rule         string            `json:"rule"`
	Section      string            `json:"section"`
	Level        string            `json:"level"`
	Parent       safeguard.Control `json:"parent,omitempty"`
	Designation  string            `json:"designation,omitempty"`
	Text         string            `json:"rule_text,omitempty"`
	Policies     bool              `json:"asks_for_policies_or_procedures"`
	Proposed     string            `json:"proposed_designation,omitempty"`
	Levels       levelsJSON        `json:"levels"`
	Duty         dutyJSON          `json:"duty"`
	CSF11        []string          `json:"csf11_official,omitempty"`
	SP80053      []string          `json:"sp800_53r5_official,omitempty"`
	CSF20        []derivedJSON     `json:"csf20_derived,omitempty"`
	CSF10        []string          `json:"csf10_ocr2016_reconstructed,omitempty"`
	APIs         []codeJSON        `json:"apis,omitempty"`
	Internal     []codeJSON        `json:"internal,omitempty"`
	Own          int               `json:"own_lines"`
	Inherited    int               `json:"inherited_lines"`
	Tests        []testStateJSON   `json:"tests,omitempty"`
	Observations []observationJSON `json:"self_reported,omitempty"`
	Practices    []practiceJSON    `json:"good_practice_beyond_the_rule,omitempty"`
}

type levelsJSON struct {
	Mapped   bool `json:"mapped"`
	Tagged   bool `json:"tagged"`
	Tested   bool `json:"tested"`
	Reported bool `json:"reported"`
}

type dutyJSON struct {
	Whose        string `json:"whose"`
	SDK          bool   `json:"sdk_gives_code"`
	Service      string `json:"service_configures,omitempty"`
	Organisation string `json:"organisation_does"`
}

type derivedJSON struct {
	ID  string   `json:"id"`
	Via []string `json:"via_csf11"`
}

type codeJSON struct {
	Package string   `json:"package"`
	Symbol  string   `json:"symbol,omitempty"`
	Kind    Kind     `json:"kind"`
	File    string   `json:"file,omitempty"`
	Own     bool     `json:"own_line"`
	Sites   []string `json:"called_at,omitempty"`
}

type testStateJSON struct {
	TestID
	// State is "exists" without a test run, else "passed" or "not passed".
	State string `json:"state"`
}

type observationJSON struct {
	Component string            `json:"component"`
	Statement string            `json:"statement"`
	Settings  map[string]string `json:"settings,omitempty"`
	Counters  map[string]uint64 `json:"counters,omitempty"`
	Since     string            `json:"counted_since,omitempty"`
	// Unenforced keeps the observation from counting as reported.
	Unenforced []string `json:"unenforced,omitempty"`
}

type practiceJSON struct {
	Silent string `json:"rule_is_silent"`
	Advice string `json:"advice"`
	Source string `json:"source"`
}

type sourceJSON struct {
	Table       string `json:"table"`
	Rows        int    `json:"rows"`
	Publication string `json:"publication"`
	Date        string `json:"date,omitempty"`
	Retrieved   string `json:"read_from"`
	SHA256      string `json:"sha256,omitempty"`
}

// jsonDocument renders the document for programs.
func jsonDocument(b *bytes.Buffer, r *report) error {
	doc := documentJSON{
		Title: orElse(r.Title, "Control coverage"), Facts: r.facts(), Notices: r.notices(), TestRun: r.Passed != nil,
		Summary: r.levels(), Modules: []moduleJSON{}, Provisions: []provisionJSON{},
	}
	if r.Proposed {
		p := crosswalk.Proposal2025()
		doc.Proposal = &proposal{p.Notice(), p.Changes()}
	}
	for _, x := range r.Indexes {
		c := x.Count()
		doc.Modules = append(doc.Modules, moduleJSON{x.Module, c.APIs, c.Own, c.Inherited, c.Untagged, c.None, c.Internal, c.Tests})
	}
	for _, e := range r.entries {
		doc.Provisions = append(doc.Provisions, r.provision(e))
	}
	for _, f := range r.functions() {
		out := functionJSON{ID: f.ID, Title: f.Title, Unpaired: f.Unpaired}
		for _, row := range f.Rows {
			out.Provisions = append(out.Provisions, row.ID)
		}
		doc.Functions = append(doc.Functions, out)
	}
	doc.Packages = append([]packageRow{}, r.packages()...)
	for _, s := range crosswalk.Sources() {
		doc.Sources = append(doc.Sources, sourceJSON{s.Table, s.Rows, s.Publication, s.Date, s.Retrieved, s.SHA256})
	}
	enc := json.NewEncoder(b)
	enc.SetIndent("", " ")
	return enc.Encode(doc)
}

func (r *report) provision(e *entry) provisionJSON {
	p := provisionJSON{
		ID: e.ID, Title: e.Title, Rule: e.Rule.String(), Section: e.Section(), Level: e.Level.String(), Parent: e.Parent,
		Designation: e.Designation.String(), Text: e.Text, Policies: e.Policies,
		Levels: levelsJSON{e.Mapped(), e.Tagged(), e.Tested(), e.Reported()},
		Duty:   dutyJSON{e.dutyWord(), e.Duty.Code && e.bySDK(), e.Duty.Service, e.organisationWords()},
		CSF11:  refList(e.CSF11), SP80053: refList(e.SP80053), CSF10: refList(e.CSF10),
		APIs: codeList(e.Code), Internal: codeList(e.Inside), Own: e.Own, Inherited: e.Inherited,
	}
	if d, ok := crosswalk.Proposal2025().WouldBe(e.ID); ok && r.Proposed {
		p.Proposed = d.String()
	}
	for _, c := range e.CSF20 {
		p.CSF20 = append(p.CSF20, derivedJSON{c.Ref, c.Via()})
	}
	for _, t := range e.Tests {
		p.Tests = append(p.Tests, testStateJSON{t.TestID, t.state(e.run)})
	}
	for _, o := range e.Observations {
		p.Observations = append(p.Observations, observationJSON{o.Component, o.Statement, o.Settings, o.Counters, since(o), o.Unenforced})
	}
	for _, q := range e.Practices {
		p.Practices = append(p.Practices, practiceJSON{q.Silent, q.Advice, q.Source})
	}
	return p
}

func (t testState) state(run bool) string {
	switch {
	case !run:
		return "exists"
	case t.Passed:
		return "passed"
	}
	return "not passed"
}

func since(o safeguard.Observation) string {
	if o.Since.IsZero() {
		return ""
	}
	return o.Since.UTC().Format(time.RFC3339)
}

func refList(pairs []crosswalk.Pair) []string {
	var list []string
	for _, p := range pairs {
		list = append(list, p.Ref)
	}
	return list
}

func codeList(apis []API) []codeJSON {
	var list []codeJSON
	for _, a := range apis {
		list = append(list, codeJSON{a.Package, a.Symbol, a.Kind, a.File, a.Own(), a.Sites})
	}
	return list
}
