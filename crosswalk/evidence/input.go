package evidence

import (
	"errors"
	"fmt"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// ErrInput reports input that is malformed, contradicts itself, or claims what
// it cannot. Where a place can be named, the error is an [*Error].
//
// Controls: none, an error about the input.
var ErrInput = errors.New("evidence: input: not usable")

// ErrSample reports input that is marked as sample data. It never enters a
// pack.
//
// Controls: HIPAA 164.316(b)(1).
var ErrSample = errors.New("evidence: input: sample data is no evidence")

// An Input is what a pack is made from. Organisation, Service, Collector,
// Period and Made are required; all else may be empty, and what then is
// missing reads "not available" or "organisation supplies".
//
// Logs and Observations are not part of the JSON form: a file cannot claim to
// be what a running service or its log said.
//
// Controls: HIPAA 164.316(b)(1), 164.308(a)(8).
type Input struct {
	// Sample marks data of an example or a test. Build refuses it.
	Sample bool `json:"sample,omitempty"`
	// Organisation and Service name whose pack it is and what it is about,
	// Version the release of the service.
	Organisation string `json:"organisation"`
	Service      string `json:"service"`
	Version      string `json:"version,omitempty"`
	// Collector is who makes the pack, a person or a program with its owner.
	Collector string `json:"collector"`
	// Period is what the pack is about.
	Period Period `json:"period"`
	// Made is the day on which the pack is made. No record of a log may be of
	// a later one.
	Made Date `json:"made"`
	// Format is that of the documents.
	Format Format `json:"format,omitempty"`
	// Tables are what components and persons hand over.
	Tables []Table `json:"tables,omitempty"`
	// Entries are documents and statements of named persons.
	Entries []Entry `json:"entries,omitempty"`
	// Adoptions are policies that a named approver has put into effect.
	Adoptions []Adoption `json:"adoptions,omitempty"`

	// Logs are what [Collect] read.
	Logs []*Log `json:"-"`
	// Observations are what the running service reports of itself now.
	Observations []safeguard.Observation `json:"-"`
}

// Validate returns an error that wraps ErrInput, or ErrSample, unless a pack
// can be made from the input.
func (in *Input) Validate() error {
	if in.Sample {
		return ErrSample
	}
	if blank(in.Organisation) || blank(in.Service) || blank(in.Collector) {
		return refuse("", "organisation, service or collector is missing")
	}
	if !in.Format.valid() {
		return refuse("format", "is %q or left out", HTML)
	}
	if err := printable("", in.Organisation, in.Service, in.Version, in.Collector); err != nil {
		return err
	}
	if err := in.validateDates(); err != nil {
		return err
	}
	if len(in.Tables) > maxItems || len(in.Entries) > maxItems || len(in.Adoptions) > maxItems || len(in.Observations) > maxItems {
		return refuse("", "more than %d tables, entries, adoptions or observations", maxItems)
	}
	for i := range in.Tables {
		if err := in.Tables[i].validate(in, fmt.Sprintf("tables[%d]", i)); err != nil {
			return err
		}
	}
	for i := range in.Entries {
		if err := in.Entries[i].validate(in, fmt.Sprintf("entries[%d]", i)); err != nil {
			return err
		}
	}
	for i := range in.Adoptions {
		if err := in.Adoptions[i].validate(in, fmt.Sprintf("adoptions[%d]", i)); err != nil {
			return err
		}
	}
	return in.validateReports()
}

func (in *Input) validateDates() error {
	if err := in.Period.Validate(); err != nil {
		return err
	}
	if _, err := in.Made.Time(); err != nil {
		return err
	}
	if in.Period.To > in.Made {
		return refuse("period", "the period ends on %s, after the pack is made", in.Period.To)
	}
	return nil
}

// validateReports checks logs and observations.
func (in *Input) validateReports() error {
	origins := map[string]bool{}
	for _, l := range in.Logs {
		if l == nil || l.name == "" || l.period != in.Period {
			return refuse("", "a log was not collected, or for another period")
		}
		if origins[l.name] {
			return refuse("", "two logs have one name")
		}
		origins[l.name] = true
		if last := l.tally.whole.last; last.After(in.Made.ends()) {
			return refuse("made", "the last record of log %s is of %s, after the pack is made", clip(l.name), DateOf(last))
		}
	}
	for _, o := range in.Observations {
		for _, id := range o.Controls {
			if _, err := crosswalk.ParseID(string(id)); err != nil {
				return fmt.Errorf("evidence: observation: %w", errors.Join(ErrInput, err))
			}
		}
	}
	return nil
}
