package keep

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// maxApproval is how long an approval is good for.
const maxApproval = 7 * 24 * time.Hour

// Errors of a pruning that callers branch on.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
var (
	// ErrApproval reports a pruning that no second person approved.
	ErrApproval = errors.New("keep: prune: not approved by a second person")
	// ErrChanged reports that the plan no longer holds: a hold was set, another
	// pruning was faster, or the log changed. Plan again.
	ErrChanged = errors.New("keep: prune: the plan no longer holds")
	// ErrNotIntact reports a log that does not verify: it may have been changed
	// to hide a hold, and it is evidence.
	ErrNotIntact = errors.New("keep: prune: the log is not intact")
)

// An Approval is a second person's agreement to one plan. It is a plain value:
// the program sees to it that who is named in it gave it.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01.
type Approval struct {
	// By is who agreed, At when.
	By safeguard.Principal
	At time.Time
	// Plan is the digest of what they saw.
	Plan [32]byte
}

// Approve makes the approval of a plan by the person in the context.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01.
func Approve(ctx context.Context, p Plan) (Approval, error) {
	who, ok := safeguard.PrincipalFrom(ctx)
	if !ok || who.Kind != safeguard.Person {
		return Approval{}, errors.New("keep: approve: the context says no person")
	}
	if p.Records == 0 {
		return Approval{}, errors.New("keep: approve: nothing would go")
	}
	return Approval{By: who, At: time.Now(), Plan: p.Digest()}, nil
}

// check refuses an approval that is not another person's, of this plan, and
// fresh.
func (a Approval) check(who safeguard.Principal, p Plan) error {
	age := time.Since(a.At)
	if a.By.Validate() != nil || a.By.Kind != safeguard.Person || samePerson(a.By, who) || a.Plan != p.Digest() ||
		age < -clockSkew || age > maxApproval {
		return ErrApproval
	}
	return nil
}

// samePerson reports whether one person stands behind both: whoever acts through
// a service or an agent is no second one.
func samePerson(a, b safeguard.Principal) bool {
	if a.Tenant != b.Tenant {
		return false
	}
	for _, id := range []string{a.ID, a.OnBehalfOf} {
		if id != "" && (id == b.ID || id == b.OnBehalfOf) {
			return true
		}
	}
	return false
}

// A prunedRecord is the data of a log.pruned record.
type prunedRecord struct {
	Principal  actor     `json:"principal"`
	ApprovedBy actor     `json:"approvedby"`
	Approved   time.Time `json:"approved"`
	From       uint64    `json:"from"`
	Floor      uint64    `json:"floor"`
	Records    uint64    `json:"records"`
	Segments   int       `json:"segments"`
	Oldest     time.Time `json:"oldest"`
	Newest     time.Time `json:"newest"`
	Years      int       `json:"years"`
	Size       uint64    `json:"size"`
	Root       string    `json:"root"`
}

// An actor is a principal as it stands in a record.
type actor struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Tenant string `json:"tenant,omitempty"`
}

func actorOf(p safeguard.Principal) actor { return actor{p.ID, p.Kind.String(), p.Tenant} }

// Prune removes what a plan says, once a second person has approved it. The
// context says who prunes. It verifies the whole log, plans again, and refuses
// with [ErrChanged] unless what the plan says may still go; a longer plan is
// not carried out. The account of it, type log.pruned, is durable and signed
// before the first file goes. The hashes of what goes stay, so the log verifies
// and proves as before.
//
// The files are removed, not overwritten: disposal of the medium is 164.310(d).
func (k *Keeper) Prune(ctx context.Context, p Plan, a Approval) (ledger.Pruned, error) {
	who, ok := safeguard.PrincipalFrom(ctx)
	if !ok {
		return ledger.Pruned{}, errors.New("keep: prune: the context says nobody")
	}
	if k.pruner == nil {
		return ledger.Pruned{}, errors.New("keep: prune: this keeper only plans")
	}
	if p.Records == 0 || p.KeepFrom <= p.From {
		return ledger.Pruned{}, errors.New("keep: prune: nothing may go")
	}
	if err := a.check(who, p); err != nil {
		return ledger.Pruned{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.intact(ctx); err != nil {
		return ledger.Pruned{}, err
	}
	fresh, s, err := k.plan(ctx)
	if err != nil {
		return ledger.Pruned{}, err
	}
	if !covers(fresh, p) || !s.bears(p) {
		return ledger.Pruned{}, ErrChanged
	}
	if err := k.unheld(ctx, s); err != nil {
		return ledger.Pruned{}, err
	}
	p.Checkpoint = fresh.Checkpoint // the one that was verified
	record, err := k.account(who, a, p)
	if err != nil {
		return ledger.Pruned{}, err
	}
	done, err := k.pruner.Prune(ctx, p.KeepFrom, record)
	if err != nil {
		return done, fmt.Errorf("keep: prune: %w", err)
	}
	return done, nil
}

// intact verifies the whole log.
func (k *Keeper) intact(ctx context.Context) error {
	opts := &ledger.VerifyOptions{Progress: k.options.Progress}
	if k.options.Anchors != nil {
		kept, err := k.options.Anchors(ctx)
		if err != nil {
			return fmt.Errorf("keep: prune: anchors: %w", err)
		}
		opts.Anchors = kept
	}
	v, err := ledger.Verify(ctx, k.dir, k.key, opts)
	if err != nil {
		return fmt.Errorf("keep: prune: %w", err)
	}
	if !v.OK {
		return fmt.Errorf("%w: %w", ErrNotIntact, v.Problem)
	}
	return nil
}

// covers reports whether all that old says may go by fresh too.
func covers(fresh, old Plan) bool {
	return fresh.From == old.From && fresh.KeepFrom >= old.KeepFrom && fresh.Checkpoint.Origin == old.Checkpoint.Origin &&
		len(fresh.Segments) >= len(old.Segments) && slices.Equal(fresh.Segments[:len(old.Segments)], old.Segments)
}

// bears reports whether the segments are what a plan says of them: the account
// of a pruning repeats it.
func (s *survey) bears(p Plan) bool {
	is := Plan{From: p.From, KeepFrom: p.From}
	for _, seg := range s.segments {
		if seg.First >= p.From && seg.End <= p.KeepFrom {
			is.take(seg)
		}
	}
	return is.KeepFrom == p.KeepFrom && is.Records == p.Records && slices.Equal(is.Segments, p.Segments) &&
		is.Oldest.Equal(p.Oldest) && is.Newest.Equal(p.Newest)
}

// unheld looks for holds that were set since the survey.
func (k *Keeper) unheld(ctx context.Context, s *survey) error {
	for r, err := range k.reader.Records(ctx, s.size) {
		if err != nil {
			return fmt.Errorf("keep: prune: %w", err)
		}
		event, err := holdEventOf(r)
		if err != nil {
			return err
		}
		if event != nil && event.set != nil {
			return ErrChanged
		}
	}
	return nil
}

// account is the record of a pruning.
func (k *Keeper) account(who safeguard.Principal, a Approval, p Plan) ([]byte, error) {
	data, err := json.Marshal(prunedRecord{
		Principal: actorOf(who), ApprovedBy: actorOf(a.By), Approved: a.At.UTC(), From: p.From, Floor: p.KeepFrom,
		Records: p.Records, Segments: len(p.Segments), Oldest: p.Oldest, Newest: p.Newest, Years: k.options.Years,
		Size: p.Checkpoint.Size, Root: hex.EncodeToString(p.Checkpoint.Root[:]),
	})
	if err != nil {
		return nil, fmt.Errorf("keep: prune: %w", err)
	}
	b, err := audit.Event{ID: rand.Text(), Source: p.Checkpoint.Origin, Type: audit.TypeLogPruned, Time: time.Now(),
		HIPAAControl: string(safeguard.DocumentationTimeLimit), Data: data}.Append(nil)
	if err != nil {
		return nil, fmt.Errorf("keep: prune: %w", err)
	}
	return b, nil
}
