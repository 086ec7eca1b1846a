package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

// documents says who saw the patient, from the ledger, and writes the coverage
// document of this run.
func (s *story) documents(ctx context.Context) error {
	s.title("Who saw this patient, from the ledger")
	mine := map[string]bool{}
	for _, token := range s.house.tokens.FindPatient(tenant, safeguard.NewPatient(s.id)) {
		mine[token] = true
	}
	for record, err := range s.house.ledger.Records(ctx, 0) {
		if err != nil {
			return err
		}
		if err := s.line(record.Data, mine); err != nil {
			return err
		}
	}
	observations, err := s.house.observations(ctx)
	if err != nil {
		return err
	}
	library, err := coverage.Library()
	if err != nil {
		return err
	}
	doc := coverage.Document{
		Title: "Control coverage of the quickstart", Service: "examples/quickstart", Generated: time.Now(),
		Indexes: []*coverage.Index{library}, Observations: observations,
	}
	var md, html bytes.Buffer
	if err := errors.Join(doc.WriteMarkdown(&md), doc.WriteHTML(&html)); err != nil {
		return err
	}
	return errors.Join(
		writeFile(filepath.Join(s.dir, "coverage.md"), md.Bytes()),
		writeFile(filepath.Join(s.dir, "coverage.html"), html.Bytes()),
	)
}

// line prints one access to the patient with one of the tokens.
func (s *story) line(record []byte, mine map[string]bool) error {
	var e audit.Event
	if err := json.Unmarshal(record, &e); err != nil {
		return errors.New("quickstart: ledger: a record is not an event")
	}
	if !audit.IsAccess(e.Type) {
		return nil
	}
	var a audit.Access
	if err := json.Unmarshal(e.Data, &a); err != nil {
		return errors.New("quickstart: ledger: a record is not an access")
	}
	for _, token := range a.Patients {
		if !mine[token] {
			continue
		}
		who := "nobody"
		if a.Principal != nil {
			who = a.Principal.ID
		}
		verdict := "allowed"
		if len(a.Denied) > 0 {
			verdict = "denied: " + a.Denied[0]
		}
		s.printf("   %s  %-13s %-11s %-8s %s\n", e.Time.Format(time.TimeOnly), who, a.Action, orNone(string(a.Purpose)), verdict)
	}
	return nil
}

// tampered verifies the ledger, and then a copy of it with one byte changed.
func (s *story) tampered(ctx context.Context) error {
	s.title("One byte changed in a copy of the ledger")
	key := s.house.ledger.VerifierKey()
	good, err := ledger.Verify(ctx, filepath.Join(s.dir, "ledger"), key, nil)
	if err != nil {
		return err
	}
	if !good.OK {
		return fmt.Errorf("quickstart: the ledger does not verify: %v", good)
	}
	s.printf("   before: %v\n", good)
	dir, err := os.MkdirTemp(s.dir, "tampered-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(filepath.Join(dir, "ledger"), os.DirFS(filepath.Join(s.dir, "ledger"))); err != nil {
		return err
	}
	if err := changeOneByte(filepath.Join(dir, "ledger"), clinician); err != nil {
		return err
	}
	bad, err := ledger.Verify(ctx, filepath.Join(dir, "ledger"), key, nil)
	if err != nil {
		return err
	}
	if bad.OK {
		return errors.New("quickstart: the changed byte was not found")
	}
	s.printf("   after:  %v\n", bad)
	return nil
}

// changeOneByte makes somebody else of the first mention of a name.
func changeOneByte(dir, name string) error {
	segments, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return err
	}
	for _, path := range segments {
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			continue
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		content, err := io.ReadAll(f)
		if at := bytes.Index(content, []byte(name)); err == nil && at >= 0 {
			_, err = f.WriteAt([]byte("x"), int64(at))
			return errors.Join(err, f.Close())
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return errors.New("quickstart: the ledger does not mention the name")
}
