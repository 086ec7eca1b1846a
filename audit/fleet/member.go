package fleet

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/safeguard-sdk/safeguard/audit/anchor"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// maxMembers bounds a fleet.
const maxMembers = 10_000

// A Member is one ledger of the fleet.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type Member struct {
	// Name is unique in the fleet and never used for another ledger: 1 to 64 of
	// a-z, 0-9, '.' and '-', starting with a letter or digit.
	Name string
	// VerifierKey is what the ledger's VerifierKey returned. It must reach the
	// fleet by a way that the member does not control.
	VerifierKey string
	// Source is where its checkpoints and proofs come from.
	Source anchor.Source
	// Dir, if set, is the ledger's directory or a copy of it, which [Verify]
	// then reads record by record.
	Dir string
}

// A State is how a member stands.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type State string

// The states of a member. Only OK is well; the empty State is not.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
const (
	// OK: its checkpoint was collected and extends the last one.
	OK State = "ok"
	// Late: it is reached, but has not grown for longer than Options.Late.
	Late State = "late"
	// Missing: it cannot be reached, or has no checkpoint.
	Missing State = "missing"
	// WrongKey: what it shows is not signed with its key.
	WrongKey State = "wrong key"
	// Forked: what it shows contradicts what was collected.
	Forked State = "forked"
	// RolledBack: it shows fewer records than were collected.
	RolledBack State = "rolled back"
	// Damaged: its records are not what its checkpoint signs.
	Damaged State = "damaged"
	// Unlisted: the log has checkpoints of it, but it is no member any more.
	Unlisted State = "unlisted"
)

// A Finding is what is known of one member.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type Finding struct {
	// Member is its name.
	Member string
	// State is how it stands, Err why, nil if OK.
	State State
	Err   error
	// Collected is how many records the last collected checkpoint covers, At
	// when that was, and Record its number in the fleet's log, which only Verify
	// fills in. At is zero if none was.
	Collected uint64
	At        time.Time
	Record    uint64
	// Current is how many records the checkpoint covers that it shows now.
	Current uint64
	// Old and New are the two notes of a fork or a rollback.
	Old, New []byte

	shown ledger.Checkpoint // what the source showed, if it is signed
}

// String says it in one line.
func (f Finding) String() string {
	line := fmt.Sprintf("%s: %s, collected %d, now %d", f.Member, f.State, f.Collected, f.Current)
	if !f.At.IsZero() {
		line += ", last grown " + f.At.UTC().Format(time.RFC3339)
	}
	return line
}

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,63}$`)

// check refuses a list of members in which two could be taken for one.
func check(members []Member) error {
	if len(members) == 0 || len(members) > maxMembers {
		return fmt.Errorf("members: none, or more than %d", maxMembers)
	}
	names, keys := map[string]bool{}, map[string]bool{}
	for _, m := range members {
		if !nameForm.MatchString(m.Name) {
			return errors.New("members: a name has 1 to 64 of a-z, 0-9, '.' and '-', and starts with a letter or digit")
		}
		v, err := note.NewVerifier(m.VerifierKey)
		if err != nil {
			return fmt.Errorf("members: %s: key: %w", m.Name, err)
		}
		if m.Source == nil {
			return fmt.Errorf("members: %s: no source", m.Name)
		}
		if names[m.Name] || keys[v.Name()] {
			return fmt.Errorf("members: %s: its name or its ledger is listed twice", m.Name)
		}
		names[m.Name], keys[v.Name()] = true, true
	}
	return nil
}
