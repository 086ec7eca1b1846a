package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// A Policy is a document that the organisation has to have, drafted with the
// settings of the running service. It is a [Template] until an [Adoption] by a
// named approver covers exactly its text; a template is no policy and never
// counts as evidence.
//
// The draft says what the rule asks, with (Addressable) behind the addressable
// specifications, and, apart from it, what is good practice beyond the rule. It is a beginning and no legal advice.
//
// Controls: HIPAA 164.316(a), 164.316(b)(1).
type Policy struct {
	// ID is for instance "access-control".
	ID    string `json:"id"`
	Title string `json:"title"`
	// File is its name in the pack.
	File string `json:"file"`
	// Clauses are what the policy says.
	Clauses []Clause `json:"clauses"`
	// Settings are the service's own, as it reports them.
	Settings []Setting `json:"settings,omitempty"`
	// Questions are what a person must still decide.
	Questions []Question `json:"questions"`
	// Digest is the SHA-256 of all of the above, in hexadecimal. An adoption
	// names it.
	Digest string `json:"digest"`
	// Status is Template or Entered, Note why an adoption does not count.
	Status Status `json:"status"`
	Note   string `json:"note,omitempty"`
	// Adoption is the one that counts, nil in a draft.
	Adoption *Adoption `json:"adoption,omitempty"`
	// Retention is how long the policy has to be kept, zero for a draft.
	Retention Retention `json:"retention,omitzero"`
}

// A Clause is one sentence or two of a Policy. One without a provision is
// good practice that the rule does not ask for.
//
// Controls: HIPAA 164.316(a).
type Clause struct {
	Text     string              `json:"text"`
	Controls []safeguard.Control `json:"controls,omitempty"`
}

// A Setting is a value in force in the service. An empty Value was not
// reported.
//
// Controls: HIPAA 164.316(a).
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`

	schema, key string
}

// A Question is what a person must decide before the policy is one. Answer is
// the approver's.
//
// Controls: HIPAA 164.316(a).
type Question struct {
	Key    string `json:"key"`
	Text   string `json:"text"`
	Answer string `json:"answer,omitempty"`
}

// An Adoption is the decision of a named approver to put a policy into effect.
// It counts for the text with its digest only: when the draft or a setting in
// it changes, the policy is a draft again until it is adopted anew.
//
// Controls: HIPAA 164.316(a), 164.316(b)(2)(iii).
type Adoption struct {
	Policy string `json:"policy"`
	Digest string `json:"digest"`
	// Approver is a natural person, Role the person's office.
	Approver string `json:"approver"`
	Role     string `json:"role"`
	// Approved is the day of the decision, Effective the first day in effect,
	// LastInEffect the last one, empty while the policy is in effect.
	Approved     Date `json:"approved"`
	Effective    Date `json:"effective"`
	LastInEffect Date `json:"lastInEffect,omitempty"`
	// Answers are to the questions, by key; all are required.
	Answers map[string]string `json:"answers"`
}

func (a *Adoption) validate(in *Input, path string) error {
	p, ok := draft(a.Policy)
	if !ok {
		return refuse(path+".policy", "no policy has this id; the ids are %s", strings.Join(policyIDs(), ", "))
	}
	if !isSHA256(a.Digest) {
		return refuse(path+".digest", "wants the digest of the text that was adopted, as the draft shows it")
	}
	if blank(a.Approver) || blank(a.Role) {
		return refuse(path, "wants a named approver and the approver's role")
	}
	if err := printable(path, a.Approver, a.Role); err != nil {
		return err
	}
	for _, q := range p.Questions {
		if blank(a.Answers[q.Key]) {
			return refuse(path+".answers", "question %q is not answered", q.Key)
		}
		if err := printable(path+".answers", a.Answers[q.Key]); err != nil {
			return err
		}
	}
	for key := range a.Answers {
		if !slices.ContainsFunc(p.Questions, func(q Question) bool { return q.Key == key }) {
			return refuse(path+".answers", "the policy asks no question %q", clip(key))
		}
	}
	return a.validateDates(in, path)
}

func (a *Adoption) validateDates(in *Input, path string) error {
	for _, d := range [...]Date{a.Approved, a.Effective} {
		if _, err := d.Time(); err != nil {
			return refuse(path, "approved and effective are days of the calendar")
		}
	}
	if a.Approved > in.Made || a.LastInEffect > in.Made {
		return refuse(path, "a date after the pack is made")
	}
	if a.LastInEffect != "" && a.LastInEffect < a.Effective {
		return refuse(path+".lastInEffect", "before the policy came into effect")
	}
	_, err := a.Retention()
	return err
}

// Retention returns how long the policy has to be kept.
func (a *Adoption) Retention() (Retention, error) {
	return Keep(a.Approved, a.LastInEffect, a.LastInEffect == "")
}

// policyIDs returns the ids in the order of the pack.
func policyIDs() []string {
	var out []string
	for _, p := range drafts() {
		out = append(out, p.ID)
	}
	return out
}

func draft(id string) (Policy, bool) {
	for _, p := range drafts() {
		if p.ID == id {
			return p, true
		}
	}
	return Policy{}, false
}

// policies returns every policy with the settings of the tables, adopted where
// an adoption fits.
func (in *Input) policies(tables []Table) []Policy {
	out := drafts()
	for i := range out {
		p := &out[i]
		for j := range p.Settings {
			p.Settings[j].Value = settingValue(tables, p.Settings[j])
		}
		p.File = "policies/" + p.ID + in.Format.extension()
		p.Digest = p.digest()
		p.Status = Template
		in.adopt(p)
	}
	return out
}

// adopt applies the latest adoption that is in effect and covers the text.
func (in *Input) adopt(p *Policy) {
	for i := range in.Adoptions {
		a := &in.Adoptions[i]
		switch {
		case a.Policy != p.ID:
		case a.LastInEffect != "":
			p.Note = joinNote(p.Note, "Adopted on "+string(a.Approved)+", last in effect on "+string(a.LastInEffect)+".")
		case a.Digest != p.Digest:
			p.Note = joinNote(p.Note, "What was adopted on "+string(a.Approved)+" is another text or names other settings; this draft waits for a decision.")
		case a.Effective > in.Made:
			p.Note = joinNote(p.Note, "Adopted on "+string(a.Approved)+", in effect from "+string(a.Effective)+" only.")
		case p.Adoption == nil || a.Effective > p.Adoption.Effective:
			p.Status, p.Adoption = Entered, a
		}
	}
	if p.Adoption == nil {
		return
	}
	p.Note = ""
	p.Retention, _ = p.Adoption.Retention() // validated
	for i := range p.Questions {
		p.Questions[i].Answer = p.Adoption.Answers[p.Questions[i].Key]
	}
}

func joinNote(a, b string) string { return strings.TrimSpace(a + " " + b) }

// settingValue returns the values that the tables have for a setting, each
// once.
func settingValue(tables []Table, s Setting) string {
	var values []string
	for _, t := range tables {
		if t.Schema != s.schema {
			continue
		}
		for _, r := range t.Rows {
			if r[2] == "setting" && r[3] == s.key && !slices.Contains(values, r[4]) {
				values = append(values, r[4])
			}
		}
	}
	slices.Sort(values)
	return strings.Join(values, "; ")
}

// digest is over what is adopted: not over answers, which the adoption holds.
func (p *Policy) digest() string {
	type text struct {
		ID        string
		Title     string
		Clauses   []Clause
		Settings  []Setting
		Questions []Question
	}
	b, err := json.Marshal(text{p.ID, p.Title, p.Clauses, p.Settings, p.Questions})
	if err != nil {
		return fmt.Sprintf("not computed: %v", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// adoptions returns the table of what was adopted.
func (in *Input) adopted() []Table {
	if len(in.Adoptions) == 0 {
		return nil
	}
	t := Table{
		Schema: adoptedSchema, Basis: Entered, Source: "adoptions by their approvers", Collector: in.Collector,
		Period: in.Period, Population: uint64(len(in.Adoptions)), Sampling: samplingAll,
	}
	for _, a := range in.Adoptions {
		p, _ := draft(a.Policy)
		keep, _ := a.Retention() // validated
		until := string(keep.Until)
		if keep.InEffect {
			until = "six years after it last is in effect"
		}
		t.Rows = append(t.Rows, []string{
			a.Policy, p.Title, a.Approver + ", " + a.Role, string(a.Approved), string(a.Effective), string(a.LastInEffect), until, a.Digest,
		})
	}
	slices.SortFunc(t.Rows, slices.Compare)
	if open := in.notAdopted(); len(open) > 0 {
		t.Gaps = []string{"Not adopted, or not in effect: " + strings.Join(open, ", ") + "."}
	}
	return []Table{t}
}

// notAdopted returns the policies of which no adoption is in effect, whatever
// its text.
func (in *Input) notAdopted() []string {
	return slices.DeleteFunc(policyIDs(), func(id string) bool {
		return slices.ContainsFunc(in.Adoptions, func(a Adoption) bool {
			return a.Policy == id && a.LastInEffect == "" && a.Effective <= in.Made
		})
	})
}

// adoptedSchema is filled from adoptions only.
const adoptedSchema = "policies.adopted"
