package workforce

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/safeguard-sdk/safeguard/access/state"
)

// The kinds of facts.
const (
	kindOpened     = "account.opened"
	kindSuspended  = "account.suspended"
	kindResumed    = "account.resumed"
	kindTerminated = "account.terminated"
	kindReinstated = "account.reinstated"
	kindDistrusted = "account.distrusted"
	kindTrained    = "account.trained"
)

// kinds says what each kind of fact does to a draft. A fact of another kind
// is not understood.
var kinds = map[string]func(*draft, state.Fact) error{
	kindOpened:     aboutNew((*account).open),
	kindSuspended:  about((*account).suspend),
	kindResumed:    about((*account).resume),
	kindTerminated: about(leaving),
	kindReinstated: about((*account).reinstate),
	kindDistrusted: about((*account).distrust),
	kindTrained:    about((*account).train),

	kindRequested: about((*account).request),
	kindApproved:  about((*account).approve),
	kindRevoked:   about((*account).revoke),
	kindCertified: about((*account).certify),
	kindCampaign:  openCampaign,

	kindBroken:        about((*account).breakGlass),
	kindGlassClosed:   about((*account).closeGlass),
	kindGlassReviewed: about((*account).reviewGlass),
}

// about is a kind of fact about an open account: do gets a copy of it that it
// may change, except that what its slices and maps hold must be replaced and
// never written to. B is the body.
func about[B any](do func(a *account, f state.Fact, body B) error) func(*draft, state.Fact) error {
	return func(d *draft, f state.Fact) error { return onAccount(d, f, true, do) }
}

// aboutNew is a kind of fact that opens an account.
func aboutNew[B any](do func(a *account, f state.Fact, body B) error) func(*draft, state.Fact) error {
	return func(d *draft, f state.Fact) error { return onAccount(d, f, false, do) }
}

func onAccount[B any](d *draft, f state.Fact, exists bool, do func(*account, state.Fact, B) error) error {
	k, ok := parseKey(f.Subject)
	if !ok {
		return fmt.Errorf("%w: its subject is no account", ErrFacts)
	}
	if (d.find(k) != nil) != exists {
		return fmt.Errorf("%w: its account is not there, or is there already", ErrFacts)
	}
	var body B
	if err := decode(f, &body); err != nil {
		return err
	}
	return do(d.account(k), f, body)
}

// decode reads the body of a fact. It must be, to the byte, what this package
// writes: no unknown, doubled or differently spelt key passes.
func decode[B any](f state.Fact, body *B) error {
	if err := json.Unmarshal(f.Body, body); err != nil {
		return fmt.Errorf("%w: its body cannot be read", ErrFacts)
	}
	if again, err := json.Marshal(body); err != nil || !bytes.Equal(again, f.Body) {
		return fmt.Errorf("%w: its body has what this version does not know", ErrFacts)
	}
	if c, ok := any(body).(checked); ok && c.fault() != "" {
		return fmt.Errorf("%w: %s", ErrFacts, c.fault())
	}
	return nil
}

// checked is a body that can say what is wrong with it, "" if nothing is.
// Every body that embeds act is one.
type checked interface{ fault() string }
