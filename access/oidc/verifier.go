package oidc

import (
	"context"
	"slices"
	"sync/atomic"
	"time"
)

// A Verifier tells who calls by a token of one issuer. It is safe for
// concurrent use. It starts a goroutine only while it fetches keys. The zero
// value is not usable; see [New].
//
// Its refusals are *[Error]; they hold nothing of the token.
//
// Controls: HIPAA 164.312(d), 164.312(a)(2)(i), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-01, PR.AA-03, PR.AA-05.
type Verifier struct {
	trust   Trust
	opts    Options
	keys    *keys
	cache   *cache
	revoked revocations
	proofs  *replays
	since   time.Time

	verified atomic.Uint64
	hits     atomic.Uint64
	refused  [codes]atomic.Uint64
}

// New returns a Verifier for the tokens of one issuer. Nil options are the
// secure defaults. The error unwraps to [ErrOptions] and says what is missing
// or out of range. It does not ask the issuer: the keys are fetched when they
// are first needed.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func New(trust Trust, opts *Options) (*Verifier, error) {
	o, err := opts.checked(&trust)
	if err != nil {
		return nil, err
	}
	trust.Algorithms = slices.Clone(trust.Algorithms)
	return &Verifier{
		trust: trust,
		opts:  o,
		keys: &keys{
			source: newSource(&trust, o.Client), every: o.Refresh, least: o.MinRefresh, stale: o.MaxStale, timeout: o.Timeout,
			distrusted: map[string]bool{}, thumbs: map[[32]byte]bool{},
		},
		cache:   newCache(o.Cache),
		revoked: revocations{keep: trust.MaxLifetime + 2*o.Leeway, since: map[account]time.Time{}},
		proofs:  newReplays(o.Proofs, max(1, o.Proofs/proofShares)),
		since:   time.Now(),
	}, nil
}

// Verify says who a bearer token names, and what it was given for. A token that
// is bound to a key of its holder is refused: see [Verifier.VerifyRequest].
//
// A token that was verified before is not verified again; that it has not
// expired, that its key is still trusted and that the principal's epoch allows
// it is asked each time.
func (v *Verifier) Verify(ctx context.Context, token string) (*Token, error) {
	t, err := v.verify(ctx, token)
	if err == nil && t.Bound() {
		err = refusal(codeProof)
	}
	if err != nil {
		return nil, v.count(err)
	}
	return t, nil
}

// Live returns an error if a token that was verified no longer counts.
func (v *Verifier) Live(ctx context.Context, t *Token) error {
	if t == nil || t.key == nil {
		return v.count(refusal(codeMissing))
	}
	if err := v.live(ctx, t); err != nil {
		return v.count(err)
	}
	return nil
}

// Distrust refuses every token that was signed by a key of the issuer, from
// now on and whatever the issuer publishes: because it was stolen. It refuses
// the same key under another id as well, if it has been seen under this one. It
// is of this process: call it in each, and before the first request of one that
// starts. It returns an error that is [ErrUnavailable] when it cannot remember
// one more.
func (v *Verifier) Distrust(kid string) error {
	if !v.keys.distrust(kid) {
		return refusal(codeFull)
	}
	return nil
}

func (v *Verifier) verify(ctx context.Context, token string) (*Token, *Error) {
	if token == "" || len(token) > MaxToken {
		return nil, refusal(codeMalformed)
	}
	digest := hash(token)
	if t := v.cache.get(&digest); t != nil {
		if err := v.live(ctx, t); err != nil {
			v.cache.drop(t)
			return nil, err
		}
		v.hits.Add(1)
		return t, nil
	}
	t, err := v.verifyAnew(ctx, token)
	if err != nil {
		return nil, err
	}
	t.digest = digest
	if err := v.live(ctx, t); err != nil {
		return nil, err
	}
	v.verified.Add(1)
	if len(token) <= cached {
		v.cache.put(t)
	}
	return t, nil
}

func (v *Verifier) verifyAnew(ctx context.Context, token string) (*Token, *Error) {
	c, err := parseCompact(token)
	switch {
	case err != nil:
		return nil, err
	case c.jwk:
		return nil, refusal(codeHeader)
	case !slices.Contains(v.trust.Algorithms, c.algorithm):
		return nil, refusal(codeAlgorithm)
	case !slices.ContainsFunc(v.opts.Types, func(t string) bool { return isType(c.typ, t) }):
		return nil, refusal(codeType)
	}
	key, err := v.keys.find(ctx, c.kid)
	if err != nil {
		return nil, err
	}
	if key.verify(c.algorithm, []byte(token)) != nil {
		return nil, refusal(codeSignature)
	}
	claims, bad := parseObject(c.payload)
	if bad != nil {
		return nil, refusal(codeMalformed)
	}
	t, err := v.read(claims)
	if err != nil {
		return nil, err
	}
	t.key, t.verifier = key, v
	return t, nil
}

// live asks what can change about a token that was verified.
func (v *Verifier) live(ctx context.Context, t *Token) *Error {
	now := time.Now()
	if err := v.inTime(t, now); err != nil {
		return err
	}
	if v.tooOld(t, now) {
		return refusal(codeAssurance)
	}
	set, err := v.keys.fresh(ctx, now)
	if err != nil {
		return err
	}
	if !set.holds(t.key) {
		return refusal(codeKey)
	}
	return v.counts(t)
}

func (v *Verifier) count(err *Error) *Error {
	v.refused[err.kind].Add(1)
	return err
}
