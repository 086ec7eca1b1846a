package access

import (
	"slices"

	"github.com/safeguard-sdk/safeguard"
)

// rule compiles one rule and files it under its actions.
func (c *compiler) rule(v value, deny bool) (*rule, error) {
	required := []string{"id", "resource", "actions", "purposes", "fields", "because"}
	optional := []string{"justification", "exempt", "relationship", "labels", "conditions", "emergency", "obligations"}
	if deny {
		required, optional = []string{"id", "resource", "actions", "because"}, []string{"purposes", "fields"}
	}
	found, err := c.object(v, "a rule", required, optional)
	if err != nil {
		return nil, err
	}
	if len(c.policy.rules) >= maxPolicyRules {
		return nil, c.src.errorAt(v.at, "more than %d rules", maxPolicyRules)
	}
	r := &rule{at: v.at, deny: deny, purposes: allPurposes, whole: deny, ceiling: labelSet{level: levelN}}
	if r.id, err = c.identify(found["id"].value, "a rule"); err != nil {
		return nil, err
	}
	if r.because, err = c.prose(found["because"].value, "because"); err != nil {
		return nil, err
	}
	r.resource = c.policy.resources[found["resource"].text]
	if r.resource == nil {
		return nil, c.src.errorAt(found["resource"].value.at, "unknown resource %s", quote(found["resource"].text))
	}
	for _, part := range []struct {
		key     string
		compile func(*rule, value) error
	}{
		{"purposes", c.rulePurposes}, {"relationship", c.relationship}, {"labels", c.ceiling}, {"conditions", c.conditions},
		{"emergency", c.inEmergency}, {"exempt", c.exempt}, {"obligations", c.obligations},
	} {
		if m, ok := found[part.key]; ok {
			if err := part.compile(r, m.value); err != nil {
				return nil, err
			}
		}
	}
	if !deny && r.emergency != (r.purposes&breakGlass != 0) {
		return nil, c.src.errorAt(v.at, "a rule for the purpose BTG must have emergency true, and the other way round")
	}
	if err := c.fields(r, found); err != nil {
		return nil, err
	}
	c.policy.rules = append(c.policy.rules, r)
	c.policy.byID[r.id] = r
	return r, c.file(r, found["actions"].value)
}

func (c *compiler) rulePurposes(r *rule, v value) error {
	set, err := c.purposes(v)
	r.purposes = set
	return err
}

// bits returns the set of the names of a list, of which known gives the bits;
// new ones get theirs.
func (c *compiler) bits(v value, what, one string, known map[string]int) (uint64, error) {
	list, err := c.some(v, what)
	if err != nil {
		return 0, err
	}
	set := uint64(0)
	for _, item := range list {
		if !isName(item.text) {
			return 0, c.src.errorAt(item.at, "%s is no name of %s", quote(item.text), one)
		}
		bit, ok := known[item.text]
		if !ok {
			if bit = len(known); bit >= maxBits {
				return 0, c.src.errorAt(item.at, "more than %d different names of %s", maxBits, one)
			}
			known[item.text] = bit
		}
		set |= 1 << bit
	}
	return set, nil
}

func (c *compiler) relationship(r *rule, v value) (err error) {
	r.relations, err = c.bits(v, "relationship", "a relationship", c.policy.relations)
	return err
}

func (c *compiler) conditions(r *rule, v value) (err error) {
	r.conditions, err = c.bits(v, "conditions", "a condition", c.policy.conditions)
	return err
}

func (c *compiler) inEmergency(r *rule, v value) (err error) {
	if r.emergency, err = c.truth(v, "emergency"); err != nil || !r.emergency {
		return err
	}
	if r.purposes != breakGlass {
		return c.src.errorAt(v.at, "an emergency rule is for the purpose BTG and no other")
	}
	return nil
}

func (c *compiler) obligations(r *rule, v value) error {
	list, err := c.some(v, "obligations")
	if err != nil {
		return err
	}
	for _, item := range list {
		if !isName(item.text) {
			return c.src.errorAt(item.at, "%s is no name of an obligation", quote(item.text))
		}
		r.obligations = append(r.obligations, item.text)
	}
	slices.Sort(r.obligations)
	return nil
}

// exempt takes the reason why the minimum necessary does not apply, one of the
// six of 164.502(b)(2). Two of them show in the purpose.
func (c *compiler) exempt(r *rule, v value) error {
	if v.is != "string" || !slices.Contains(exemptions(), v.text) {
		return c.src.errorAt(v.at, "exempt must be one of 164.502(b)(2)(i) to 164.502(b)(2)(vi)")
	}
	care := purposeBit(safeguard.Treatment) | purposeBit(safeguard.EmergencyTreatment) | purposeBit(safeguard.EmergencyRoomTreatment)
	switch {
	case v.text == "164.502(b)(2)(i)" && r.purposes&^care != 0:
		return c.src.errorAt(v.at, "164.502(b)(2)(i) is about treatment: purposes may be TREAT, ETREAT and ERTREAT only")
	case v.text == "164.502(b)(2)(ii)" && r.purposes != purposeBit(safeguard.PatientRequest):
		return c.src.errorAt(v.at, "164.502(b)(2)(ii) is about the individual: purposes must be PATRQT and no other")
	}
	r.exempt = v.text
	return nil
}

// exemptions are the uses and disclosures to which the minimum necessary does
// not apply.
func exemptions() []string {
	return []string{
		"164.502(b)(2)(i)", "164.502(b)(2)(ii)", "164.502(b)(2)(iii)",
		"164.502(b)(2)(iv)", "164.502(b)(2)(v)", "164.502(b)(2)(vi)",
	}
}

// fields compiles what a rule gives or takes away.
func (c *compiler) fields(r *rule, found keys) error {
	m, ok := found["fields"]
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
		r.fields = append(r.fields, field{item.at, item.text})
		if item.text == "all" {
			r.whole = true
			continue
		}
		if m.is == "string" {
			return c.src.errorAt(item.at, `fields must be a list or "all"`)
		}
		if err := c.field(r, item); err != nil {
			return err
		}
	}
	if r.deny {
		return nil
	}
	return c.justify(r, m, found)
}

// justify asks for the reason why a rule gives the whole record.
func (c *compiler) justify(r *rule, fields member, found keys) error {
	why, justified := found["justification"]
	switch {
	case justified && !r.whole, r.whole && !justified && r.exempt == "":
		return c.src.errorAt(fields.value.at, `fields "all" and a justification belong together (164.514(d)(5))`)
	case !justified:
		return nil
	}
	var err error
	r.justification, err = c.prose(why.value, "justification")
	return err
}

// field adds the paths of one category, or one path, to a rule.
func (c *compiler) field(r *rule, v value) error {
	paths, known := c.categories[v.text]
	if !known {
		if err := c.checkPath(v); err != nil {
			return err
		}
		paths = []string{v.text}
	}
	mine, name := 0, r.resource.name
	for _, p := range paths {
		if len(p) <= len(name) || p[:len(name)+1] != name+"." {
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
		return c.src.errorAt(v.at, "%s has no field of %s", quote(v.text), name)
	}
	return nil
}

// file puts a rule where decisions look for it.
func (c *compiler) file(r *rule, v value) error {
	actions, err := c.some(v, "actions")
	if err != nil {
		return err
	}
	for _, a := range actions {
		at := r.resource.cell(a.text)
		if at == nil {
			return c.src.errorAt(a.at, "%s declares no action %s", r.resource.name, quote(a.text))
		}
		at.rules = append(at.rules, r)
		r.actions = append(r.actions, a.text)
	}
	return nil
}
