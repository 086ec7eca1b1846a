// Command keep tells the story of package audit/keep: a ledger eight years old,
// a lawsuit that holds some of it, two people who prune what may go, a backup
// that is proven by a drill, and a backup that somebody changed. It needs
// nothing and ends by itself.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.308(a)(7)(ii)(A), 164.308(a)(7)(ii)(D), 164.312(c)(1); NIST CSF 2.0 PR.DS-01, PR.DS-11.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/keep"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

const origin = "clinic.example/charts"

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	tmp, err := os.MkdirTemp("", "safeguard-keep")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	s := &story{out: out, tmp: tmp, dir: filepath.Join(tmp, "records")}
	if err := s.open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	for _, chapter := range []func(context.Context) error{s.hold, s.prune, s.drill, s.forge} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return nil
}

type story struct {
	out      io.Writer
	tmp, dir string
	ledger   *ledger.Ledger
	recorder *audit.Recorder
	keeper   *keep.Keeper
}

// as says who acts.
func as(ctx context.Context, id string) context.Context {
	return safeguard.WithPrincipal(ctx, safeguard.Principal{ID: id, Kind: safeguard.Person})
}

// open writes a ledger as eight years of use leave it, and opens it.
func (s *story) open(ctx context.Context) error {
	key, err := ledger.CreateKey(filepath.Join(s.tmp, "key.pem"))
	if err != nil {
		return err
	}
	options := &ledger.Options{Origin: origin, SegmentSize: 16 << 10}
	if s.ledger, err = ledger.Open(s.dir, key, options); err != nil {
		return err
	}
	if err := eightYears(ctx, s.ledger); err != nil {
		return err
	}
	if err := s.ledger.Close(ctx); err != nil { // signs the last second
		return err
	}
	if s.ledger, err = ledger.Open(s.dir, key, options); err != nil {
		return err
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	tokens, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "p1", Secret: secret})
	if err != nil {
		return err
	}
	if s.recorder, err = audit.New(s.ledger, tokens, &audit.Options{Source: "urn:clinic:charts"}); err != nil {
		return err
	}
	s.keeper, err = keep.New(s.dir, s.ledger.VerifierKey(), s.recorder, s.ledger, nil)
	return err
}

// eightYears appends a record for every third day. They are imported from
// another system, so they bear their own time and the ledger does not stamp
// them.
func eightYears(ctx context.Context, l *ledger.Ledger) error {
	var records [][]byte
	for at := time.Now().AddDate(-8, 0, 0); at.Before(time.Now()); at = at.Add(72 * time.Hour) {
		r, err := json.Marshal(map[string]any{"time": at, "type": audit.TypeRead, "id": rand.Text(),
			"data": map[string]any{"who": fmt.Sprintf("clinician-%d", at.YearDay()%9), "patient": fmt.Sprintf("p0.token%02d", at.YearDay()%40)}})
		if err != nil {
			return err
		}
		if records = append(records, r); len(records) == 50 {
			if err := l.Append(ctx, records...); err != nil {
				return err
			}
			records = nil
		}
	}
	return l.Append(ctx, records...)
}

func (s *story) close(ctx context.Context) error {
	return errors.Join(s.keeper.Close(), s.recorder.Close(ctx), s.ledger.Close(ctx))
}

func (s *story) plan(ctx context.Context) (keep.Plan, error) {
	p, err := s.keeper.Plan(ctx)
	if err == nil {
		fmt.Fprintln(s.out, "   Plan:", p)
	}
	return p, err
}

func (s *story) hold(ctx context.Context) error {
	fmt.Fprintln(s.out, "1. The ledger is eight years old; records are kept for six. A lawsuit holds what clinician-3 did.")
	if _, err := s.plan(ctx); err != nil {
		return err
	}
	if _, err := s.keeper.SetHold(as(ctx, "counsel"), keep.Hold{Case: "lit-2026-031", Actors: []string{"clinician-3"}}, "litigation"); err != nil {
		return err
	}
	if _, err := s.plan(ctx); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "   The case is settled.")
	_, err := s.keeper.ReleaseHold(as(ctx, "counsel"), "lit-2026-031", "settled")
	return err
}

func (s *story) prune(ctx context.Context) error {
	fmt.Fprintln(s.out, "\n2. One person prunes what another has approved; every later proof holds.")
	p, err := s.plan(ctx)
	if err != nil {
		return err
	}
	own, err := keep.Approve(as(ctx, "bob"), p)
	if err != nil {
		return err
	}
	_, err = s.keeper.Prune(as(ctx, "bob"), p, own)
	fmt.Fprintln(s.out, "   Bob alone:", err)
	approval, err := keep.Approve(as(ctx, "ada"), p)
	if err != nil {
		return err
	}
	done, err := s.keeper.Prune(as(ctx, "bob"), p, approval)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "   Bob, approved by Ada: %d segments are gone, record %d is the first now, record %d is the account\n",
		len(done.Segments), done.Floor, done.Record)
	v, err := ledger.Verify(ctx, s.dir, s.ledger.VerifierKey(), nil)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, "   Verdict:", v)
	return nil
}

func (s *story) drill(ctx context.Context) error {
	fmt.Fprintln(s.out, "\n3. The backup is restored and compared, record by record.")
	if _, err := keep.Export(as(ctx, "op-7"), s.dir, s.ledger.VerifierKey(), filepath.Join(s.tmp, "backup"), s.recorder, nil); err != nil {
		return err
	}
	d, err := keep.Drill(ctx, s.dir, s.ledger.VerifierKey(), s.recorder, &keep.DrillOptions{Temp: s.tmp, From: []string{filepath.Join(s.tmp, "backup")}})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "   equal: %v, records compared: %d\n", d.Equal, d.Records)
	return nil
}

func (s *story) forge(ctx context.Context) error {
	fmt.Fprintln(s.out, "\n4. Somebody changes one byte of the backup.")
	names, err := filepath.Glob(filepath.Join(s.tmp, "backup", "*.seg"))
	if err != nil || len(names) == 0 {
		return errors.Join(err, errors.New("no segment"))
	}
	data, err := os.ReadFile(names[0])
	if err != nil {
		return err
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(names[0], data, 0o600); err != nil {
		return err
	}
	_, err = keep.Restore(ctx, filepath.Join(s.tmp, "restored"), s.ledger.VerifierKey(), nil, filepath.Join(s.tmp, "backup"))
	if err == nil {
		return errors.New("the change was not noticed")
	}
	fmt.Fprintln(s.out, "   Restore:", err)
	return nil
}
