package access

import (
	"slices"
	"time"
)

// EmergencyRules say who may break the glass and how: the procedure for
// obtaining PHI during an emergency of 164.312(a)(2)(ii), as far as software
// can hold to it. [Policy.EmergencyRules] returns those of a policy.
//
// Controls: HIPAA 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
type EmergencyRules struct {
	// Roles are those who may, with whoever inherits from them.
	Roles []string
	// Reasons are the codes that one must be given of.
	Reasons []string
	// Limit is how long one grant lasts.
	Limit time.Duration
	// Review is within what time somebody else must have reviewed it.
	Review time.Duration
	// MaxUnreviewed is how many grants of one person may wait for their
	// review; one more is refused.
	MaxUnreviewed int
	// StepUp is how fresh the sign-in must be.
	StepUp time.Duration
	// OverridesConsent says that a grant stands in for the consent that the
	// policy asks for.
	OverridesConsent bool
}

// emergency are the EmergencyRules of a policy.
type emergency struct {
	EmergencyRules
	at      int
	holders roleSet // every role that has one of Roles, by inheritance too
	because string
}

// EmergencyRules returns the emergency rules, false if nobody may break the
// glass.
func (p *Policy) EmergencyRules() (EmergencyRules, bool) {
	if p.emergency == nil {
		return EmergencyRules{}, false
	}
	rules := p.emergency.EmergencyRules
	rules.Roles, rules.Reasons = slices.Clone(rules.Roles), slices.Clone(rules.Reasons)
	return rules, true
}

// emergencies takes the emergency rules, without which no rule may be for an
// emergency.
func (c *compiler) emergencies(m member) error {
	if m.name == "" {
		for _, r := range c.policy.rules {
			if r.emergency {
				return c.src.errorAt(r.at, `rule %s is for an emergency, and the policy has no "emergency"`, quote(r.id))
			}
		}
		return nil
	}
	found, err := c.object(m.value, "emergency",
		[]string{"roles", "reasons", "minutes", "review_hours", "max_unreviewed", "step_up_minutes", "because"}, []string{"override"})
	if err != nil {
		return err
	}
	e := &emergency{at: m.at}
	var roles roleSet
	if roles, e.Roles, err = c.roleSet(found["roles"].value, "roles of emergency"); err != nil {
		return err
	}
	for i, r := range c.policy.named {
		if r.closure.meets(&roles) {
			e.holders.add(i)
		}
	}
	if err := c.reasons(e, found["reasons"].value); err != nil {
		return err
	}
	for _, part := range []struct {
		key         string
		least, most int
		take        func(int)
	}{
		{"minutes", 1, 24 * 60, func(n int) { e.Limit = time.Duration(n) * time.Minute }},
		{"review_hours", 1, 31 * 24, func(n int) { e.Review = time.Duration(n) * time.Hour }},
		{"max_unreviewed", 1, 100, func(n int) { e.MaxUnreviewed = n }},
		{"step_up_minutes", 1, 24 * 60, func(n int) { e.StepUp = time.Duration(n) * time.Minute }},
	} {
		n, err := c.integer(found[part.key].value, part.key, part.least, part.most)
		if err != nil {
			return err
		}
		part.take(n)
	}
	if e.because, err = c.prose(found["because"].value, "because"); err != nil {
		return err
	}
	c.policy.emergency = e
	return c.override(e, found["override"])
}

func (c *compiler) reasons(e *emergency, v value) error {
	list, err := c.some(v, "reasons")
	if err != nil {
		return err
	}
	for _, item := range list {
		if !isName(item.text) {
			return c.src.errorAt(item.at, "%s is no code of a reason", quote(item.text))
		}
		e.Reasons = append(e.Reasons, item.text)
	}
	slices.Sort(e.Reasons)
	return nil
}

// override takes what an emergency overrides. It is consent or nothing.
func (c *compiler) override(e *emergency, m member) error {
	if m.name == "" {
		return nil
	}
	list, err := c.some(m.value, "override")
	if err != nil {
		return err
	}
	if len(list) != 1 || list[0].text != "consent" {
		return c.src.errorAt(m.value.at, `override may hold "consent" only`)
	}
	e.OverridesConsent = true
	return nil
}
