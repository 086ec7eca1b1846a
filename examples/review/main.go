// Review shows the review of accesses of package audit/review: a former
// employee's account and a curious colleague raise alerts while records come
// in, a restart raises none twice, an officer judges the items of a sealed
// range and signs, and a document says which days are covered.
//
// Controls: none, it is a program.
package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/review"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "safeguard-review-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	log, rec, err := open(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rec.Close(ctx), log.Close(ctx)) }()
	if err := work(ctx, rec); err != nil {
		return err
	}
	if err := alerts(ctx, out, dir, log, rec); err != nil {
		return err
	}
	return round(ctx, out, log, rec)
}

func open(dir string) (*ledger.Ledger, *audit.Recorder, error) {
	key, err := ledger.CreateKey(filepath.Join(dir, "key.pem"))
	if err != nil {
		return nil, nil, err
	}
	log, err := ledger.Open(filepath.Join(dir, "ledger"), key, &ledger.Options{CheckpointInterval: 20 * time.Millisecond})
	if err != nil {
		return nil, nil, err
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	tokens, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "p1", Secret: secret})
	if err != nil {
		return nil, nil, errors.Join(err, log.Close(context.Background()))
	}
	rec, err := audit.New(log, tokens, &audit.Options{Source: "urn:safeguard:example"})
	return log, rec, err
}

// work is a morning in a clinic.
func work(ctx context.Context, rec *audit.Recorder) error {
	for i := range 40 {
		if err := read(ctx, rec, "nurse-7", fmt.Sprintf("MRN-%d", i%8), "", "care-team"); err != nil {
			return err
		}
	}
	if err := read(ctx, rec, "nurse-3", "MRN-77", "same-household", ""); err != nil {
		return err
	}
	return read(ctx, rec, "former-clerk", "MRN-4", "", "")
}

// read is one access. flag is what the program noticed, explained why it is in
// order.
func read(ctx context.Context, rec *audit.Recorder, who, patient, flag, explained string) error {
	ctx, e := rec.Begin(ctx, "job", "")
	e.SetPrincipal(safeguard.Principal{ID: who, Kind: safeguard.Person})
	e.SetAction("Chart", "read", safeguard.Treatment)
	e.AddPatient(safeguard.NewPatient(patient))
	if flag != "" {
		e.Flag(flag)
	}
	if explained != "" {
		e.Explain(explained)
	}
	err := e.Commit(ctx)
	e.End(audit.Completed, 200, 0)
	return err
}

// staff is what the rules know of the organisation.
type staff struct{}

func (staff) Active(_ context.Context, _, actor string, _ time.Time) (bool, error) {
	return actor != "former-clerk", nil
}

func (staff) OnShift(context.Context, string, string, time.Time) (bool, error) { return true, nil }

func (staff) Key(_ context.Context, _, reviewer string, _ time.Time) (ed25519.PublicKey, error) {
	if reviewer != "privacy-officer" {
		return nil, errors.New("not a reviewer")
	}
	return officer.Public().(ed25519.PublicKey), nil
}

// officer signs reviews. A program keeps this key in a device or service of the
// officer's, not on the machine of the log.
var officer = ed25519.NewKeyFromSeed(make([]byte, 32))

// alerts runs the rules twice, as a service does that was restarted.
func alerts(ctx context.Context, out io.Writer, dir string, log *ledger.Ledger, rec *audit.Recorder) error {
	store := review.FileStore(filepath.Join(dir, "review.json"))
	for _, when := range []string{"At first", "After a restart"} {
		rules, err := review.Standard(review.Host{Workforce: staff{}, Shifts: staff{}})
		if err != nil {
			return err
		}
		e, err := review.Resume(ctx, store, rules, nil)
		if err != nil {
			return err
		}
		if err := e.CatchUp(ctx, log, rec, store); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %d alerts raised\n", when, e.Counters().Alerts)
	}
	return nil
}

// round is the officer's review of everything so far.
func round(ctx context.Context, out io.Writer, log *ledger.Ledger, rec *audit.Recorder) error {
	sealed, err := seal(ctx, log)
	if err != nil {
		return err
	}
	r, err := review.Prepare(ctx, log, 0, sealed.Size, sealed, &review.RoundOptions{Sample: 5})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "To judge: %d flagged, %d drawn by the root of the checkpoint\n", r.Flagged, r.Sampled)
	var judgements []review.Judgement
	for _, i := range r.Items {
		j := review.Judgement{Index: i.Index, Verdict: review.Appropriate, Code: "care-team"}
		if i.Flagged != "" {
			j = review.Judgement{Index: i.Index, Verdict: review.Inappropriate, Code: "case-opened"}
			fmt.Fprintf(out, "  alert %s (%s) of %s\n", i.Rule, i.Reason, i.Actor.ID)
		}
		judgements = append(judgements, j)
	}
	nurse := safeguard.Principal{ID: "nurse-3", Kind: safeguard.Person}
	_, err = r.Sign(nurse, officer, judgements, nil)
	fmt.Fprintln(out, "A nurse signs off their own items:", err)

	s, err := r.Sign(safeguard.Principal{ID: "privacy-officer", Kind: safeguard.Person}, officer, judgements, nil)
	if err != nil {
		return err
	}
	if _, err := s.Record(ctx, rec); err != nil {
		return err
	}
	fmt.Fprintln(out, "The officer's sign-off, verified against the log:", review.Verify(ctx, log, s, staff{}, log.VerifierKey()))
	s.Judgements[0].Verdict = review.Unclear
	fmt.Fprintln(out, "With one verdict changed:", review.Verify(ctx, log, s, staff{}, log.VerifierKey()))
	return document(ctx, out, log)
}

// seal waits for a checkpoint of what is there.
func seal(ctx context.Context, log *ledger.Ledger) (ledger.Checkpoint, error) {
	size := log.Size()
	for log.Checkpoint().Size < size {
		select {
		case <-ctx.Done():
			return ledger.Checkpoint{}, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	return log.Checkpoint(), nil
}

func document(ctx context.Context, out io.Writer, log *ledger.Ledger) error {
	t, err := review.NewTracker(log, staff{}, log.VerifierKey(), nil)
	if err != nil {
		return err
	}
	if err := t.Read(ctx); err != nil {
		return err
	}
	c, err := t.Coverage(time.Now().AddDate(0, 0, -2), time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s", c.Markdown())
	return nil
}
