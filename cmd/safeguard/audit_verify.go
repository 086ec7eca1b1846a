package main

import (
	"encoding/hex"
	"fmt"
	"io"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

type auditVerify struct {
	auditLedger
	auditKept
	Fleet string `placeholder:"FILE" help:"The members of a fleet (JSON): DIR is then the fleet's log of their checkpoints."`
	JSON  bool   `name:"json" help:"Write the verdict as JSON."`
}

// Help is the long text of --help.
func (auditVerify) Help() string {
	return `Everything is recomputed, with the public key alone; nothing is written. It may run beside the service, or on a copy. Exit code 1 says that the ledger is not what was signed; the first bad entry is named.

Intact means that these are the records that the holder of the key signed: not that they are true, nor that everything that happened was recorded. Records that are not signed yet, and those that no checkpoint kept elsewhere covers, are counted in every verdict: docs/audit-claims.md says who could change which.

A fleet is a file like

  {"members": [{"name": "charts-1", "key": "VKEY", "dir": "ledgers/charts-1"}, {"name": "charts-2", "key": "VKEY", "url": "https://charts-2.example/log/"}], "late": "2h"}

with, for each member, dir (a ledger or a copy, read record by record), tiles (a directory in the layout of C2SP tlog-tiles) or url (the same behind https). Paths are relative to the file. A member that is missing, late, forked or set back is named.`
}

// Run verifies.
func (c *auditVerify) Run(e *env) error {
	key, err := c.verifierKey(e)
	if err != nil {
		return err
	}
	anchors, err := c.read(e, key)
	if err != nil {
		return err
	}
	if c.Fleet != "" {
		return c.fleet(e, key, anchors)
	}
	v, err := verifyLedger(e, c.Dir, key, anchors)
	if err != nil {
		return err
	}
	if err := c.show(e, v); err != nil {
		return err
	}
	if !v.OK {
		return findings("%s: not intact", c.Dir)
	}
	return nil
}

// verifyLedger verifies a ledger. The error is for what prevents a verdict.
func verifyLedger(e *env, dir, key string, anchors []ledger.Kept) (ledger.Verdict, error) {
	e.step("verifying %s", dir)
	v, err := ledger.Verify(e.ctx, dir, key, &ledger.VerifyOptions{Anchors: anchors, Progress: e.counted(dir + ": records")})
	if err != nil {
		return v, openFault(dir, err)
	}
	return v, nil
}

// intact returns nil for a ledger that is what was signed.
func intact(e *env, dir, key string, anchors []ledger.Kept) error {
	v, err := verifyLedger(e, dir, key, anchors)
	if err == nil && !v.OK {
		err = findings("%s: %s", dir, v)
	}
	return err
}

func (c *auditVerify) show(e *env, v ledger.Verdict) error {
	if c.JSON {
		return indented(describe(v))(e.out)
	}
	return writeVerdict(e.out, describe(v))
}

// verdict is what is said of a ledger.
type verdict struct {
	OK         bool     `json:"ok"`
	Origin     string   `json:"origin,omitempty"`
	Records    uint64   `json:"records"`
	Signed     uint64   `json:"signed"`
	Unsigned   uint64   `json:"not_signed"`
	Anchored   uint64   `json:"kept_elsewhere"`
	Unanchored uint64   `json:"not_anchored"`
	Floor      uint64   `json:"floor"`
	Unfinished int64    `json:"unfinished_bytes"`
	Segments   int      `json:"segment_files"`
	Root       string   `json:"root"`
	Problem    *problem `json:"problem,omitempty"`
}

// problem is the first thing that is wrong.
type problem struct {
	Entry   uint64 `json:"entry"`
	Segment string `json:"segment,omitempty"`
	Offset  int64  `json:"offset"`
	Reason  string `json:"reason"`
}

func describe(v ledger.Verdict) verdict {
	d := verdict{
		OK: v.OK, Origin: v.Checkpoint.Origin, Records: v.Size, Signed: v.Checkpoint.Size, Unsigned: v.Unsigned,
		Anchored: v.Anchored, Unanchored: v.Unanchored, Floor: v.Floor, Unfinished: v.Unfinished,
		Segments: v.Segments, Root: hex.EncodeToString(v.Root[:]),
	}
	if p := v.Problem; p != nil {
		d.Problem = &problem{p.Index, p.Segment, p.Offset, p.Reason}
	}
	return d
}

// writeVerdict says it in lines. The floor and both tails always stand there.
func writeVerdict(w io.Writer, d verdict) error {
	word := "NOT INTACT"
	if d.OK {
		word = "intact"
	}
	_, err := fmt.Fprintf(w, `%s: %s
records read: %d, in %d segment files
signed: %d
not signed: %d
pruned before entry: %d
kept elsewhere: %d
not anchored: %d
unfinished bytes: %d
`, word, d.Origin, d.Records, d.Segments, d.Signed, d.Unsigned, d.Floor, d.Anchored, d.Unanchored, d.Unfinished)
	if err == nil && d.Problem != nil {
		_, err = fmt.Fprintf(w, "first bad entry: %d\n%s\n", d.Problem.Entry, d.Problem.where())
	}
	return err
}

func (p problem) where() string {
	if p.Segment == "" {
		return p.Reason
	}
	return fmt.Sprintf("%s, offset %d: %s", p.Segment, p.Offset, p.Reason)
}
