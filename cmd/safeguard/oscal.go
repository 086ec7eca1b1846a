package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard/cmd/safeguard/internal/output"
	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
	"github.com/safeguard-sdk/safeguard/crosswalk/gap"
	"github.com/safeguard-sdk/safeguard/crosswalk/oscal"
)

// oscalCmd writes and checks OSCAL.
type oscalCmd struct {
	Write oscalWrite `cmd:"" help:"Write a set of documents that refer to each other."`
	Check oscalCheck `cmd:"" help:"Check that the references of a set of documents resolve; exit 1 if not."`
}

// Help is the long text of --help.
func (oscalCmd) Help() string {
	return `OSCAL 1.2.2 as JSON: the rule as a catalog, its NIST maps as a mapping-collection, what code says of itself as a component-definition, a gap assessment as assessment-results and its open gaps as a plan-of-action-and-milestones. Identifiers are UUIDs of version 5: the same inputs and date give the same bytes.`
}

type oscalWrite struct {
	Patterns []string `arg:"" optional:"" help:"Packages of one module, for a component-definition of what their control lines claim. Default: none, and no such document."`

	To         string `required:"" placeholder:"DIR" help:"Directory to write into; it must exist. Files there with the names of the documents are replaced."`
	Release    string `default:"1" help:"Version of the documents."`
	Scope      string `placeholder:"URI" help:"For whom identifiers are made, for instance the address of the service. Needed with packages and an assessment."`
	Author     string `help:"Who answers for the documents. Needed with an assessment."`
	Assessment string `placeholder:"FILE" help:"A gap assessment, for results and a plan."`
	Derived    bool   `help:"Add the pairs with CSF 2.0, which are derived and nobody has published."`
	SourceURL  string `name:"source-url" placeholder:"URL" help:"Where the module's source stands, best at a commit; paths are put behind it."`
	module
	dated
}

// Run writes the documents.
func (c *oscalWrite) Run(e *env) error {
	day, err := c.day()
	if err != nil {
		return err
	}
	info := oscal.Info{Version: c.Release, Modified: day, Scope: c.Scope, Author: c.Author}
	docs, err := c.common(info)
	if err != nil {
		return refused(err)
	}
	if len(c.Patterns) > 0 {
		d, err := c.components(e, info)
		if err != nil {
			return err
		}
		docs = append(docs, d)
	}
	if c.Assessment != "" {
		more, err := c.assessment(e, info)
		if err != nil {
			return err
		}
		docs = append(docs, more...)
	}
	if problems := oscal.Check(docs...); len(problems) > 0 {
		return fmt.Errorf("the documents do not belong together: %s", problems[0])
	}
	return c.store(e, docs)
}

// common are the documents that are the same for everybody.
func (c *oscalWrite) common(info oscal.Info) ([]*oscal.Document, error) {
	rule, err := oscal.Catalog(info)
	if err != nil {
		return nil, err
	}
	csf, err := oscal.CSF11Catalog(info)
	if err != nil {
		return nil, err
	}
	pairs, err := oscal.Mappings(info, &oscal.MappingOptions{Derived: c.Derived})
	return []*oscal.Document{rule, csf, pairs}, err
}

// components says what the control lines of a module, and of what it uses of
// the library, claim.
func (c *oscalWrite) components(e *env, info oscal.Info) (*oscal.Document, error) {
	_, indexes, err := c.load(e, c.Patterns)
	if err != nil {
		return nil, err
	}
	var claims []oscal.Claim
	for i, x := range indexes {
		href := ""
		if i == 0 { // the library's source is elsewhere
			href = c.SourceURL
		}
		claims = append(claims, claimed(x, href)...)
	}
	if len(claims) == 0 {
		return nil, refused(errors.New("oscal: the packages have no control line that names a provision"))
	}
	d, err := oscal.Components(info, claims)
	return d, refused(err)
}

func claimed(x *coverage.Index, source string) []oscal.Claim {
	href := func(file string) string {
		if source == "" {
			return ""
		}
		return source + "/" + file
	}
	var claims []oscal.Claim
	for _, a := range x.APIs {
		for _, id := range a.Tag.HIPAA {
			claims = append(claims, oscal.Claim{Component: a.Package, Symbol: a.Symbol, Control: id, Href: href(a.File)})
		}
	}
	for _, t := range x.Tests {
		for _, id := range t.Tag.HIPAA {
			claims = append(claims, oscal.Claim{Component: t.Package, Symbol: t.Name, Control: id, Test: true, Href: href(t.File)})
		}
	}
	return claims
}

// assessment makes results and, if a gap is open, a plan.
func (c *oscalWrite) assessment(e *env, info oscal.Info) ([]*oscal.Document, error) {
	a, err := parse(e, c.Assessment, gap.Parse)
	if err != nil {
		return nil, err
	}
	results, err := oscal.Results(info, assessmentResults(a))
	if err != nil {
		return nil, refused(inFile(c.Assessment, err))
	}
	items := planItems(a)
	if len(items) == 0 {
		e.note("%s: no gap is open; there is no plan to write", c.Assessment)
		return []*oscal.Document{results}, nil
	}
	plan, err := oscal.PlanOfAction(info, oscal.Plan{Items: items, Record: planRecord(a)})
	if err != nil {
		return nil, refused(inFile(c.Assessment, err))
	}
	return []*oscal.Document{results, plan}, nil
}

// store writes every document under its own name, all or none.
func (c *oscalWrite) store(e *env, docs []*oscal.Document) error {
	var batch output.Batch
	defer batch.Discard()
	if c.Assessment != "" {
		batch.Inputs = []string{c.Assessment}
	}
	for _, d := range docs {
		var b bytes.Buffer
		if err := d.WriteJSON(&b); err != nil {
			return err
		}
		if err := batch.Add(filepath.Join(c.To, d.Name()), b.Bytes()); err != nil {
			return err
		}
	}
	if err := e.ctx.Err(); err != nil {
		return err
	}
	if err := batch.Commit(); err != nil {
		return err
	}
	for _, d := range docs {
		fmt.Fprintln(e.out, filepath.Join(c.To, d.Name()))
	}
	return nil
}

type oscalCheck struct {
	Files []string `arg:"" help:"The documents, also those that the others refer to."`
}

// Run checks the documents together.
func (c *oscalCheck) Run(e *env) error {
	var docs []*oscal.Document
	for _, path := range c.Files {
		d, err := parse(e, path, func(b []byte) (*oscal.Document, error) { return oscal.Parse(filepath.Base(path), b) })
		if err != nil {
			return err
		}
		docs = append(docs, d)
	}
	problems := oscal.Check(docs...)
	for _, p := range problems {
		fmt.Fprintln(e.errs, p)
	}
	if len(problems) > 0 {
		return findings("%d problems in %d documents", len(problems), len(docs))
	}
	fmt.Fprintf(e.out, "%d documents, every reference that is known resolves\n", len(docs))
	return nil
}
