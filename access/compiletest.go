package access

import (
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// policyTest is a test that stands in the policy.
type policyTest struct {
	at           int
	name         string
	as           []string // roles
	resource     string
	action       string
	purpose      safeguard.Purpose
	relationship []string
	labels       Labels
	conditions   []string // that hold
	consented    bool     // to everything
	emergency    bool     // a grant is open
	untrained    bool     // no course was ever completed
	allow        bool     // what is expected
	code         string   // "" for any of that effect
	sees         []field  // paths of which something is seen
	notSees      []field
	rules        []string // those that decide, sorted; nil for any
}

// tests takes the tests of the policy. What they name must exist.
func (c *compiler) tests(m member) error {
	names := map[string]bool{}
	return c.list(m, "tests", func(item value) error {
		if len(c.policy.tests) >= maxPolicyTests {
			return c.src.errorAt(item.at, "more than %d tests", maxPolicyTests)
		}
		t, err := c.test(item)
		if err != nil {
			return err
		}
		if names[t.name] {
			return c.src.errorAt(item.at, "test %s is there twice", quote(t.name))
		}
		names[t.name] = true
		c.policy.tests = append(c.policy.tests, t)
		return nil
	})
}

func (c *compiler) test(v value) (*policyTest, error) {
	found, err := c.object(v, "a test", []string{"name", "as", "do", "on", "purpose", "expect"}, []string{
		"relationship", "labels", "conditions", "consented", "emergency", "untrained", "code", "sees", "not_sees", "rules",
	})
	if err != nil {
		return nil, err
	}
	t := &policyTest{at: v.at, resource: found["on"].text, action: found["do"].text, purpose: safeguard.Purpose(found["purpose"].text)}
	if t.name, err = c.prose(found["name"].value, "the name of a test"); err != nil {
		return nil, err
	}
	if _, t.as, err = c.roleSet(found["as"].value, "as"); err != nil {
		return nil, err
	}
	switch {
	case c.policy.resources[t.resource] == nil:
		return nil, c.src.errorAt(found["on"].value.at, "unknown resource %s", quote(t.resource))
	case !c.policy.declares(t.resource, t.action):
		return nil, c.src.errorAt(found["do"].value.at, "%s declares no action %s", t.resource, quote(t.action))
	case !t.purpose.Valid():
		return nil, c.src.errorAt(found["purpose"].value.at, "%s is no purpose-of-use code", quote(string(t.purpose)))
	}
	if err := c.circumstances(t, found); err != nil {
		return nil, err
	}
	return t, c.expectations(t, found)
}

// circumstances takes what a test supposes.
func (c *compiler) circumstances(t *policyTest, found keys) (err error) {
	if t.relationship, err = c.supposed(found["relationship"], "a relationship", c.policy.relations); err != nil {
		return err
	}
	if t.conditions, err = c.supposed(found["conditions"], "a condition", c.policy.conditions); err != nil {
		return err
	}
	for _, flag := range []struct {
		key string
		to  *bool
	}{{"consented", &t.consented}, {"emergency", &t.emergency}, {"untrained", &t.untrained}} {
		if m, ok := found[flag.key]; ok {
			if *flag.to, err = c.truth(m.value, flag.key); err != nil {
				return err
			}
		}
	}
	if m, ok := found["labels"]; ok {
		return c.testLabels(t, m.value)
	}
	return nil
}

// supposed returns the names of a list, each of which some rule asks for.
func (c *compiler) supposed(m member, one string, known map[string]int) ([]string, error) {
	if m.name == "" {
		return nil, nil
	}
	list, err := c.names(m.value, m.name)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, item := range list {
		if _, ok := known[item.text]; !ok {
			return nil, c.src.errorAt(item.at, "%s is not %s that a rule asks for", quote(item.text), one)
		}
		names = append(names, item.text)
	}
	return names, nil
}

// testLabels takes the labels of the data. A label that the policy does not
// know may be tried too.
func (c *compiler) testLabels(t *policyTest, v value) error {
	found, err := c.object(v, "labels", nil, []string{"confidentiality", "sensitivity"})
	if err != nil {
		return err
	}
	if m, ok := found["confidentiality"]; ok {
		if m.is != "string" || m.text == "" {
			return c.src.errorAt(m.value.at, "confidentiality must be a code")
		}
		t.labels.Confidentiality = m.text
	}
	if m, ok := found["sensitivity"]; ok {
		list, err := c.names(m.value, "sensitivity")
		if err != nil {
			return err
		}
		for _, item := range list {
			t.labels.Sensitivity = append(t.labels.Sensitivity, item.text)
		}
	}
	return nil
}

// expectations takes what a test expects.
func (c *compiler) expectations(t *policyTest, found keys) error {
	expect := found["expect"]
	if expect.is != "string" || expect.text != "allow" && expect.text != "deny" {
		return c.src.errorAt(expect.value.at, `expect must be "allow" or "deny"`)
	}
	t.allow = expect.text == "allow"
	if m, ok := found["code"]; ok {
		decided, known := codeOf(m.text)
		if !known || (decided == codeAllowed) != t.allow {
			return c.src.errorAt(m.value.at, "%s is no code of a decision to %s", quote(m.text), expect.text)
		}
		t.code = m.text
	}
	for _, list := range []struct {
		key string
		to  *[]field
	}{{"sees", &t.sees}, {"not_sees", &t.notSees}} {
		if m, ok := found[list.key]; ok {
			if err := c.testPaths(t, m, list.to); err != nil {
				return err
			}
		}
	}
	m, ok := found["rules"]
	if !ok {
		return nil
	}
	return c.testRules(t, m)
}

func (c *compiler) testPaths(t *policyTest, m member, to *[]field) error {
	list, err := c.names(m.value, m.name)
	if err != nil {
		return err
	}
	if !t.allow {
		return c.src.errorAt(m.value.at, "who is denied sees nothing, so that needs no test")
	}
	for _, item := range list {
		if err := c.checkPath(item); err != nil {
			return err
		}
		if !strings.HasPrefix(item.text, t.resource+".") {
			return c.src.errorAt(item.at, "%s is no field of %s", quote(item.text), t.resource)
		}
		*to = append(*to, field{item.at, item.text})
	}
	return nil
}

func (c *compiler) testRules(t *policyTest, m member) error {
	list, err := c.names(m.value, "rules")
	if err != nil {
		return err
	}
	t.rules = []string{}
	for _, item := range list {
		if c.policy.byID[item.text] == nil {
			return c.src.errorAt(item.at, "unknown rule %s", quote(item.text))
		}
		t.rules = append(t.rules, item.text)
	}
	slices.Sort(t.rules)
	return nil
}
