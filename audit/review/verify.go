package review

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// Reviewers knows the keys of those who may review, and when: an error for
// everybody else.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(d); NIST CSF 2.0 PR.AA-03.
type Reviewers interface {
	Key(ctx context.Context, tenant, reviewer string, at time.Time) (ed25519.PublicKey, error)
}

// Check verifies what a sign-off says by itself: that the reviewer's key signed
// it, and that the log's key signed its checkpoint, which covers the range. It
// returns [ErrSignOff]. verifierKey is what ledger.Ledger.VerifierKey returned.
func (s SignOff) Check(ctx context.Context, keys Reviewers, verifierKey string) (ledger.Checkpoint, error) {
	signature, err := base64.StdEncoding.Strict().DecodeString(s.Signature)
	if err != nil {
		return ledger.Checkpoint{}, fmt.Errorf("%w: the signature is no base64", ErrSignOff)
	}
	key, err := keys.Key(ctx, s.Tenant, s.Reviewer, s.At)
	if err == nil && len(key) != ed25519.PublicKeySize {
		err = errors.New("not an Ed25519 key")
	}
	if err != nil {
		return ledger.Checkpoint{}, fmt.Errorf("%w: no key of the reviewer: %w", ErrSignOff, err)
	}
	if !ed25519.Verify(key, s.Canonical(), signature) {
		return ledger.Checkpoint{}, fmt.Errorf("%w: the signature is not the reviewer's", ErrSignOff)
	}
	c, err := ledger.ParseCheckpoint([]byte(s.Checkpoint), verifierKey)
	if err != nil {
		return ledger.Checkpoint{}, fmt.Errorf("%w: %w", ErrSignOff, err)
	}
	if s.From >= s.To || s.To > c.Size {
		return ledger.Checkpoint{}, fmt.Errorf("%w: the checkpoint does not seal the range", ErrSignOff)
	}
	return c, nil
}

// Verify checks a sign-off against the log: what [SignOff.Check] does, that the
// range holds the same records, that the sample is the one that the root
// determines, that every item has a judgement, and that the reviewer acted in
// none, unless the sign-off says why. It returns an error that unwraps to
// [ErrSignOff], [ErrJudgement], [ErrOwn] or [ErrRange].
//
// That the log as a whole is unchanged since is for [ledger.Verify] to show; the
// checkpoint of a sign-off is an anchor for it.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(c)(1); NIST CSF 2.0 DE.AE-03.
func Verify(ctx context.Context, log Records, s SignOff, keys Reviewers, verifierKey string) error {
	sealed, err := s.Check(ctx, keys, verifierKey)
	if err != nil {
		return err
	}
	r, err := Prepare(ctx, log, s.From, s.To, sealed, &RoundOptions{Sample: s.Sample, NoSample: s.Sample == 0})
	if err != nil {
		return err
	}
	if fmt.Sprintf("%x", r.Digest) != s.Digest {
		return fmt.Errorf("%w: the records of the range are others", ErrSignOff)
	}
	if r.Accesses != s.Accesses || r.Flagged != s.Flagged || r.Sampled != s.Sampled || !r.First.Equal(s.First) || !r.Last.Equal(s.Last) {
		return fmt.Errorf("%w: it counts other records than there are", ErrSignOff)
	}
	list, err := ordered(s.Judgements)
	if err != nil {
		return err
	}
	if err := r.judged(list); err != nil {
		return err
	}
	if r.own(s.Tenant, s.Reviewer) && s.Own == "" {
		return ErrOwn
	}
	return nil
}
