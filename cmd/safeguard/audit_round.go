package main

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/review"
)

// roundFile is what a person judges.
type roundFile struct {
	Checkpoint string      `json:"checkpoint"`
	From       uint64      `json:"from"`
	To         uint64      `json:"to"`
	Sample     int         `json:"sample"`
	Items      []roundItem `json:"items"`
}

// roundItem is one item. Only verdict and code are the reviewer's.
type roundItem struct {
	Index      uint64         `json:"index"`
	Event      string         `json:"event"`
	Type       string         `json:"type"`
	Flagged    string         `json:"flagged"`
	Rule       string         `json:"rule"`
	Reason     string         `json:"reason"`
	About      uint64         `json:"about"`
	At         time.Time      `json:"at"`
	Actor      review.Actor   `json:"actor"`
	OnBehalfOf string         `json:"onbehalfof"`
	Verdict    review.Verdict `json:"verdict"`
	Code       string         `json:"code"`
}

// parseRound reads a file of items, strictly.
func parseRound(b []byte) (*roundFile, error) {
	f := &roundFile{}
	if err := strictJSON(b, f); err != nil {
		return nil, err
	}
	if f.Checkpoint == "" || f.From >= f.To || f.Sample < 0 {
		return nil, errors.New("is not what 'audit review sample' writes")
	}
	for _, i := range f.Items {
		switch i.Verdict {
		case review.Appropriate, review.Inappropriate, review.Unclear:
		default:
			return nil, fmt.Errorf("item %d: the verdict must be %s, %s or %s", i.Index, review.Appropriate, review.Inappropriate, review.Unclear)
		}
	}
	return f, nil
}

func (f *roundFile) judgements() (all []review.Judgement) {
	for _, i := range f.Items {
		all = append(all, review.Judgement{Index: i.Index, Verdict: i.Verdict, Code: i.Code})
	}
	return all
}

func roundOptions(n int) *review.RoundOptions {
	if n == 0 {
		return &review.RoundOptions{NoSample: true}
	}
	return &review.RoundOptions{Sample: n}
}

type reviewSample struct {
	reviewing
	First  uint64 `name:"from" placeholder:"INDEX" help:"The first record of the range."`
	End    uint64 `name:"to" placeholder:"INDEX" help:"The record behind the range. Default: all that is signed."`
	Sample int    `default:"25" help:"How many accesses are drawn, at most 200; 0 draws none."`
	results
}

// Run writes the items.
func (c *reviewSample) Run(e *env) error {
	to, err := c.results.open(format{name: "json"})
	if err != nil {
		return err
	}
	defer to.discard()
	return c.look(e, "sample", func(ctx context.Context, r *ledger.Reader, key string) error {
		sealed, err := r.Checkpoint(key)
		if err != nil {
			return err
		}
		end := c.End
		if end == 0 {
			end = sealed.Size
		}
		round, err := review.Prepare(ctx, r, c.First, end, sealed, roundOptions(c.Sample))
		if err != nil {
			return roundFault(err)
		}
		f := roundFile{Checkpoint: string(sealed.Note), From: round.From, To: round.To, Sample: c.Sample, Items: []roundItem{}}
		for _, i := range round.Items {
			f.Items = append(f.Items, roundItem{i.Index, i.Event, i.Type, i.Flagged, i.Rule, i.Reason, i.About, i.At, i.Actor, i.OnBehalfOf, "", ""})
		}
		return to.write(e, format{"json", func(w io.Writer) error {
			out := json.NewEncoder(w)
			out.SetIndent("", "  ")
			return out.Encode(f)
		}})
	})
}

type reviewSign struct {
	reviewing
	Round string `arg:"" help:"The judged items, - for standard input."`

	ReviewerKey    string `required:"" placeholder:"FILE" help:"The reviewer's own key, as 'evidence key' makes it."`
	UnsafeOwnItems string `placeholder:"CODE" help:"Judge items in which the reviewer acted. The code says why and stands in the record, for instance sole-practitioner."`
	results
}

// Run signs and records.
func (c *reviewSign) Run(e *env) error {
	to, err := c.results.open(format{name: "json"})
	if err != nil {
		return err
	}
	defer to.discard()
	f, err := parse(e, c.Round, parseRound)
	if err != nil {
		return err
	}
	own, err := loadKey(c.ReviewerKey)
	if err != nil {
		return err
	}
	var signed review.SignOff
	err = c.look(e, "sign", func(ctx context.Context, r *ledger.Reader, key string) error {
		sealed, err := ledger.ParseCheckpoint([]byte(f.Checkpoint), key)
		if err != nil {
			return findings("%w", err)
		}
		round, err := review.Prepare(ctx, r, f.From, f.To, sealed, roundOptions(f.Sample))
		if err != nil {
			return roundFault(err)
		}
		who, _ := safeguard.PrincipalFrom(ctx)
		signed, err = round.Sign(who, own, f.judgements(), &review.SignOptions{UnsafeOwnItems: c.UnsafeOwnItems})
		return roundFault(err)
	})
	if err != nil {
		return err
	}
	err = c.with(e, c.Tenant, nil, func(ctx context.Context, notes *audit.Recorder) error {
		id, err := signed.Record(ctx, notes)
		if err == nil {
			e.note("recorded as %s: %d appropriate, %d inappropriate, %d unclear", id,
				signed.Count(review.Appropriate), signed.Count(review.Inappropriate), signed.Count(review.Unclear))
		}
		return err
	})
	if err != nil {
		return err
	}
	return to.write(e, format{"json", func(w io.Writer) error { return json.NewEncoder(w).Encode(signed) }})
}

// roundFault marks what a round was refused for.
func roundFault(err error) error {
	for _, is := range []error{review.ErrRange, review.ErrTooMany, review.ErrJudgement, review.ErrOwn, review.ErrOptions, safeguard.ErrPrincipal} {
		if errors.Is(err, is) {
			return refused(err)
		}
	}
	return auditFault(err)
}

// reviewers are whose signatures count.
type reviewers struct {
	Reviewers []reviewer `json:"reviewers"`
}

type reviewer struct {
	ID     string `json:"id"`
	Tenant string `json:"tenant"`
	Key    string `json:"key"` // SubjectPublicKeyInfo in base64
	From   string `json:"from"`
	To     string `json:"to"` // with this day
	public ed25519.PublicKey
}

// parseReviewers reads reviewers, strictly.
func parseReviewers(b []byte) (*reviewers, error) {
	r := &reviewers{}
	if err := strictJSON(b, r); err != nil {
		return nil, err
	}
	if len(r.Reviewers) == 0 {
		return nil, errors.New("reviewers: there is none")
	}
	for i := range r.Reviewers {
		p := &r.Reviewers[i]
		var err error
		if p.public, err = keyLine(p.Key); err != nil || p.ID == "" {
			return nil, fmt.Errorf("reviewers: number %d needs an id and a public Ed25519 key", i+1)
		}
		for _, day := range []string{p.From, p.To} {
			if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
				return nil, fmt.Errorf("reviewers: number %d: from and to are days, YYYY-MM-DD", i+1)
			}
		}
	}
	return r, nil
}

// keyLine reads a public key as it stands between the lines of PEM.
func keyLine(line string) (ed25519.PublicKey, error) {
	der, err := base64.StdEncoding.Strict().DecodeString(line)
	if err != nil {
		return nil, errors.New("not a public key")
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if key, ok := parsed.(ed25519.PublicKey); ok && err == nil {
		return key, nil
	}
	return nil, errors.New("not a public key")
}

var errNoReviewer = errors.New("no reviewer at that time")

// Key implements review.Reviewers. Days are those of UTC.
func (r *reviewers) Key(_ context.Context, tenant, id string, at time.Time) (ed25519.PublicKey, error) {
	day := at.UTC().Format(time.DateOnly)
	for _, p := range r.Reviewers {
		if p.ID == id && p.Tenant == tenant && (p.From == "" || day >= p.From) && (p.To == "" || day <= p.To) {
			return p.public, nil
		}
	}
	return nil, errNoReviewer
}
