package rekey

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// What a run did.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
const (
	ModeRewrap = "rewrap"
	ModeVerify = "verify"
	ModeRebind = "rebind"
	ModeUnbind = "unbind"
)

// How a Verify looked.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
const (
	ScopeEvery  = "every cell was opened"
	ScopeSample = "a sample of the cells was opened"
	ScopeStale  = "only stale rows were looked for"
)

// A Report is what a run saw and did, for people and, as JSON, for programs.
// It is plain data without values; Positions is there only if asked for.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Report struct {
	Mode     string              `json:"mode"`
	Scope    string              `json:"scope,omitempty"`
	Controls []safeguard.Control `json:"controls"`
	Tenant   string              `json:"tenant"`
	// KeyID is the tenant key that new values carry, at the end of the run.
	KeyID    uint32    `json:"key_id"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished,omitzero"`
	// Resumed is how often the run went on from a checkpoint.
	Resumed uint64 `json:"resumed,omitempty"`

	// RowsChanged and CellsChanged count what Rewrap, Rebind and Unbind
	// replaced; Missed what somebody else changed first; Retries the batches
	// that the Source refused and that were done again.
	RowsChanged  uint64 `json:"rows_changed"`
	CellsChanged uint64 `json:"cells_changed"`
	Missed       uint64 `json:"missed"`
	Retries      uint64 `json:"retries"`

	// What the last pass over the rows found. Rows are all that it read.
	Rows uint64 `json:"rows"`
	// Fresh, Stale, Null, Shredded, Unopenable and Misshapen count cells: under
	// the newest key; under an older one; without a value; of a destroyed key;
	// sealed, but not to be opened at their place; not sealed values at all,
	// such as plaintext. Each cell is in one of them.
	Fresh      uint64 `json:"fresh"`
	Stale      uint64 `json:"stale"`
	Null       uint64 `json:"null"`
	Shredded   uint64 `json:"shredded"`
	Unopenable uint64 `json:"unopenable"`
	Misshapen  uint64 `json:"misshapen"`
	// Refused counts rows that the Source would not have changed.
	Refused uint64 `json:"refused,omitempty"`
	// Elsewhere counts rows that an Unbind found with a third patient.
	Elsewhere uint64 `json:"elsewhere,omitempty"`
	// Counted is how many rows a Verify must have read by a count of its own,
	// and Unseen how many cells that count found, under other keys than KeyID
	// or none, which Verify did not. Unless rows come and go at the time, both
	// tell of rows that the Source's pages pass over.
	Counted uint64 `json:"counted,omitempty"`
	Unseen  uint64 `json:"unseen,omitempty"`
	// KeyChanged says that the keyset was rotated during a Verify, so that it
	// shows of no key that it may be destroyed.
	KeyChanged bool `json:"key_changed,omitempty"`
	// Opened counts the cells that Verify opened.
	Opened uint64 `json:"opened"`
	// Keys counts cells by the tenant key that they carry, those of destroyed
	// subjects left out.
	Keys map[uint32]uint64 `json:"keys,omitempty"`
	// Positions are those of rows with an unopenable or misshapen cell, and of
	// rows that were refused.
	Positions []string `json:"positions,omitempty"`

	// Complete is whether the run came to its end and nothing is left to do:
	// Stale, Unopenable, Misshapen and Refused are 0, for a Verify Unseen is and
	// Rows are not fewer than Counted, and for a Rebind or Unbind Shredded and
	// Elsewhere are 0 too.
	Complete bool `json:"complete"`
}

// SafeToDestroy returns nil if this report shows that no value of its Source
// needs the tenant key id, and otherwise why not. Only a finished Verify shows
// it that looked at every row, saw at least one, counted as many without pages,
// and during which the keyset was not rotated. Ask it of every table, wrap the subjects' keys anew as well, and
// remember that backups from before the rewrap need the key for as long as
// they are to open.
//
// It does not know which keys there are: of an id that never was, nothing
// needs the key. Nor does it know of other processes: one that has not loaded
// the rotated keyset, for instance since its key service is down, goes on to
// seal under the old key. Be sure that every process has, before the Verify.
func (r Report) SafeToDestroy(id uint32) error {
	switch {
	case r.Mode != ModeVerify || r.Scope == ScopeStale || r.Finished.IsZero():
		return errors.New("rekey: destroy: not shown: it takes a finished Verify over all rows")
	case r.Rows == 0:
		return errors.New("rekey: destroy: not shown: no row was seen")
	case !r.wholly():
		return fmt.Errorf("rekey: destroy: not shown: %d rows were seen of %d, and %d cells of the old keys not", r.Rows, r.Counted, r.Unseen)
	case r.KeyChanged:
		return errors.New("rekey: destroy: not shown: the keyset was rotated during the Verify")
	case id == r.KeyID:
		return errors.New("rekey: destroy: new values are sealed under the key")
	case r.Keys[id] > 0:
		return fmt.Errorf("rekey: destroy: %d cells need the key", r.Keys[id])
	case r.Unopenable+r.Misshapen > 0:
		return fmt.Errorf("rekey: destroy: %d cells do not open, and may need any key", r.Unopenable+r.Misshapen)
	}
	return nil
}

// String returns the report as some lines of text.
func (r Report) String() string {
	var b strings.Builder
	state := "NOT COMPLETE"
	if r.Complete {
		state = "complete"
	}
	fmt.Fprintf(&b, "%s of tenant %q under key %d: %s\n", r.Mode, r.Tenant, r.KeyID, state)
	if r.Scope != "" {
		fmt.Fprintf(&b, "  scope       %s (%d opened)\n", r.Scope, r.Opened)
	}
	fmt.Fprintf(&b, "  serves      HIPAA %s\n", join(r.Controls))
	fmt.Fprintf(&b, "  time        %s, %s\n", r.Started.UTC().Format(time.RFC3339), r.took())
	fmt.Fprintf(&b, "  changed     %d rows, %d cells (%d missed, %d retries, %d resumed)\n",
		r.RowsChanged, r.CellsChanged, r.Missed, r.Retries, r.Resumed)
	last := "last pass"
	if r.Mode == ModeRewrap { // which reads only what is not fresh
		last = "left"
	}
	fmt.Fprintf(&b, "  %-11s %d rows: %d fresh, %d stale, %d null, %d shredded, %d unopenable, %d misshapen\n",
		last, r.Rows, r.Fresh, r.Stale, r.Null, r.Shredded, r.Unopenable, r.Misshapen)
	if r.Refused > 0 {
		fmt.Fprintf(&b, "  refused     %d rows\n", r.Refused)
	}
	if !r.wholly() {
		fmt.Fprintf(&b, "  not seen    %d of %d rows, %d cells that are not under key %d\n",
			max(r.Counted, r.Rows)-r.Rows, r.Counted, r.Unseen, r.KeyID)
	}
	return b.String()
}

func (r Report) took() string {
	if r.Finished.IsZero() {
		return "not finished"
	}
	return r.Finished.Sub(r.Started).Round(time.Millisecond).String()
}

func join(controls []safeguard.Control) string {
	var names []string
	for _, c := range controls {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}

// wholly reports whether Verify saw all that was counted.
func (r *Report) wholly() bool { return r.Unseen == 0 && r.Rows >= r.Counted }

// newPass forgets what an earlier pass found.
func (r *Report) newPass() {
	r.Rows, r.Fresh, r.Stale, r.Null = 0, 0, 0, 0
	r.Shredded, r.Unopenable, r.Misshapen, r.Opened, r.Elsewhere = 0, 0, 0, 0, 0
	r.Refused = 0
	r.Keys, r.Positions = nil, nil
}

// clean reports whether nothing was found that is still to do.
func (r *Report) clean() bool { return r.Stale+r.Unopenable+r.Misshapen+r.Refused == 0 }
