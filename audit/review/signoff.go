package review

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// A SignOff is the signed result of a [Round]: who reviewed which records,
// under which root, with which verdicts. It is the data of an
// [audit.TypeReviewCompleted] record. The signature (Ed25519, RFC 8032) is the
// reviewer's over [SignOff.Canonical].
//
// It shows that somebody with the reviewer's key judged every item; it does not
// show that they looked.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.316(b)(1); NIST CSF 2.0 DE.AE-03.
type SignOff struct {
	Version int `json:"version"`
	// From and To are the range, Checkpoint the signed note that seals it.
	From       uint64 `json:"from"`
	To         uint64 `json:"to"`
	Checkpoint string `json:"checkpoint"`
	// Digest is that of the Round, in hexadecimal.
	Digest string `json:"digest"`
	// First and Last are when the first and last record were written.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	// Accesses, Flagged, Sampled and Sample are those of the Round.
	Accesses uint64 `json:"accesses"`
	Flagged  uint64 `json:"flagged"`
	Sampled  uint64 `json:"sampled"`
	Sample   int    `json:"sample"`
	// Judgements are by index.
	Judgements []Judgement `json:"judgements"`
	// Tenant and Reviewer are the account of the person who reviewed, At is
	// when.
	Tenant   string    `json:"tenant,omitempty"`
	Reviewer string    `json:"reviewer"`
	At       time.Time `json:"at"`
	// Own is a code that says why the reviewer judged items of their own, and
	// empty if there were none.
	Own string `json:"own,omitempty"`
	// Signature is in base64.
	Signature string `json:"signature"`
}

// SignOptions are the settings of [Round.Sign]. Nil is the safe choice.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D).
type SignOptions struct {
	// UnsafeOwnItems lets a reviewer judge items in which they acted. It is a
	// code that says why, for instance "sole-practitioner", and stands in the
	// sign-off for everybody to see.
	UnsafeOwnItems string
}

// Sign closes the round. There must be one judgement for every item, and the
// reviewer, a person, must have acted in none of them. key is the reviewer's
// Ed25519 key. Sign returns [ErrJudgement], [ErrOwn], an error that unwraps to
// safeguard.ErrPrincipal, or that of the key.
func (r *Round) Sign(reviewer safeguard.Principal, key crypto.Signer, judgements []Judgement, opts *SignOptions) (SignOff, error) {
	if err := reviewer.Validate(); err != nil || reviewer.Kind != safeguard.Person {
		return SignOff{}, fmt.Errorf("review: reviewer: wants a person: %w", errors.Join(safeguard.ErrPrincipal, err))
	}
	list, err := ordered(judgements)
	if err != nil {
		return SignOff{}, err
	}
	if err := r.judged(list); err != nil {
		return SignOff{}, err
	}
	s := SignOff{
		Version: 1, From: r.From, To: r.To, Checkpoint: string(r.Checkpoint.Note), Digest: fmt.Sprintf("%x", r.Digest),
		First: r.First, Last: r.Last, Accesses: r.Accesses, Flagged: r.Flagged, Sampled: r.Sampled, Sample: r.Sample,
		Judgements: list, Tenant: reviewer.Tenant, Reviewer: reviewer.ID, At: time.Now().UTC().Truncate(time.Second),
	}
	if r.own(reviewer.Tenant, reviewer.ID) {
		if opts == nil || !code(opts.UnsafeOwnItems) {
			return SignOff{}, ErrOwn
		}
		s.Own = opts.UnsafeOwnItems
	}
	return s.sign(key)
}

func (s SignOff) sign(key crypto.Signer) (SignOff, error) {
	if key == nil {
		return SignOff{}, fmt.Errorf("%w: no key", ErrOptions)
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return SignOff{}, fmt.Errorf("%w: the key is not Ed25519", ErrOptions)
	}
	message := s.Canonical()
	signature, err := key.Sign(rand.Reader, message, crypto.Hash(0))
	if err != nil {
		return SignOff{}, fmt.Errorf("review: sign: %w", err)
	}
	if !ed25519.Verify(public, message, signature) {
		return SignOff{}, fmt.Errorf("review: sign: %w: the key does not sign", ErrSignOff)
	}
	s.Signature = base64.StdEncoding.EncodeToString(signature)
	return s, nil
}

// Canonical returns the bytes that are signed: one line for each field, and of
// judgements and checkpoint their SHA-256 and text.
func (s SignOff) Canonical() []byte {
	b := fmt.Appendf(nil, "safeguard review sign-off v%d\nrange %d %d\nrecords %s\n", s.Version, s.From, s.To, s.Digest)
	b = fmt.Appendf(b, "written %s %s\n", stamp(s.First), stamp(s.Last))
	b = fmt.Appendf(b, "accesses %d\nitems %d %d of %d\n", s.Accesses, s.Flagged, s.Sampled, s.Sample)
	b = fmt.Appendf(b, "verdicts %d %d %d\n", count(s.Judgements, Appropriate), count(s.Judgements, Inappropriate), count(s.Judgements, Unclear))
	b = fmt.Appendf(b, "judgements %x\n", digestOf(s.Judgements))
	b = fmt.Appendf(b, "reviewer %q %q\nat %s\nown %q\n\n", s.Tenant, s.Reviewer, stamp(s.At), s.Own)
	return append(b, s.Checkpoint...)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// Count returns how many items have a verdict.
func (s SignOff) Count(v Verdict) int { return count(s.Judgements, v) }

// Record writes the sign-off and returns the id of the record. The review
// counts once it has been written.
func (s SignOff) Record(ctx context.Context, to audit.Noter) (id string, err error) {
	data, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("review: sign-off: %w", err)
	}
	id, err = to.Record(ctx, audit.Notice{
		Type: audit.TypeReviewCompleted, Subject: fmt.Sprintf("review/%d-%d", s.From, s.To), Data: data,
		Principal: safeguard.Principal{ID: s.Reviewer, Kind: safeguard.Person, Tenant: s.Tenant},
		Controls:  []safeguard.Control{safeguard.InformationSystemActivityReview},
	})
	if err != nil {
		return "", fmt.Errorf("review: sign-off: %w", err)
	}
	return id, nil
}

// maxSignOff bounds a sign-off, in bytes: that of a record.
const maxSignOff = 65_535

// ParseSignOff reads the data of an [audit.TypeReviewCompleted] record. It is
// strict: unknown members, judgements that are out of order and an account
// other than the reviewer's are refused with [ErrSignOff]. It does not verify
// the signature.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
func ParseSignOff(data []byte) (SignOff, error) {
	var in struct {
		SignOff
		Principal *audit.Actor `json:"principal"`
		Patients  []string     `json:"patients"`
	}
	if len(data) > maxSignOff || strict(data, &in) != nil {
		return SignOff{}, fmt.Errorf("%w: not the JSON of one", ErrSignOff)
	}
	s, p := in.SignOff, in.Principal
	list, err := ordered(s.Judgements)
	switch {
	case s.Version != 1 || s.From >= s.To || s.Reviewer == "" || len(in.Patients) > 0 || err != nil:
		return SignOff{}, fmt.Errorf("%w: a field that cannot be", ErrSignOff)
	case s.Flagged+s.Sampled != uint64(len(list)) || s.Sample < 0 || s.Sample > maxSample || s.Own != "" && !code(s.Own):
		return SignOff{}, fmt.Errorf("%w: numbers that do not fit", ErrSignOff)
	case p != nil && (p.ID != s.Reviewer || p.Tenant != s.Tenant):
		return SignOff{}, fmt.Errorf("%w: written by somebody else", ErrSignOff)
	case len(s.Digest) != 64 || strings.Trim(s.Digest, "0123456789abcdef") != "":
		return SignOff{}, fmt.Errorf("%w: a digest that is none", ErrSignOff)
	}
	for i := range list {
		if list[i] != s.Judgements[i] {
			return SignOff{}, fmt.Errorf("%w: judgements out of order", ErrSignOff)
		}
	}
	return s, nil
}
