package access

// roles compiles the roles, their rules and who inherits them.
func (c *compiler) roles(v value) error {
	if v.is != "object" || len(v.members) == 0 || len(v.members) > maxPolicyRoles {
		return c.src.errorAt(v.at, "roles must be an object of 1 to %d roles", maxPolicyRoles)
	}
	for i, m := range v.members {
		if !isName(m.name) {
			return c.src.errorAt(m.at, "%s is no name of a role", quote(m.name))
		}
		c.policy.roles[m.name] = i
	}
	c.parents = make([][]int, len(v.members))
	c.own = make([][]*rule, len(v.members))
	for i, m := range v.members {
		if err := c.role(i, m); err != nil {
			return err
		}
	}
	return c.inherit(v)
}

func (c *compiler) role(i int, m member) error {
	what := "role " + quote(m.name)
	found, err := c.object(m.value, what, nil, []string{"description", "inherits", "allow", "deny"})
	if err != nil {
		return err
	}
	if d, ok := found["description"]; ok {
		if _, err := c.prose(d.value, "description"); err != nil {
			return err
		}
	}
	if inherits, ok := found["inherits"]; ok {
		if c.parents[i], err = c.inherits(inherits.value, what); err != nil {
			return err
		}
	}
	for _, kind := range []string{"allow", "deny"} {
		list, ok := found[kind]
		if !ok {
			continue
		}
		if list.is != "array" {
			return c.src.errorAt(list.value.at, "%s of %s must be a list of rules", kind, what)
		}
		for _, item := range list.list {
			r, err := c.rule(item, kind == "deny")
			if err != nil {
				return err
			}
			c.own[i] = append(c.own[i], r)
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
func (c *compiler) inherit(v value) error {
	const unseen, open, closed = 0, 1, 2
	state := make([]int, len(c.parents))
	ancestors := make([]roleSet, len(c.parents))
	var visit func(i int) error
	visit = func(i int) error {
		switch state[i] {
		case closed:
			return nil
		case open:
			return c.src.errorAt(v.members[i].at, "role %s inherits itself", quote(v.members[i].name))
		}
		state[i] = open
		ancestors[i].add(i)
		for _, parent := range c.parents[i] {
			if err := visit(parent); err != nil {
				return err
			}
			for k := range ancestors[i] {
				ancestors[i][k] |= ancestors[parent][k]
			}
		}
		state[i] = closed
		return nil
	}
	for i := range c.parents {
		if err := visit(i); err != nil {
			return err
		}
	}
	for i := range ancestors {
		for j, own := range c.own {
			if !ancestors[i].has(j) {
				continue
			}
			for _, r := range own {
				r.holders.add(i)
			}
		}
	}
	return nil
}

// rule compiles one rule and files it under its actions.
func (c *compiler) rule(v value, deny bool) (*rule, error) {
	required, optional := []string{"id", "resource", "actions", "purposes", "fields", "because"}, []string{"justification", "relationship"}
	if deny {
		required, optional = []string{"id", "resource", "actions", "because"}, []string{"purposes", "fields"}
	}
	found, err := c.object(v, "a rule", required, optional)
	if err != nil {
		return nil, err
	}
	r := &rule{deny: deny, purposes: allPurposes, whole: deny}
	if err := c.ruleID(r, found["id"].value); err != nil {
		return nil, err
	}
	if _, err := c.prose(found["because"].value, "because"); err != nil {
		return nil, err
	}
	if p, ok := found["purposes"]; ok {
		if r.purposes, err = c.purposes(p.value); err != nil {
			return nil, err
		}
	}
	if rel, ok := found["relationship"]; ok {
		if err := c.relationship(r, rel.value); err != nil {
			return nil, err
		}
	}
	res := c.policy.resources[found["resource"].text]
	if res == nil {
		return nil, c.src.errorAt(found["resource"].value.at, "unknown resource %s", quote(found["resource"].text))
	}
	if err := c.fields(r, res, found); err != nil {
		return nil, err
	}
	return r, c.file(r, res, found["actions"].value)
}

func (c *compiler) ruleID(r *rule, v value) error {
	if v.is != "string" || !isName(v.text) {
		return c.src.errorAt(v.at, "the id of a rule must be a name")
	}
	if c.ids[v.text] {
		return c.src.errorAt(v.at, "rule %s is there twice", quote(v.text))
	}
	if len(c.policy.rules) >= maxPolicyRules {
		return c.src.errorAt(v.at, "more than %d rules", maxPolicyRules)
	}
	c.ids[v.text] = true
	r.id = v.text
	c.policy.rules = append(c.policy.rules, r)
	return nil
}

func (c *compiler) relationship(r *rule, v value) error {
	list, err := c.some(v, "relationship")
	if err != nil {
		return err
	}
	for _, item := range list {
		if !isName(item.text) {
			return c.src.errorAt(item.at, "%s is no name of a relationship", quote(item.text))
		}
		bit, ok := c.policy.relations[item.text]
		if !ok {
			if bit = len(c.policy.relations); bit >= maxRelations {
				return c.src.errorAt(item.at, "more than %d relationships", maxRelations)
			}
			c.policy.relations[item.text] = bit
		}
		r.relations |= 1 << bit
	}
	return nil
}

// fields compiles what a rule gives or takes away.
func (c *compiler) fields(r *rule, res *resource, found keys) error {
	m, ok := found["fields"]
	why, justified := found["justification"]
	list := m.list
	if ok && m.is == "string" {
		list = []value{m.value}
	} else if ok {
		var err error
		if list, err = c.names(m.value, "fields"); err != nil {
			return err
		}
		if r.deny && len(list) == 0 {
			return c.src.errorAt(m.value.at, "fields of a deny rule is empty")
		}
		r.whole = false
	}
	for _, item := range list {
		if item.text == "all" {
			r.whole = true
			continue
		}
		if m.is == "string" {
			return c.src.errorAt(item.at, `fields must be a list or "all"`)
		}
		if err := c.field(r, res, item); err != nil {
			return err
		}
	}
	if r.deny {
		return nil
	}
	if justified != r.whole {
		return c.src.errorAt(m.value.at, `fields "all" and a justification belong together (164.514(d)(5))`)
	}
	if !justified {
		return nil
	}
	_, err := c.prose(why.value, "justification")
	return err
}

// field adds the paths of one category, or one path, to a rule.
func (c *compiler) field(r *rule, res *resource, v value) error {
	paths, known := c.categories[v.text]
	if !known {
		if err := c.checkPath(v); err != nil {
			return err
		}
		paths = []string{v.text}
	}
	mine := 0
	for _, p := range paths {
		if len(p) <= len(res.name) || p[:len(res.name)+1] != res.name+"." {
			continue
		}
		id, err := c.pathID(v.at, p)
		if err != nil {
			return err
		}
		r.paths = append(r.paths, id)
		mine++
	}
	if mine == 0 {
		return c.src.errorAt(v.at, "%s has no field of %s", quote(v.text), res.name)
	}
	return nil
}

// file puts a rule where decisions look for it.
func (c *compiler) file(r *rule, res *resource, v value) error {
	actions, err := c.some(v, "actions")
	if err != nil {
		return err
	}
	for _, a := range actions {
		at := res.cells[a.text]
		if at == nil {
			return c.src.errorAt(a.at, "%s declares no action %s", res.name, quote(a.text))
		}
		at.rules = append(at.rules, r)
		at.relation = at.relation || r.relations != 0
	}
	return nil
}
