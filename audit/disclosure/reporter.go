package disclosure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// Records is a log that can be read: a *ledger.Ledger or a *ledger.Reader.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Records interface {
	Records(ctx context.Context, from uint64) iter.Seq2[ledger.Record, error]
}

// Tokens finds the tokens of a patient in all epochs; audit.TokenKeys does.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Tokens interface {
	FindPatient(tenant string, p safeguard.Patient) []string
}

// A Question is what somebody wants to know of one patient.
//
// Controls: HIPAA 164.528(a).
type Question struct {
	// Tenant and Patient are whose record it is about.
	Tenant  string
	Patient safeguard.Patient
	// Received is when the patient asked; the accounting goes back six years
	// from that day.
	Received time.Time
	// From and To narrow the period, by local days; zero leaves it whole
	// (164.528(a)(3)).
	From, To time.Time
}

// An Authorizer says whether the caller may ask. It gets who asks, what
// ("accounting" or "access-report"), and of whom. An error refuses; its text
// must hold no PHI. Whoever asks of another tenant than their own is refused in
// any case.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
type Authorizer interface {
	Authorize(ctx context.Context, who safeguard.Principal, what string, q Question) error
}

// Errors of this package.
//
// Controls: HIPAA 164.312(a)(1), 164.528(a); NIST CSF 2.0 PR.AA-05.
var (
	// ErrOptions reports settings that make no sense.
	ErrOptions = errors.New("disclosure: options: not usable")
	// ErrQuestion reports a question without a patient or a date, or for a
	// period that is none.
	ErrQuestion = errors.New("disclosure: question: wants a patient, a date of receipt and a period before it")
	// ErrRefused reports a caller who is nobody or may not ask.
	ErrRefused = errors.New("disclosure: refused")
	// ErrNotRecorded reports that the reading could not be recorded; there is no
	// answer then.
	ErrNotRecorded = errors.New("disclosure: the reading was not recorded")
	// ErrIncomplete reports an accounting that lacks what the rule asks for.
	ErrIncomplete = errors.New("disclosure: accounting: incomplete")
)

// Options are the settings of a [Reporter]. The zero value, or nil, is UTC, and
// no suspension on file.
//
// Controls: HIPAA 164.528(a), 164.528(b)(2).
type Options struct {
	// Organisation names the covered entity in documents.
	Organisation string
	// Zone is where days begin.
	Zone *time.Location
	// Suspensions are asked for every question; nil says that there are none on
	// file.
	Suspensions Suspensions
	// Compliance is the day from which the organisation had to comply; earlier
	// disclosures are the ninth exception. The zero value excepts none.
	Compliance time.Time
	// Itemise states every disclosure by itself, without the summaries that
	// (b)(3) and (b)(4) allow.
	Itemise bool
	// People and Words make access reports readable; nil shows ids and codes.
	People People
	Words  Words
	// From is the first record to read, for instance from an index.
	From uint64
}

// A Reporter answers the questions of patients. It is safe for concurrent use;
// the zero value is not usable. It reads the log from its beginning, and
// decodes only what has one of the patient's tokens or is a disclosure;
// Options.From shortens that.
//
// Controls: HIPAA 164.528(a), 164.528(b)(2), 164.312(b); NIST CSF 2.0 PR.PS-04.
type Reporter struct {
	log      Records
	tokens   Tokens
	register Register
	may      Authorizer
	noter    audit.Noter
	opts     Options
}

// New returns a Reporter. It returns [ErrOptions] if anything is nil.
//
// Controls: HIPAA 164.528(a), 164.312(b); NIST CSF 2.0 PR.PS-04.
func New(log Records, tokens Tokens, register Register, may Authorizer, noter audit.Noter, opts *Options) (*Reporter, error) {
	if log == nil || tokens == nil || register == nil || may == nil || noter == nil {
		return nil, fmt.Errorf("%w: wants a log, tokens, a register, an authorizer and a noter", ErrOptions)
	}
	o := Options{}
	if opts != nil {
		o = *opts
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	return &Reporter{log, tokens, register, may, noter, o}, nil
}

// The questions, as they stand in records and are given to an [Authorizer].
const (
	askAccounting = "accounting"
	askAccess     = "access-report"
)

// admit checks the question and asks whether the caller may ask it. A refusal
// is recorded if it can be.
func (r *Reporter) admit(ctx context.Context, what string, q Question) (period, error) {
	p, err := r.period(q)
	if err != nil {
		return p, err
	}
	who, ok := safeguard.PrincipalFrom(ctx)
	if !ok {
		return p, fmt.Errorf("%w: nobody is identified", ErrRefused)
	}
	err = r.may.Authorize(ctx, who, what, q)
	if who.Tenant != q.Tenant {
		err = errors.New("of another tenant")
	}
	if err != nil {
		_, noted := r.note(ctx, what, q, answer{Question: what, Refused: true})
		return p, errors.Join(fmt.Errorf("%w: %w", ErrRefused, err), noted)
	}
	return p, nil
}

// answer is the data of the record of a question.
type answer struct {
	Question string `json:"question"`
	From     string `json:"from,omitempty"`
	To       string `json:"to,omitempty"`
	Records  int    `json:"records"`
	Size     uint64 `json:"size,omitempty"`
	Refused  bool   `json:"refused,omitempty"`
}

// note records that the log was read for a patient.
func (r *Reporter) note(ctx context.Context, what string, q Question, a answer) (string, error) {
	data, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNotRecorded, err)
	}
	id, err := r.noter.Record(ctx, audit.Notice{
		Type: audit.TypeLogQueried, Subject: "disclosure/" + what, Patients: []safeguard.Patient{q.Patient},
		Purpose: safeguard.PatientRequest, Data: data,
		Controls: []safeguard.Control{safeguard.AccountingRight, safeguard.AuditControls},
	})
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNotRecorded, err)
	}
	return id, nil
}

// A period is from the beginning of a day up to the end of another.
type period struct {
	from, to time.Time // to is not in it
}

func (p period) has(t time.Time) bool { return !t.Before(p.from) && t.Before(p.to) }

// last is the beginning of the last day.
func (p period) last() time.Time { return dayAfter(p.to, -1, p.to.Location()) }

func (r *Reporter) period(q Question) (period, error) {
	if q.Patient.IsZero() || q.Received.IsZero() {
		return period{}, ErrQuestion
	}
	day := dayAfter(q.Received, 0, r.opts.Zone)
	p := period{sixYearsBefore(day), dayAfter(day, 1, r.opts.Zone)}
	if !q.From.IsZero() {
		p.from = later(p.from, dayAfter(q.From, 0, r.opts.Zone))
	}
	if !q.To.IsZero() && dayAfter(q.To, 1, r.opts.Zone).Before(p.to) {
		p.to = dayAfter(q.To, 1, r.opts.Zone)
	}
	if !p.from.Before(p.to) {
		return period{}, ErrQuestion
	}
	return p, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
