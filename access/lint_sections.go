package access

import (
	"cmp"
	"fmt"
	"slices"
)

// What the sections of a policy may be set to before somebody should look.
const (
	longEmergency    = 60 // minutes
	lateReview       = 72 // hours
	manyUnreviewed   = 5
	distantSignIn    = 15  // minutes
	oldTraining      = 732 // days
	longTrainingWait = 30  // days
)

// labelling looks at ceilings and at what they take in.
func (l *linter) labelling() {
	for _, r := range l.doc.rules {
		switch {
		case r.ceiling.text == "V" && len(r.sensitivity) == 0 && len(l.doc.labels) > 0:
			l.report("L50", r.ceiling.at, r.where(), "goes up to V and takes in no sensitivity code; data is seldom very restricted without one")
		case r.ceiling.text != "" && confidentiality(r.ceiling.text) < levelN:
			l.report("L52", r.ceiling.at, r.where(), "goes up to %s only; data without labels counts as N, so the rule does not hold for it", r.ceiling.text)
		case len(r.sensitivity) > 0 && confidentiality(cmp.Or(r.ceiling.text, "N")) < confidentiality("R"):
			l.report("L53", r.sensitivity[0].at, r.where(), "takes in sensitive data up to confidentiality %s, and such data is mostly labelled R", cmp.Or(r.ceiling.text, "N"))
		}
		for _, code := range r.sensitivity {
			if code.text == "42CFRPart2" && !l.part2(r) {
				l.report("L51", code.at, r.where(), "takes in records of 42 CFR Part 2, whose disclosure rests on consent (2.31, 2.33), and no consent requirement names the label for each of its purposes")
			}
		}
	}
	l.consents()
}

// part2 reports whether consent is asked for records of 42 CFR Part 2: at all,
// and for every purpose of the rule that is treatment, payment or operations
// (2.33). Emergencies (2.51), research (2.52) and the patient (2.23) have rules
// of their own.
func (l *linter) part2(r *lintRule) bool {
	var about []lintConsent
	for _, c := range l.doc.consent {
		if len(c.labels) == 0 || holdsText(c.labels, "42CFRPart2") {
			about = append(about, c)
		}
	}
	open := slices.ContainsFunc(r.purposes, func(p spot) bool {
		return slices.Contains([]string{"TREAT", "HPAYMT", "HOPERAT"}, p.text) &&
			!slices.ContainsFunc(about, func(c lintConsent) bool { return len(c.purposes) == 0 || holdsText(c.purposes, p.text) })
	})
	return len(about) > 0 && !open
}

func holdsText(list []spot, text string) bool {
	return slices.ContainsFunc(list, func(s spot) bool { return s.text == text })
}

// consents reports a requirement that no rule can ever meet: its labels are
// above every ceiling, or no rule has its purpose.
func (l *linter) consents() {
	for i, c := range l.policy.consents {
		for _, other := range l.policy.consents[:i] {
			if c.labels == other.labels && c.purposes == other.purposes {
				l.report("L05", c.at, "consent "+c.id, "is required where %s is", other.id)
			}
		}
		met := slices.ContainsFunc(l.policy.rules, func(r *rule) bool {
			return !r.deny && r.purposes&c.purposes != 0 && (c.labels == 0 || r.ceiling.codes&c.labels != 0)
		})
		if !met {
			l.report("L25", c.at, "consent "+c.id, "no rule has one of its purposes and takes in one of its labels, so nobody is ever asked")
		}
	}
}

// separations looks at the separation of duties.
func (l *linter) separations() {
	for i, s := range l.policy.separations {
		where := "separation " + s.id
		if n := l.distinct(s); n <= s.max {
			l.report("L60", s.at, where, "its roles can never come together: only %d of them have rules", n)
		}
		for _, r := range l.policy.named {
			switch n := r.closure.shared(&s.roles); {
			case s.dynamic && n > s.max:
				l.report("L64", r.at, "role "+r.name, "has %d roles of separation %s by inheritance, so it can never be active", n, s.id)
			case n == s.max && n > 1:
				l.report("L61", r.at, "role "+r.name, "has %d roles of separation %s by inheritance; one more breaks it", n, s.id)
			}
		}
		for j, other := range l.policy.separations {
			if j < i && *s == (separation{s.at, s.id, other.dynamic, other.roles, other.max, s.because}) {
				l.report("L05", s.at, where, "is separation %s again", other.id)
			}
			if s.dynamic && !other.dynamic && s.roles.within(&other.roles) && s.max >= other.max {
				l.report("L63", s.at, where, "separation %s forbids already that the roles are granted together", other.id)
			}
		}
	}
	l.separatedTests()
}

// distinct counts the roles of a separation that have any rule.
func (l *linter) distinct(s *separation) int {
	n := 0
	s.roles.each(func(i int) {
		if len(l.policy.rulesOf(i)) > 0 {
			n++
		}
	})
	return n
}

// rulesOf returns the rules that a role has, by itself or by inheritance.
func (p *Policy) rulesOf(role int) []*rule {
	var list []*rule
	p.named[role].closure.each(func(i int) { list = append(list, p.named[i].own...) })
	return list
}

// separatedTests reports a test that expects access for a combination of roles
// that a separation forbids.
func (l *linter) separatedTests() {
	for _, t := range l.policy.tests {
		if !t.allow {
			continue
		}
		var held roleSet
		for _, name := range t.as {
			held.join(&l.policy.named[l.policy.roles[name]].closure)
		}
		for _, s := range l.policy.separations {
			if held.shared(&s.roles) > s.max {
				l.report("L62", t.at, "test "+quote(t.name), "expects access for roles that separation %s keeps apart", s.id)
			}
		}
	}
}

// emergencies looks at the emergency access procedure.
func (l *linter) emergencies() {
	e := l.doc.emergency
	if e == nil {
		return
	}
	for _, limit := range []struct {
		id      string
		number  number
		most    int
		message string
	}{
		{"L70", e.minutes, longEmergency, "a grant lasts %d minutes; after an hour the care is planned or the need is new"},
		{"L71", e.review, lateReview, "the review may take %d hours; nobody remembers by then what the emergency was"},
		{"L74", e.unreviewed, manyUnreviewed, "%d grants may wait for review before the next is refused"},
		{"L75", e.stepUp, distantSignIn, "a sign-in %d minutes ago is enough to break the glass, so an open screen is"},
	} {
		if limit.number.given && limit.number.n > limit.most {
			l.report(limit.id, limit.number.at, "emergency", limit.message, limit.number.n)
		}
	}
	l.emergencyRoles(e)
}

// emergencyRoles compares who may break the glass with who has a rule for it.
func (l *linter) emergencyRoles(e *lintEmergency) {
	for _, name := range e.roles {
		rules := l.policy.rulesOf(l.policy.roles[name.text])
		if !slices.ContainsFunc(rules, func(r *rule) bool { return r.emergency }) {
			l.report("L72", name.at, "emergency", "role %s may break the glass, and no rule gives it anything then", name.text)
		}
	}
	for _, r := range l.policy.rules {
		if r.emergency && r.relations != 0 {
			l.report("L76", r.at, "rule "+r.id, "asks for a relationship, which whoever must break the glass does not have")
		}
		if r.emergency && !r.holders.meets(&l.policy.emergency.holders) {
			l.report("L73", r.at, "rule "+r.id, "is for an emergency, and none of its roles may break the glass")
		}
		if o := l.above(r); o != nil {
			l.report("L77", r.at, "rule "+r.id, "takes in data up to %s, and rule %s of the same role up to %s; for the difference a broken glass gives nothing (%s)",
				l.policy.ceilingText(r.ceiling), o.id, l.policy.ceilingText(o.ceiling), CodeLabel)
		}
	}
}

// above returns a rule for data that an emergency rule on the same does not
// take in, nor another one of that role: nil if there is none.
func (l *linter) above(r *rule) (found *rule) {
	if !r.emergency {
		return nil
	}
	r.holders.each(func(role int) {
		if found != nil {
			return
		}
		rules := l.policy.rulesOf(role)
		for _, o := range rules {
			if !o.deny && !o.emergency && o.onSame(r) && !l.reaches(rules, o) {
				found = o
				return
			}
		}
	})
	return found
}

// reaches reports whether one of the emergency rules takes in all data that o does.
func (l *linter) reaches(rules []*rule, o *rule) bool {
	return slices.ContainsFunc(rules, func(e *rule) bool {
		return !l.spend(1) || e.emergency && e.onSame(o) && o.ceiling.under(e.ceiling)
	})
}

// onSame reports whether two rules have a resource and an action in common.
func (r *rule) onSame(o *rule) bool {
	return r.resource == o.resource && slices.ContainsFunc(r.actions, func(a string) bool { return slices.Contains(o.actions, a) })
}

// trainings looks at how long training counts.
func (l *linter) trainings() {
	t := l.doc.training
	if t == nil {
		return
	}
	if t.maxAge.n > oldTraining {
		l.report("L80", t.maxAge.at, "training", "counts for %d days; reminders are periodic (164.308(a)(5)(ii)(A))", t.maxAge.n)
	}
	if t.grace.n > longTrainingWait || t.grace.n >= t.maxAge.n {
		l.report("L81", t.grace.at, "training", "%d days of grace after %d: access goes on for that long without training", t.grace.n, t.maxAge.n)
	}
}

// testCases looks at the tests in the policy.
func (l *linter) testCases() {
	tests := l.policy.tests
	if len(tests) == 0 {
		l.report("L100", 0, "the policy", "has no tests; a change can widen it and nobody notices")
		return
	}
	var played roleSet
	allows := 0
	cases := map[string]string{}
	for _, t := range tests {
		where := "test " + quote(t.name)
		if t.allow {
			allows++
		}
		switch {
		case t.allow && len(t.sees)+len(t.notSees) == 0:
			l.report("L103", t.at, where, "says neither what is seen nor what is not")
		case !t.allow && t.code == "":
			l.report("L102", t.at, where, "expects a denial and no code, so any other mistake passes it")
		}
		for _, name := range t.as {
			played.join(&l.policy.named[l.policy.roles[name]].closure)
		}
		same := t.situation()
		if other, there := cases[same]; there {
			l.report("L104", t.at, where, "asks the same as test %s", quote(other))
		}
		cases[same] = t.name
	}
	if answer := map[int]string{0: "denials", len(tests): "access"}[allows]; answer != "" && len(tests) > 1 {
		l.report("L101", tests[0].at, "tests", "all of them expect %s", answer)
	}
	for i, r := range l.policy.named {
		if !played.has(i) && len(l.policy.rulesOf(i)) > 0 {
			l.report("L11", r.at, "role "+r.name, "no test plays it")
		}
	}
	l.untestedDenials()
}

// situation is what a test asks, without what it expects.
func (t *policyTest) situation() string {
	return fmt.Sprintf("%q", []any{
		t.as, t.resource, t.action, t.purpose, t.relationship, t.labels.Confidentiality, t.labels.Sensitivity,
		t.conditions, fmt.Sprint(t.consented, t.emergency, t.untrained),
	})
}

// untestedDenials reports a deny rule that counts in no test.
func (l *linter) untestedDenials() {
	for _, r := range l.policy.rules {
		if !r.deny {
			continue
		}
		met := slices.ContainsFunc(l.policy.tests, func(t *policyTest) bool {
			return l.spend(1) && r.resource.name == t.resource && slices.Contains(r.actions, t.action) && r.purposes&purposeBit(t.purpose) != 0 && l.plays(t, r)
		})
		if !met {
			l.report("L105", r.at, "rule "+r.id, "no test meets it")
		}
	}
}

func (l *linter) plays(t *policyTest, r *rule) bool {
	return slices.ContainsFunc(t.as, func(name string) bool { return r.holders.has(l.policy.roles[name]) })
}
