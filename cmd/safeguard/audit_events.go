package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/safeguard-sdk/safeguard/audit/event"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/cmd/safeguard/internal/ledgerfile"
)

// events writes the signed records, each in a line.
func (c *auditExport) events(e *env, r *recorded, key string, anchors []ledger.Kept) error {
	var known [][]byte
	for _, k := range anchors {
		known = append(known, k.Note)
	}
	e.step("verifying %s", c.Dir)
	log, err := ledgerfile.Open(e.ctx, c.Dir, key, known...)
	if err != nil {
		return notIntact(c.Dir, err)
	}
	s := &sheaf{}
	if c.To != "-" {
		if err := s.stage(c.To, nil); err != nil {
			return err
		}
		defer s.discard()
	}
	point := log.Verdict.Checkpoint
	if err := r.handsOut("cloudevents", point.Note, map[string]any{"records": point.Size - log.Verdict.Floor}); err != nil {
		return err
	}
	to := e.out
	if len(s.staged) > 0 {
		to = s.staged[0]
	}
	if err := writeEvents(e, to, &watched{log, e}); err != nil {
		return notIntact(c.Dir, err)
	}
	if len(s.staged) > 0 {
		if err := s.staged[0].put(nil); err != nil {
			return err
		}
	}
	return c.say(e, exported{Ledger: c.Dir, To: c.To, First: log.Verdict.Floor, End: point.Size})
}

// writeEvents writes valid events only.
func writeEvents(e *env, w io.Writer, log *watched) error {
	out := bufio.NewWriter(w)
	index := log.Verdict.Floor
	var line bytes.Buffer
	for record, err := range log.Records(e.ctx) {
		if err != nil {
			return err
		}
		if err := event.Validate(record); err != nil {
			return findings("entry %d: %w", index, err)
		}
		line.Reset()
		if err := json.Compact(&line, record); err != nil {
			return findings("entry %d: is not JSON", index)
		}
		line.WriteByte('\n')
		if _, err := out.Write(line.Bytes()); err != nil {
			return err
		}
		index++
	}
	return out.Flush()
}

// notIntact marks a ledger that is not what was signed as a finding.
func notIntact(dir string, err error) error {
	fault := ledgerFault(dir, err)
	if fault != err {
		return findings("%s: %w", dir, err)
	}
	return fmt.Errorf("%s: %w", dir, err)
}
