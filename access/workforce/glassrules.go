package workforce

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

const minPatientKey = 32

func (e *EmergencyRules) fault() string {
	if n := len(e.PatientKey); n > 0 && n < minPatientKey {
		return "Emergency.PatientKey has less than 32 bytes"
	}
	return ""
}

// emergency is what a policy says of emergencies.
type emergency struct {
	access.EmergencyRules
	policy *access.Policy
}

// emergencyRules returns the policy's rules for emergencies.
func (r *Registry) emergencyRules() (emergency, error) {
	policy, err := r.policy()
	if err != nil {
		return emergency{}, err
	}
	of, some := policy.EmergencyRules()
	rules := emergency{of, policy}
	switch {
	case !some:
		return rules, refuse("the policy has no emergency")
	case len(r.options.Emergency.PatientKey) == 0:
		return rules, refuse("no key for the tokens of patients is set")
	}
	return rules, nil
}

// mayBreak reports what is wrong with the question itself.
func (r *Registry) mayBreak(p safeguard.Principal, patient safeguard.Patient, why Reason, rules emergency) error {
	switch {
	case p.Validate() != nil:
		return refuse("nobody says who does it")
	case p.Kind != safeguard.Person || p.OnBehalfOf != "":
		return refuse("only a person breaks the glass, and for himself")
	case patient.IsZero():
		return refuse("the glass is broken for one patient, and none is named")
	case !slices.Contains(rules.Reasons, why.Code):
		return refuse("the reason is none of the policy's")
	case !text(why.Text, MaxText) || len(strings.Fields(why.Text)) < MinReasonWords:
		return refuse("the text of the reason is missing, too short or too long")
	}
	return nil
}

// stepUp makes sure that it is p, now.
func (r *Registry) stepUp(ctx context.Context, p safeguard.Principal, rules emergency) error {
	if hook := r.options.Emergency.StepUp; hook != nil {
		if err := hook.StepUp(ctx, p); err != nil {
			return fmt.Errorf("%w: the step-up failed", ErrRefused)
		}
		return nil
	}
	// Within the step-up time and not in the future, but for what two clocks
	// may differ: a sign-in of tomorrow would stay fresh for a day.
	age := time.Since(p.At)
	if p.At.IsZero() || age > rules.StepUp || age < -skew {
		return refuse("the sign-in is not fresh")
	}
	return nil
}

// mayOpen reports whether an account may break the glass once more.
func (t *table) mayOpen(k key, rules emergency, now time.Time) error {
	a := t.find(k)
	if a == nil {
		return ErrAccount
	}
	roles, _ := a.roles(now)
	switch {
	case !a.active():
		return refuse("the account is not active")
	case a.kind == ServiceAccount:
		return refuse("only a person breaks the glass, and for himself")
	case !rules.policy.MayBreakGlass(roles...):
		return refuse("the account has no emergency role")
	}
	waiting := 0
	for _, g := range a.glasses {
		if g.reviewed != nil {
			continue
		}
		if waiting++; !now.Before(g.reviewBy()) {
			return refuse("a break-glass grant was not reviewed in time")
		}
	}
	if waiting >= rules.MaxUnreviewed {
		return refuse("too many break-glass grants wait for their review")
	}
	return nil
}

// PatientToken returns what stands for a patient in facts and in a Glass, ""
// without a key. It is HMAC-SHA-256 and the same for the same tenant, patient
// and key.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func (r *Registry) PatientToken(tenant string, patient safeguard.Patient) string {
	if len(r.options.Emergency.PatientKey) == 0 || patient.IsZero() {
		return ""
	}
	return r.token("patient", tenant, patient.Reveal())
}

// token is a keyed digest of texts, of which none can pass for another's part.
func (r *Registry) token(parts ...string) string {
	mac := hmac.New(sha256.New, r.options.Emergency.PatientKey)
	var n [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		mac.Write(n[:])
		mac.Write([]byte(part))
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// keep keeps the text of a reason, and returns what stands for it.
func (r *Registry) keep(ctx context.Context, p safeguard.Principal, patient safeguard.Patient, why string) (string, error) {
	hook := r.options.Emergency.Reasons
	if hook == nil {
		return "hmac-sha256:" + r.token("reason", p.Tenant, patient.Reveal(), why), nil
	}
	id, err := hook.Keep(ctx, p, patient, why)
	if err != nil {
		return "", fmt.Errorf("%w: the text of the reason could not be kept", ErrRefused)
	}
	if !text(id, MaxName) {
		return "", refuse("the id of the reason's text is no text")
	}
	return id, nil
}
