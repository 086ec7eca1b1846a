package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/anchor"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

type auditAnchorStatus struct {
	auditLedger
	auditKept
	Quorum  int     `placeholder:"N" help:"How many places must have a checkpoint for it to count. Default: all."`
	Max     *uint64 `placeholder:"N" help:"Exit 1 if more than N signed records are not anchored."`
	Witness string  `name:"witness-key" placeholder:"VKEY" help:"The public key of a witness: say when it last signed."`
	JSON    bool    `name:"json" help:"Write it as JSON."`
}

// Help is the long text of --help.
func (auditAnchorStatus) Help() string {
	return `It asks no place, but reads what was kept (--known, --anchor-file, --anchor-state), and proves that each is of the same ledger as the checkpoint in DIR; exit code 1 says that one is not. The records themselves are verified by 'audit verify' with the same flags.`
}

// anchored is what is said of the places.
type anchored struct {
	Origin     string          `json:"origin"`
	Signed     uint64          `json:"signed"`
	Anchored   uint64          `json:"anchored"`
	Unanchored uint64          `json:"not_anchored"`
	Witnessed  *time.Time      `json:"witnessed,omitempty"`
	Places     []anchoredPlace `json:"places"`
}

// anchoredPlace is what one place has.
type anchoredPlace struct {
	Name    string `json:"name"`
	Size    uint64 `json:"size"`
	Problem string `json:"problem,omitempty"`
}

// Run says what is anchored.
func (c *auditAnchorStatus) Run(e *env) error {
	key, err := c.verifierKey(e)
	if err != nil {
		return err
	}
	if !c.given() {
		return refused(errors.New("say what was kept: --known, --anchor-file or --anchor-state"))
	}
	kept, err := c.read(e, key)
	if err != nil {
		return err
	}
	if c.Quorum < 0 || c.Quorum > len(kept) {
		return refused(fmt.Errorf("--quorum: there are %d checkpoints", len(kept)))
	}
	a, err := c.status(e, key, kept)
	if err != nil {
		return auditFault(err)
	}
	write := a.write
	if c.JSON {
		write = indented(a)
	}
	if err := write(e.out); err != nil {
		return err
	}
	return c.judge(a)
}

func (c *auditAnchorStatus) status(e *env, key string, kept []ledger.Kept) (anchored, error) {
	reader, err := ledger.OpenReader(c.Dir)
	if err != nil {
		return anchored{}, err
	}
	defer reader.Close()
	now, err := reader.Checkpoint(key)
	if err != nil {
		return anchored{}, err
	}
	a := anchored{Origin: now.Origin, Signed: now.Size}
	var sizes []uint64
	for _, k := range kept {
		p := anchoredPlace{Name: k.Name}
		old, err := ledger.ParseCheckpoint(k.Note, key)
		if err == nil {
			p.Size = old.Size
			_, err = reader.ProveConsistency(e.ctx, key, old)
		}
		switch {
		case err == nil:
			sizes = append(sizes, old.Size)
		case errors.Is(err, ledger.ErrDamaged) || errors.Is(err, ledger.ErrWrongKey):
			p.Problem = err.Error()
			sizes = append(sizes, 0)
		default:
			return anchored{}, err
		}
		a.Places = append(a.Places, p)
	}
	a.count(sizes, c.Quorum)
	return a, c.witnessed(&a, kept)
}

// count reckons what as many places have as the quorum demands.
func (a *anchored) count(sizes []uint64, quorum int) {
	slices.Sort(sizes)
	if quorum == 0 {
		quorum = len(sizes)
	}
	a.Anchored = min(sizes[len(sizes)-quorum], a.Signed)
	a.Unanchored = a.Signed - a.Anchored
}

func (c *auditAnchorStatus) witnessed(a *anchored, kept []ledger.Kept) error {
	if c.Witness == "" {
		return nil
	}
	w, err := anchor.NewCosigner(c.Witness)
	if err != nil {
		return refused(fmt.Errorf("--witness-key: %w", err))
	}
	at, err := w.Newest(kept)
	if err != nil {
		return findings("%w", err)
	}
	a.Witnessed = &at
	return nil
}

func (a anchored) write(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s: signed %d, anchored %d, not anchored %d\n", a.Origin, a.Signed, a.Anchored, a.Unanchored)
	if err == nil && a.Witnessed != nil {
		_, err = fmt.Fprintf(w, "witnessed: %s\n", a.Witnessed.UTC().Format(time.RFC3339))
	}
	for _, p := range a.Places {
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%s: %d", p.Name, p.Size)
		if p.Problem != "" {
			line += ": " + p.Problem
		}
		_, err = fmt.Fprintln(w, line)
	}
	return err
}

func (c *auditAnchorStatus) judge(a anchored) error {
	for _, p := range a.Places {
		if p.Problem != "" {
			return findings("%s: what %s has is not of this ledger", c.Dir, p.Name)
		}
	}
	if c.Max != nil && a.Unanchored > *c.Max {
		return findings("%s: %d signed records are not anchored", c.Dir, a.Unanchored)
	}
	return nil
}
