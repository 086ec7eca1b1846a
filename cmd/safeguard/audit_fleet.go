package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/anchor"
	"github.com/safeguard-sdk/safeguard/audit/fleet"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// fleetFile describes a fleet.
type fleetFile struct {
	Members []fleetMember `json:"members"`
	Late    string        `json:"late"` // how long a member may rest
}

// fleetMember is one ledger of a fleet. One of Dir, Tiles and URL is set.
type fleetMember struct {
	Name  string `json:"name"`
	Key   string `json:"key"`
	Dir   string `json:"dir"`
	Tiles string `json:"tiles"`
	URL   string `json:"url"`
}

// parseFleet reads a description of a fleet, strictly.
func parseFleet(b []byte) (*fleetFile, error) {
	f := &fleetFile{}
	if err := strictJSON(b, f); err != nil {
		return nil, err
	}
	if len(f.Members) == 0 {
		return nil, errors.New("there is no member")
	}
	for _, m := range f.Members {
		ways := 0
		for _, way := range []string{m.Dir, m.Tiles, m.URL} {
			if way != "" {
				ways++
			}
		}
		if m.Name == "" || m.Key == "" || ways != 1 {
			return nil, errors.New("every member needs a name, a key, and one of dir, tiles and url")
		}
	}
	return f, nil
}

// fleetLate is how long a member may rest.
func (f *fleetFile) late() (time.Duration, error) {
	if f.Late == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(f.Late)
	if err != nil || d <= 0 {
		return 0, errors.New("late is no duration like 2h")
	}
	return d, nil
}

// members returns the members; paths are relative to base.
func (f *fleetFile) members(base string) ([]fleet.Member, error) {
	var list []fleet.Member
	for _, m := range f.Members {
		member := fleet.Member{Name: m.Name, VerifierKey: m.Key}
		switch {
		case m.URL != "":
			source, err := anchor.URL(m.URL, nil)
			if err != nil {
				return nil, err
			}
			member.Source = source
		case m.Tiles != "":
			member.Source = anchor.TilesOf(os.DirFS(under(base, m.Tiles)))
		default:
			member.Dir = under(base, m.Dir)
			member.Source = directory(member.Dir)
		}
		list = append(list, member)
	}
	return list, nil
}

func under(base, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(base, path)
}

// directory is the source of a ledger that may not be there.
func directory(dir string) anchor.Source {
	source, err := anchor.Directory(dir)
	if err != nil {
		return missing{err}
	}
	return source
}

// missing is the source of a ledger that is not there.
type missing struct{ err error }

// Checkpoint implements anchor.Source.
func (m missing) Checkpoint(context.Context) ([]byte, error) { return nil, m.err }

// Consistency implements anchor.Source.
func (m missing) Consistency(context.Context, ledger.Checkpoint, uint64) ([][32]byte, error) {
	return nil, m.err
}

// fleet verifies a fleet.
func (c *auditVerify) fleet(e *env, key string, anchors []ledger.Kept) error {
	f, err := parse(e, c.Fleet, parseFleet)
	if err != nil {
		return err
	}
	late, err := f.late()
	if err != nil {
		return refused(inFile(c.Fleet, err))
	}
	members, err := f.members(filepath.Dir(c.Fleet))
	if err != nil {
		return refused(inFile(c.Fleet, err))
	}
	e.step("verifying a fleet of %d", len(members))
	v, err := fleet.Verify(e.ctx, c.Dir, key, members, &fleet.VerifyOptions{Options: fleet.Options{Late: late}, Anchors: anchors})
	if err != nil {
		return openFault(c.Dir, err)
	}
	if err := c.showFleet(e, v); err != nil {
		return err
	}
	if !v.OK {
		return findings("%s: the fleet is not intact", c.Dir)
	}
	return nil
}

// fleetVerdict is what is said of a fleet.
type fleetVerdict struct {
	OK       bool            `json:"ok"`
	Log      verdict         `json:"log"`
	Records  uint64          `json:"records"`
	Verified uint64          `json:"verified"`
	Members  []memberVerdict `json:"members"`
}

// memberVerdict is what is said of one member.
type memberVerdict struct {
	Name      string     `json:"name"`
	State     string     `json:"state"`
	Collected uint64     `json:"collected"`
	At        *time.Time `json:"collected_at,omitempty"`
	Current   uint64     `json:"current"`
	Reason    string     `json:"reason,omitempty"`
}

func (c *auditVerify) showFleet(e *env, v fleet.Verdict) error {
	d := fleetVerdict{OK: v.OK, Log: describe(v.Log), Records: v.Records, Verified: v.Verified, Members: []memberVerdict{}}
	for _, f := range v.Members {
		m := memberVerdict{Name: f.Member, State: string(f.State), Collected: f.Collected, Current: f.Current}
		if !f.At.IsZero() {
			m.At = &f.At
		}
		if f.Err != nil {
			m.Reason = f.Err.Error()
		}
		d.Members = append(d.Members, m)
	}
	if c.JSON {
		return indented(d)(e.out)
	}
	return writeFleet(e.out, d)
}

func writeFleet(w io.Writer, d fleetVerdict) error {
	word := "NOT INTACT"
	if d.OK {
		word = "intact"
	}
	_, err := fmt.Fprintf(w, "fleet %s: members %d, records %d, of which read %d\nlog of checkpoints: ", word, len(d.Members), d.Records, d.Verified)
	if err == nil {
		err = writeVerdict(w, d.Log)
	}
	for _, m := range d.Members {
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%s: %s, collected %d, now %d", m.Name, m.State, m.Collected, m.Current)
		if m.Reason != "" {
			line += ": " + m.Reason
		}
		_, err = fmt.Fprintln(w, line)
	}
	return err
}
