package query

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/query/internal/token"
)

// A Hit is a record that answers a question, with how its request ended. It is
// the caller's to keep.
//
// Controls: HIPAA 164.312(b), 164.312(a)(2)(i); NIST CSF 2.0 PR.PS-04.
type Hit struct {
	// Ledger and Index say where the record is.
	Ledger string
	Index  uint64
	// ID and Type are those of the record.
	ID, Type string
	// Time is when it happened, Recorded when it got its place in the order of
	// its ledger. A record that says neither has zero times.
	Time, Recorded time.Time
	// Access is who did what, to whom, why, and what was decided: of a record
	// that is no access, what its data has of that.
	//
	// In an answer to AskWhoSaw, Patients holds the tokens that were asked for
	// only. Fields and Opened are those of the whole request, since an Entry
	// notes each name once, in whichever of its records comes first. A patient
	// sees no session, address token, way of signing in or rule of those who
	// acted.
	Access audit.Access
	// Others counts the patients of the record whose tokens were left out.
	Others int
	// Ended is how the request ended, nil if that is not recorded: it still
	// runs, or it was cut off by the end of the process.
	Ended *audit.Ended
	// Parts counts the access records of the request that were found. Fewer
	// than Ended.Parts means that Fields and Opened are not all: some of them
	// were pruned, or there are more than 256.
	Parts int
	// Signed says that the signed checkpoint covered the record.
	Signed bool

	sum   [sha256.Size]byte // of the record
	place place
}

// Exposed reports whether the record may account for PHI that was seen: it is
// no denial, or sealed columns had been opened by then.
func (h *Hit) Exposed() bool {
	return h.Type != audit.TypeDenied || len(h.Access.Fields)+len(h.Access.Opened) > 0
}

// envelope is what a hit shows of a record.
type envelope struct {
	ID           string          `json:"id"`
	Time         string          `json:"time"`
	RecordedTime string          `json:"recordedtime"`
	Data         json.RawMessage `json:"data"`
}

// newHit makes a hit of a record that r has read and m has found to match.
// What stands in it in another form than package audit writes stays empty.
func newHit(m *matcher, r *token.Record, record []byte) Hit {
	h := Hit{Type: string(r.Type), sum: sha256.Sum256(record), Parts: 1}
	var e envelope
	if json.Unmarshal(record, &e) == nil {
		h.ID = e.ID
		h.Time, _ = time.Parse(time.RFC3339Nano, e.Time)
		h.Recorded, _ = time.Parse(time.RFC3339Nano, e.RecordedTime)
		if json.Unmarshal(e.Data, &h.Access) != nil {
			h.Access = audit.Access{}
		}
	}
	// What the answer is filtered by is what was compared, not a second reading.
	h.Access.Entry = string(r.Entry)
	h.Access.Principal = actorOf(r, h.Access.Principal)
	h.Access.Patients = nil
	for _, p := range r.Patients {
		if m.kind != AskWhoSaw || m.asked(p) {
			h.Access.Patients = append(h.Access.Patients, string(p))
		}
	}
	h.Others = len(r.Patients) - len(h.Access.Patients)
	return h
}

// actorOf returns the actor that was compared, with the rest as it was decoded.
func actorOf(r *token.Record, decoded *audit.Actor) *audit.Actor {
	if len(r.Actor.ID) == 0 {
		return nil
	}
	var a audit.Actor
	if decoded != nil {
		a = *decoded
	}
	a.ID, a.Kind = string(r.Actor.ID), string(r.Actor.Kind)
	a.Tenant, a.OnBehalfOf = string(r.Actor.Tenant), string(r.Actor.OnBehalfOf)
	return &a
}

// merge adds the names that another part of the request has.
func merge(into *[]string, names []string) {
	for _, name := range names {
		if !slices.Contains(*into, name) && len(*into) < maxNames {
			*into = append(*into, name)
		}
	}
}

// order is the time by which hits of several ledgers are merged.
func (h *Hit) order() time.Time {
	if h.Recorded.IsZero() {
		return h.Time
	}
	return h.Recorded
}
