package query

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// An Answer is one page of hits. It is for one goroutine.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type Answer struct {
	// ID is the id of the record that accounts for the question.
	ID string
	// Hits are in the order of the ledger, or of the time at which they were
	// recorded if there are several.
	Hits []Hit
	// Next is Question.After of the next page, empty if this is the last.
	Next string
	// Unreadable counts records between the hits that may belong to the answer
	// and cannot be read: they are no JSON, or have a member twice. Unread
	// names up to 16 of them as ledger and index.
	Unreadable int
	Unread     []string
	// Ledgers say how much of each ledger the answer covers.
	Ledgers []Extent

	log      *Log
	question Question
	tenant   string // of whoever asked
	views    map[string]*view
}

// Unsigned counts the hits that no signed checkpoint covered.
func (a *Answer) Unsigned() int {
	n := 0
	for i := range a.Hits {
		if !a.Hits[i].Signed {
			n++
		}
	}
	return n
}

// discreet leaves out what a patient does not need to know of those who acted:
// sessions, addresses, how they signed in and which rules decided.
func (a *Answer) discreet() {
	for i := range a.Hits {
		h := &a.Hits[i].Access
		h.Source = ""
		if p := h.Principal; p != nil {
			p.Session, p.Method = "", ""
		}
		if d := h.Decision; d != nil {
			d.Rules, d.Policy, d.Basis = nil, "", nil
		}
	}
}

// Bundle returns the records of the page that lie in one ledger with proofs
// that they stand in it, under its signed checkpoint: ledger.Bundle.Verify
// checks it offline. It leaves with whole records, so it is authorised and
// recorded by itself, as AskProof. It is denied to another tenant than that of
// whoever asked, and to a patient if one of them names somebody else.
//
// It returns [ErrUnproven] if the checkpoint does not cover all of them yet,
// and an error if a record is not the one that was read.
func (a *Answer) Bundle(ctx context.Context, name string) (ledger.Bundle, error) {
	var none ledger.Bundle
	v, ok := a.views[name]
	if !ok {
		return none, fmt.Errorf("%w: no such ledger", ErrQuestion)
	}
	var indexes []uint64
	sums := map[uint64][sha256.Size]byte{}
	others := 0
	for i := range a.Hits {
		if h := &a.Hits[i]; h.Ledger == name {
			indexes = append(indexes, h.Index)
			sums[h.Index] = h.sum
			others += h.Others
		}
	}
	if len(indexes) == 0 {
		return none, fmt.Errorf("%w: the page has no hit in this ledger", ErrQuestion)
	}
	q := a.question
	q.Kind = AskProof
	asker, err := a.log.admit(ctx, &q, a.question.Kind)
	if err != nil {
		return none, err
	}
	if asker.principal.Tenant != a.tenant || asker.patient && others > 0 {
		return none, a.log.refuse(ctx, &q, asker, a.ID)
	}
	signed, err := v.reader.Checkpoint(v.VerifierKey)
	if err == nil && indexes[len(indexes)-1] >= signed.Size {
		err = ErrUnproven
	}
	if err != nil {
		return none, a.log.fail(ctx, &q, asker, v.wrap(err))
	}
	b, err := v.reader.Bundle(ctx, v.VerifierKey, indexes, &ledger.BundleOptions{Checkpoint: signed.Note})
	if err == nil {
		err = same(b, sums)
	}
	if err != nil {
		return none, a.log.fail(ctx, &q, asker, v.wrap(err))
	}
	if _, err := a.log.record(ctx, &q, asker, account{allowed: true, count: len(indexes), cause: a.ID}); err != nil {
		return none, err
	}
	return b, nil
}

// same returns an error unless the bundle proves the records that were read.
func same(b ledger.Bundle, sums map[uint64][sha256.Size]byte) error {
	proven := map[uint64]bool{}
	for _, p := range b.Entries {
		if sums[p.Index] != sha256.Sum256(p.Record) {
			return errors.New("a record is not the one that was read")
		}
		proven[p.Index] = true
	}
	if len(proven) != len(sums) {
		return errors.New("a record is not proven")
	}
	return nil
}
