package crypto

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// Cryptoperiods of symmetric data-encryption keys, the longest that NIST SP
// 800-57 Part 1 Rev. 5, section 5.3.6, suggests: two years of sealing and
// three more of opening. A record that is kept for longer must be sealed anew
// under a newer key.
const (
	sealingYears = 2
	openingYears = sealingYears + 3
)

// A KeyState says where a key stands in its cryptoperiod.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type KeyState string

// The states of a key.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
const (
	// KeyAgeUnknown is a key of which nobody says when it was made.
	KeyAgeUnknown KeyState = "age unknown"
	// KeyInPeriod is a key within its cryptoperiod.
	KeyInPeriod KeyState = "in period"
	// KeyRotate is a primary older than two years: rotate it.
	KeyRotate KeyState = "rotate"
	// KeyReseal is an enabled key older than five years: what it sealed should
	// have been sealed anew, and the key disabled.
	KeyReseal KeyState = "reseal"
	// KeyDisabled is a key that neither seals nor opens.
	KeyDisabled KeyState = "disabled"
)

// A KeyPosture is what is known of one tenant key.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type KeyPosture struct {
	Tenant  string    `json:"tenant"`
	ID      uint32    `json:"id"`
	Primary bool      `json:"primary"`
	Created time.Time `json:"created,omitzero"`
	State   KeyState  `json:"state"`
	// KEK is where the key-encryption key says that it lives.
	KEK string `json:"kek"`
	// Leased is how many messages of Limit have been handed out, for a primary.
	// Shared is whether other processes are in it.
	Leased uint64 `json:"leased,omitempty"`
	Limit  uint64 `json:"limit,omitempty"`
	Shared bool   `json:"shared,omitempty"`
	// Uncounted is true of a primary whose count is missing or altered.
	Uncounted bool `json:"uncounted,omitempty"`
}

// A Posture is what a [Sealer] can say of its cryptography now: the module,
// the keys, their ages and use. It is self-reported, holds no key and no
// patient, but names tenants. It marshals to JSON, and String gives the text.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.402(2); NIST CSF 2.0 PR.DS-01.
type Posture struct {
	At     time.Time `json:"at"`
	Module Module    `json:"module"`
	// Known is false if the Keys of the Sealer do not say which keys there are
	// ([KeyFacts]); Keys is then empty, which does not mean that there are none.
	Known bool         `json:"known"`
	Keys  []KeyPosture `json:"keys"`
}

// Posture says what the Sealer's cryptography is now. It asks the Keys for
// their facts and the store for the count of every primary, so it is for
// reports and not for every request. It returns their errors; a count that is
// missing or altered is no error but a fact.
func (s *Sealer) Posture(ctx context.Context) (Posture, error) {
	p := Posture{At: time.Now().UTC().Truncate(time.Second), Module: thisModule()}
	source, ok := s.keys.(KeyFacts)
	if !ok {
		return p, nil
	}
	facts, err := source.KeyFacts(ctx)
	if err != nil {
		return Posture{}, fmt.Errorf("crypto: posture: keys: %w", err)
	}
	p.Known = true
	for _, f := range facts {
		k, err := s.keyPosture(ctx, f, p.At)
		if err != nil {
			return Posture{}, fmt.Errorf("crypto: posture: %w", err)
		}
		p.Keys = append(p.Keys, k)
	}
	return p, nil
}

func (s *Sealer) keyPosture(ctx context.Context, f KeyFact, now time.Time) (KeyPosture, error) {
	k := KeyPosture{Tenant: f.Tenant, ID: f.ID, Primary: f.Primary, Created: f.Created, State: keyState(f, now), KEK: f.Location.String()}
	if !f.Primary {
		return k, nil
	}
	b, err := s.Budget(ctx, f.Tenant)
	if errors.Is(err, ErrCount) {
		k.Uncounted, err = true, nil
	}
	if err != nil {
		return KeyPosture{}, err
	}
	if b.KeyID == f.ID {
		k.Leased, k.Limit, k.Shared = b.Leased, b.Limit, b.Shared
	}
	return k, nil
}

func keyState(f KeyFact, now time.Time) KeyState {
	switch {
	case !f.Enabled:
		return KeyDisabled
	case f.Created.IsZero():
		return KeyAgeUnknown
	case now.After(f.Created.AddDate(openingYears, 0, 0)):
		return KeyReseal
	case f.Primary && now.After(f.Created.AddDate(sealingYears, 0, 0)):
		return KeyRotate
	}
	return KeyInPeriod
}

// String returns the posture as text.
func (p Posture) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s; GOFIPS140=%s; enforced %v\n", p.Module.Statement(), p.Module.Go, p.Module.Build, p.Module.Enforced)
	if !p.Known {
		b.WriteString("Which keys there are is not known: the Keys do not say.\n")
	}
	for _, k := range p.Keys {
		fmt.Fprintf(&b, "%s key %d: %s, made %s, KEK %s%s\n", k.Tenant, k.ID, k.State, day(k.Created), k.KEK, k.use())
	}
	return b.String()
}

func day(t time.Time) string {
	if t.IsZero() {
		return "at an unknown time"
	}
	return t.UTC().Format(time.DateOnly)
}

// use says how far a primary is used.
func (k KeyPosture) use() string {
	if !k.Primary {
		return ""
	}
	if k.Uncounted {
		return ", primary, count missing or altered"
	}
	scope := "this process alone"
	if k.Shared {
		scope = "all processes"
	}
	return fmt.Sprintf(", primary, %d of %d messages leased (%s)", k.Leased, k.Limit, scope)
}

// Observations returns the posture in the form of a [safeguard.Reporter], with
// keys counted and tenants left out.
func (p Posture) Observations() []safeguard.Observation {
	out := []safeguard.Observation{{
		Component: "crypto",
		Controls:  []safeguard.Control{safeguard.EncryptionAndDecryption},
		Statement: p.Module.Statement(),
		Settings: map[string]string{
			"module.version":    p.Module.Version,
			"module.build":      p.Module.Build,
			"module.enabled":    strconv.FormatBool(p.Module.Enabled),
			"module.enforced":   strconv.FormatBool(p.Module.Enforced),
			"module.validation": string(p.Module.Validation),
			"module.asof":       p.Module.AsOf,
		},
		Since: p.At,
	}}
	if !p.Known {
		return out
	}
	return append(out, safeguard.Observation{
		Component: "crypto",
		Controls:  []safeguard.Control{safeguard.EncryptionAndDecryption},
		Statement: "The ages of keys are compared with the cryptoperiods of NIST SP 800-57, and their messages with the limit.",
		Counters:  p.counters(),
		Since:     p.At,
	})
}

func (p Posture) counters() map[string]uint64 {
	out := map[string]uint64{"keys": uint64(len(p.Keys))}
	for _, k := range p.Keys {
		out["keys."+strings.ReplaceAll(string(k.State), " ", ".")]++
		if k.Uncounted {
			out["keys.uncounted"]++
		}
		if k.Limit > 0 && k.Leased > half(k.Limit) {
			out["keys.past.half"]++
		}
		out["leased.highest"] = max(out["leased.highest"], k.Leased)
	}
	return out
}
