package access

import "slices"

// labels takes the sensitivity codes that the policy knows.
func (c *compiler) labels(m member) error {
	if m.name == "" {
		return nil
	}
	if _, err := c.bits(m.value, "labels", "a label", c.policy.labels); err != nil {
		return err
	}
	for _, item := range m.list {
		if confidentiality(item.text) != levelUnknown {
			return c.src.errorAt(item.at, "%s is a confidentiality, which every policy knows", quote(item.text))
		}
	}
	return nil
}

// known returns the set of labels of a list, each of which the policy declares.
func (c *compiler) known(v value, what string) (uint64, error) {
	list, err := c.some(v, what)
	if err != nil {
		return 0, err
	}
	set := uint64(0)
	for _, item := range list {
		bit, ok := c.policy.labels[item.text]
		if !ok {
			return 0, c.src.errorAt(item.at, "unknown label %s", quote(item.text))
		}
		set |= 1 << bit
	}
	return set, nil
}

// ceiling takes the labels up to which a rule holds.
func (c *compiler) ceiling(r *rule, v value) error {
	found, err := c.object(v, "labels", nil, []string{"max", "sensitivity"})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return c.src.errorAt(v.at, `labels has neither "max" nor "sensitivity"`)
	}
	if m, ok := found["max"]; ok {
		r.ceiling.level = confidentiality(m.text)
		if m.is != "string" || m.text == "" || r.ceiling.level == levelUnknown {
			return c.src.errorAt(m.value.at, "max must be one of U, L, M, N, R and V")
		}
	}
	if m, ok := found["sensitivity"]; ok {
		r.ceiling.codes, err = c.known(m.value, "sensitivity")
	}
	return err
}

// consents takes the requirements of consent.
func (c *compiler) consents(m member) error {
	return c.list(m, "consent", func(item value) error {
		found, err := c.object(item, "a consent requirement", []string{"id", "because"}, []string{"labels", "purposes"})
		if err != nil {
			return err
		}
		if len(c.policy.consents) >= maxBits {
			return c.src.errorAt(item.at, "more than %d consent requirements", maxBits)
		}
		r := &consent{at: item.at, purposes: allPurposes}
		if r.id, err = c.identify(found["id"].value, "a consent requirement"); err != nil {
			return err
		}
		if r.because, err = c.prose(found["because"].value, "because"); err != nil {
			return err
		}
		if l, ok := found["labels"]; ok {
			if r.labels, err = c.known(l.value, "labels"); err != nil {
				return err
			}
		}
		if p, ok := found["purposes"]; ok {
			if r.purposes, err = c.purposes(p.value); err != nil {
				return err
			}
		}
		c.policy.consents = append(c.policy.consents, r)
		return nil
	})
}

func (c *compiler) training(m member) error {
	if m.name == "" {
		return nil
	}
	found, err := c.object(m.value, "training", []string{"required", "max_age_days", "because"}, []string{"grace_days"})
	if err != nil {
		return err
	}
	t := &training{at: m.at}
	courses, err := c.some(found["required"].value, "required")
	if err != nil {
		return err
	}
	for _, course := range courses {
		if !isName(course.text) {
			return c.src.errorAt(course.at, "%s is no name of a course", quote(course.text))
		}
		t.required = append(t.required, course.text)
	}
	slices.Sort(t.required)
	if t.maxAge, err = c.integer(found["max_age_days"].value, "max_age_days", 1, 3660); err != nil {
		return err
	}
	if g, ok := found["grace_days"]; ok {
		if t.grace, err = c.integer(g.value, "grace_days", 0, 366); err != nil {
			return err
		}
	}
	if t.because, err = c.prose(found["because"].value, "because"); err != nil {
		return err
	}
	c.policy.training = t
	return nil
}

// roleSet returns the set of the roles of a list.
func (c *compiler) roleSet(v value, what string) (roleSet, []string, error) {
	var set roleSet
	list, err := c.some(v, what)
	if err != nil {
		return set, nil, err
	}
	var names []string
	for _, item := range list {
		i, ok := c.policy.roles[item.text]
		if !ok {
			return set, nil, c.src.errorAt(item.at, "unknown role %s", quote(item.text))
		}
		set.add(i)
		names = append(names, item.text)
	}
	slices.Sort(names)
	return set, names, nil
}

// separations takes the separation of duties, and refuses a role that breaks
// a static one by what it inherits.
func (c *compiler) separations(m member) error {
	return c.list(m, "separation", func(item value) error {
		found, err := c.object(item, "a separation", []string{"id", "kind", "roles", "max", "because"}, nil)
		if err != nil {
			return err
		}
		if len(c.policy.separations) >= maxBits {
			return c.src.errorAt(item.at, "more than %d separations", maxBits)
		}
		s := &separation{at: item.at}
		if s.id, err = c.identify(found["id"].value, "a separation"); err != nil {
			return err
		}
		kind := found["kind"]
		if kind.is != "string" || kind.text != "static" && kind.text != "dynamic" {
			return c.src.errorAt(kind.value.at, `kind must be "static" or "dynamic"`)
		}
		s.dynamic = kind.text == "dynamic"
		var names []string
		if s.roles, names, err = c.roleSet(found["roles"].value, "roles of a separation"); err != nil {
			return err
		}
		if len(names) < 2 {
			return c.src.errorAt(found["roles"].value.at, "a separation is between two roles at least")
		}
		if s.max, err = c.integer(found["max"].value, "max", 1, len(names)-1); err != nil {
			return err
		}
		if s.because, err = c.prose(found["because"].value, "because"); err != nil {
			return err
		}
		c.policy.separations = append(c.policy.separations, s)
		return c.separate(s)
	})
}

// separate refuses a role that can never be granted.
func (c *compiler) separate(s *separation) error {
	for _, r := range c.policy.named {
		if !s.dynamic && r.closure.shared(&s.roles) > s.max {
			return c.src.errorAt(r.at, "role %s breaks separation %s by what it inherits", quote(r.name), s.id)
		}
	}
	return nil
}
