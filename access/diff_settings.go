package access

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// settings compares what holds for every rule.
func (c *comparison) settings() {
	a, b := c.old.policy, c.new.policy
	if a.tenant != b.tenant {
		c.setting("tenant", map[bool]string{true: "is required", false: "is no longer required"}[b.tenant], !b.tenant, b.tenant)
	}
	for _, role := range c.roles() {
		switch {
		case role.old < 0:
			c.setting("role "+role.name, "is new; whoever has it was denied everything", true, false)
		case role.new < 0:
			c.setting("role "+role.name, "is gone; whoever has it is denied everything", false, true)
		default:
			c.inheritance(role.name, a.roleNames(&a.named[role.old].closure), b.roleNames(&b.named[role.new].closure))
		}
	}
	c.training(a.training, b.training)
	c.consents()
	c.separations()
	c.emergencies(a.emergency, b.emergency)
}

// inheritance compares the roles that a role brings, each of which its holder
// may activate alone (see WithActiveRoles), even if it gives nothing new.
func (c *comparison) inheritance(role string, before, after []string) {
	for _, name := range after {
		if !slices.Contains(before, name) {
			c.setting("role "+role, "inherits "+name+", which its holders may activate alone", true, false)
		}
	}
	for _, name := range before {
		if !slices.Contains(after, name) {
			c.setting("role "+role, "no longer inherits "+name+", which its holders could activate alone", false, true)
		}
	}
}

func (c *comparison) setting(where, change string, widened, narrowed bool) {
	c.changes = append(c.changes, SettingChange{Where: where, Change: change, Widened: widened, Narrowed: narrowed})
}

// amount compares a limit of which more is wider.
func (c *comparison) amount(where, unit string, before, after int) {
	if before != after {
		c.setting(where, fmt.Sprintf("from %d to %d %s", before, after, unit), after > before, after < before)
	}
}

func (c *comparison) training(a, b *training) {
	switch {
	case a == nil && b == nil:
	case a == nil:
		c.setting("training", "is required: "+listed(b.required), false, true)
	case b == nil:
		c.setting("training", "is no longer required: "+listed(a.required), true, false)
	default:
		if !slices.Equal(a.required, b.required) {
			c.setting("training", "courses from "+listed(a.required)+" to "+listed(b.required), !subset(a.required, b.required), !subset(b.required, a.required))
		}
		c.amount("training, age", "days", a.maxAge, b.maxAge)
		c.amount("training, grace", "days", a.grace, b.grace)
	}
}

// consents compares requirements by their id, which the program's own records
// of consent speak of.
func (c *comparison) consents() {
	a, b := consentsByID(c.old.policy), consentsByID(c.new.policy)
	all := maps.Clone(a)
	maps.Copy(all, b)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		where, before, after := "consent "+id, a[id], b[id]
		switch {
		case before == nil:
			c.setting(where, "is required "+c.new.policy.consentText(after), false, true)
		case after == nil:
			c.setting(where, "is no longer required "+c.old.policy.consentText(before), true, false)
		default:
			c.consent(where, before, after)
		}
	}
}

func (c *comparison) consent(where string, a, b *consent) {
	before, after := c.old.policy.consentText(a), c.new.policy.consentText(b)
	if before == after {
		return
	}
	old, now := turned(a.labels, c.old.words.codes), turned(b.labels, c.new.words.codes)
	covers := func(labels, by names) bool { return by == names{} || labels != names{} && labels.within(by) }
	wider := a.purposes&^b.purposes != 0 || !covers(old, now)
	narrower := b.purposes&^a.purposes != 0 || !covers(now, old)
	c.setting(where, "was required "+before+", now "+after, wider, narrower)
}

func consentsByID(p *Policy) map[string]*consent {
	m := map[string]*consent{}
	for _, r := range p.consents {
		m[r.id] = r
	}
	return m
}

// consentText says when a consent is required.
func (p *Policy) consentText(r *consent) string {
	text := "for any data"
	if r.labels != 0 {
		text = "for data labelled " + strings.Join(named(p.labels, r.labels), " or ")
	}
	if r.purposes != allPurposes {
		text += " and the purpose " + strings.Join(purposeNames(r.purposes), " or ")
	}
	return text
}

// separations compares them by what they say; their ids decide nothing.
func (c *comparison) separations() {
	a, b := separationTexts(c.old.policy), separationTexts(c.new.policy)
	for _, text := range slices.Sorted(maps.Keys(a)) {
		if _, there := b[text]; !there {
			c.setting("separation "+a[text], "is gone: "+text, true, false)
		}
	}
	for _, text := range slices.Sorted(maps.Keys(b)) {
		if _, there := a[text]; !there {
			c.setting("separation "+b[text], "is new: "+text, false, true)
		}
	}
}

// separationTexts returns the separations by what they say, which includes the
// roles that bring a separated role by inheritance.
func separationTexts(p *Policy) map[string]string {
	m := map[string]string{}
	for _, s := range p.separations {
		var roles []string
		s.roles.each(func(i int) { roles = append(roles, p.named[i].name+p.broughtBy(i)) })
		slices.Sort(roles)
		kind := map[bool]string{true: "dynamic", false: "static"}[s.dynamic]
		m[fmt.Sprintf("%s, at most %d of %s", kind, s.max, strings.Join(roles, ", "))] = s.id
	}
	return m
}

// broughtBy lists the roles that inherit a role.
func (p *Policy) broughtBy(role int) string {
	var by []string
	for i, r := range p.named {
		if i != role && r.closure.has(role) {
			by = append(by, r.name)
		}
	}
	if len(by) == 0 {
		return ""
	}
	slices.Sort(by)
	return " (also by " + strings.Join(by, ", ") + ")"
}

func (c *comparison) emergencies(a, b *emergency) {
	switch {
	case a == nil && b == nil:
		return
	case a == nil:
		c.setting("emergency", "the glass may be broken by "+listed(b.Roles), true, false)
		return
	case b == nil:
		c.setting("emergency", "nobody may break the glass any more", false, true)
		return
	}
	before, after := c.old.policy.roleNames(&a.holders), c.new.policy.roleNames(&b.holders)
	if !slices.Equal(before, after) {
		c.setting("emergency, roles", "from "+listed(before)+" to "+listed(after), !subset(after, before), !subset(before, after))
	}
	if !slices.Equal(a.Reasons, b.Reasons) {
		c.setting("emergency, reasons", "from "+listed(a.Reasons)+" to "+listed(b.Reasons), !subset(b.Reasons, a.Reasons), !subset(a.Reasons, b.Reasons))
	}
	c.amount("emergency, grant", "minutes", int(a.Limit.Minutes()), int(b.Limit.Minutes()))
	c.amount("emergency, review", "hours", int(a.Review.Hours()), int(b.Review.Hours()))
	c.amount("emergency, unreviewed", "grants", a.MaxUnreviewed, b.MaxUnreviewed)
	c.amount("emergency, sign-in", "minutes", int(a.StepUp.Minutes()), int(b.StepUp.Minutes()))
	if a.OverridesConsent != b.OverridesConsent {
		c.setting("emergency, consent", map[bool]string{true: "is overridden", false: "is no longer overridden"}[b.OverridesConsent], b.OverridesConsent, !b.OverridesConsent)
	}
}
