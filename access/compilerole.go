package access

// roles compiles the roles, their rules and who inherits them.
func (c *compiler) roles(v member) error {
	if v.is != "object" || len(v.members) == 0 || len(v.members) > maxPolicyRoles {
		return c.src.errorAt(v.value.at, "roles must be an object of 1 to %d roles", maxPolicyRoles)
	}
	for i, m := range v.members {
		if !isName(m.name) {
			return c.src.errorAt(m.at, "%s is no name of a role", quote(m.name))
		}
		c.policy.roles[m.name] = i
		c.policy.named = append(c.policy.named, &role{at: m.at, name: m.name})
	}
	for i, m := range v.members {
		if err := c.role(i, m); err != nil {
			return err
		}
	}
	return c.inherit()
}

func (c *compiler) role(i int, m member) error {
	what := "role " + quote(m.name)
	found, err := c.object(m.value, what, nil, []string{"description", "inherits", "allow", "deny"})
	if err != nil {
		return err
	}
	mine := c.policy.named[i]
	if d, ok := found["description"]; ok {
		if mine.description, err = c.prose(d.value, "description"); err != nil {
			return err
		}
	}
	if inherits, ok := found["inherits"]; ok {
		if mine.parents, err = c.inherits(inherits.value, what); err != nil {
			return err
		}
	}
	for _, kind := range []string{"allow", "deny"} {
		err := c.list(found[kind], kind+" of "+what, func(item value) error {
			r, err := c.rule(item, kind == "deny")
			if err != nil {
				return err
			}
			r.role = i
			mine.own = append(mine.own, r)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *compiler) inherits(v value, what string) ([]int, error) {
	list, err := c.names(v, "inherits of "+what)
	if err != nil {
		return nil, err
	}
	var parents []int
	for _, item := range list {
		parent, ok := c.policy.roles[item.text]
		if !ok {
			return nil, c.src.errorAt(item.at, "unknown role %s", quote(item.text))
		}
		parents = append(parents, parent)
	}
	return parents, nil
}

// inherit gives every role the rules of all that it inherits, and refuses a
// circle.
func (c *compiler) inherit() error {
	const open, closed = 1, 2
	all := c.policy.named
	state := make([]int, len(all))
	var visit func(i int) error
	visit = func(i int) error {
		switch state[i] {
		case closed:
			return nil
		case open:
			return c.src.errorAt(all[i].at, "role %s inherits itself", quote(all[i].name))
		}
		state[i] = open
		all[i].closure.add(i)
		for _, parent := range all[i].parents {
			if err := visit(parent); err != nil {
				return err
			}
			all[i].closure.join(&all[parent].closure)
		}
		state[i] = closed
		return nil
	}
	for i := range all {
		if err := visit(i); err != nil {
			return err
		}
	}
	for i, heir := range all {
		heir.closure.each(func(j int) {
			for _, r := range all[j].own {
				r.holders.add(i)
			}
		})
	}
	return nil
}
