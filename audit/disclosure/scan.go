package disclosure

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
)

// A found is one access record that names the patient. Of whom else it names,
// nothing is kept.
type found struct {
	index  uint64
	id     string
	kind   string
	at     time.Time
	access audit.Access
}

// A request may name the patient in one record and say in a later one that it
// is a disclosure. The disclosure then counts as one of every patient that was
// named before: rather one too many than one that is missing.
const (
	mentioned = 1
	disclosed = 2
)

// maxFound bounds what one question gathers.
const maxFound = 1 << 20

// A scan reads the log for one patient.
type scan struct {
	tokens map[string]bool
	needle [][]byte
	tenant string
	period period
	zone   *time.Location

	found    []found
	earlier  []time.Time // accountings that were provided
	research map[string]*cohort
	size     uint64
	requests map[string]int  // what is known of a request: mentioned or disclosed
	seen     map[string]bool // id and source of records, for those that came twice
}

// A cohort counts the individuals of one research purpose.
type cohort struct {
	epochs      map[string]map[string]bool
	first, last time.Time
}

// enough is the number of 164.528(b)(4)(i).
const enough = 50

// maxPurposes bounds the research purposes that are counted; those beyond are
// stated one by one.
const maxPurposes = 4096

func (r *Reporter) scan(ctx context.Context, q Question, p period) (*scan, error) {
	s := &scan{tokens: map[string]bool{}, tenant: q.Tenant, period: p, zone: r.opts.Zone, research: map[string]*cohort{}, seen: map[string]bool{}, requests: map[string]int{}}
	for _, t := range r.tokens.FindPatient(q.Tenant, q.Patient) {
		s.tokens[t] = true
		s.needle = append(s.needle, []byte(`"`+t+`"`))
	}
	if len(s.tokens) == 0 {
		return nil, fmt.Errorf("%w: no tokens", ErrQuestion)
	}
	for record, err := range r.log.Records(ctx, r.opts.From) {
		if err != nil {
			return nil, fmt.Errorf("disclosure: read: %w", err)
		}
		s.size = record.Index + 1
		if err := s.record(record.Index, record.Data); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// interesting looks for a token, or the type of disclosures, before anything is
// decoded. Neither needs an escape in JSON, package audit writes none where none
// is needed, and it writes the type before the data.
func (s *scan) interesting(record []byte) bool {
	for _, n := range s.needle {
		if bytes.Contains(record, n) {
			return true
		}
	}
	_, kind, ok := bytes.Cut(record, []byte(`"type":"`))
	return !ok || bytes.HasPrefix(kind, []byte(audit.TypeDisclosed))
}

func (s *scan) record(index uint64, record []byte) error {
	if !s.interesting(record) {
		return nil
	}
	e, err := audit.ParseEvent(record)
	if err != nil {
		return fmt.Errorf("disclosure: record %d: %w", index, err)
	}
	if e.Type == audit.TypeLogQueried {
		s.queried(e)
		return nil
	}
	if !audit.IsAccess(e.Type) {
		return nil
	}
	a, err := e.Access()
	if err != nil {
		return fmt.Errorf("disclosure: record %d: %w", index, err)
	}
	within := s.period.has(e.Time)
	if within && a.Disclosure != nil && a.Disclosure.Basis == "research" && e.Type == audit.TypeDisclosed {
		s.cohort(a, e.Time)
	}
	named := s.names(a.Patients)
	if !named && !(e.Type == audit.TypeDisclosed && a.Entry != "" && s.requests[a.Entry] == mentioned) {
		return nil
	}
	s.requests[a.Entry] = max(s.requests[a.Entry], mentioned)
	if !within { // a request may go on into the period
		return nil
	}
	if e.Type == audit.TypeDisclosed {
		s.requests[a.Entry] = disclosed
	}
	key := e.Source + "\x00" + e.ID
	if s.seen[key] {
		return nil
	}
	s.seen[key] = true
	if len(s.found) == maxFound {
		return fmt.Errorf("%w: more than a million records; ask for a shorter period", ErrQuestion)
	}
	a.Patients = nil
	s.found = append(s.found, found{index, e.ID, e.Type, e.Time, a})
	return nil
}

func (s *scan) names(patients []string) bool {
	return slices.ContainsFunc(patients, func(p string) bool { return s.tokens[p] })
}

// queried notes an accounting that was provided.
func (s *scan) queried(e audit.Event) {
	var a struct {
		answer
		Patients []string `json:"patients"`
	}
	if json.Unmarshal(e.Data, &a) == nil && a.Question == askAccounting && !a.Refused && s.names(a.Patients) {
		s.earlier = append(s.earlier, e.Time)
	}
}

// cohort counts the individuals of a research purpose up to 50. Tokens of
// different epochs may be of one patient, so each epoch counts by itself.
func (s *scan) cohort(a audit.Access, at time.Time) {
	code := a.Disclosure.Purpose
	if code == "" || a.Principal != nil && a.Principal.Tenant != s.tenant {
		return
	}
	c := s.research[code]
	if c == nil && len(s.research) == maxPurposes {
		return
	}
	if c == nil {
		c = &cohort{epochs: map[string]map[string]bool{}, first: at}
		s.research[code] = c
	}
	c.first, c.last = sooner(c.first, at), later(c.last, at)
	for _, p := range a.Patients {
		epoch, _, _ := strings.Cut(p, ".")
		if c.epochs[epoch] == nil {
			c.epochs[epoch] = map[string]bool{}
		}
		if len(c.epochs[epoch]) < enough {
			c.epochs[epoch][p] = true
		}
	}
}

func sooner(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// large reports whether a research purpose had 50 or more individuals.
func (s *scan) large(code string) bool {
	c := s.research[code]
	if c == nil {
		return false
	}
	for _, epoch := range c.epochs {
		if len(epoch) >= enough {
			return true
		}
	}
	return false
}
