package access

import (
	"slices"
	"strconv"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// compiler turns the tree of a policy into a Policy, or says what is wrong.
type compiler struct {
	src        source
	policy     *Policy
	categories map[string][]string
	pathIDs    map[string]int
	ids        map[string]bool // of rules, consent requirements and separations
	cells      int
}

// keys are the members of one object by name.
type keys map[string]member

// object returns the members of v, which may have the required and the
// optional keys and no other.
func (c *compiler) object(v value, what string, required, optional []string) (keys, error) {
	if v.is != "object" {
		return nil, c.src.errorAt(v.at, "%s must be an object", what)
	}
	found := keys{}
	for _, m := range v.members {
		if !slices.Contains(required, m.name) && !slices.Contains(optional, m.name) {
			return nil, c.src.errorAt(m.at, "unknown key %s in %s", quote(m.name), what)
		}
		found[m.name] = m
	}
	for _, name := range required {
		if _, ok := found[name]; !ok {
			return nil, c.src.errorAt(v.at, "%s has no %q", what, name)
		}
	}
	return found, nil
}

// names returns a list of distinct strings.
func (c *compiler) names(v value, what string) ([]value, error) {
	if v.is != "array" {
		return nil, c.src.errorAt(v.at, "%s must be a list", what)
	}
	seen := map[string]bool{}
	for _, item := range v.list {
		if item.is != "string" {
			return nil, c.src.errorAt(item.at, "%s must hold strings", what)
		}
		if seen[item.text] {
			return nil, c.src.errorAt(item.at, "%s holds %s twice", what, quote(item.text))
		}
		seen[item.text] = true
	}
	return v.list, nil
}

func (c *compiler) some(v value, what string) ([]value, error) {
	list, err := c.names(v, what)
	if err == nil && len(list) == 0 {
		err = c.src.errorAt(v.at, "%s is empty", what)
	}
	return list, err
}

// prose returns a text that somebody wrote as a reason.
func (c *compiler) prose(v value, what string) (string, error) {
	if v.is != "string" || strings.TrimSpace(v.text) == "" || len(v.text) > maxText {
		return "", c.src.errorAt(v.at, "%s must be a text of 1 to %d bytes", what, maxText)
	}
	return v.text, nil
}

// integer returns a whole number of the range.
func (c *compiler) integer(v value, what string, least, most int) (int, error) {
	n, err := strconv.Atoi(v.number)
	if v.is != "number" || err != nil || n < least || n > most {
		return 0, c.src.errorAt(v.at, "%s must be a whole number from %d to %d", what, least, most)
	}
	return n, nil
}

// truth returns true or false.
func (c *compiler) truth(v value, what string) (bool, error) {
	if v.is != "other" || v.text != "true" && v.text != "false" {
		return false, c.src.errorAt(v.at, "%s must be true or false", what)
	}
	return v.text == "true", nil
}

// list calls each for every object of a list.
func (c *compiler) list(m member, what string, each func(value) error) error {
	if m.name == "" {
		return nil
	}
	if m.is != "array" {
		return c.src.errorAt(m.value.at, "%s must be a list of objects", what)
	}
	for _, item := range m.list {
		if err := each(item); err != nil {
			return err
		}
	}
	return nil
}

// identify takes the id of a rule or of a requirement, which is unique in the
// policy.
func (c *compiler) identify(v value, what string) (string, error) {
	if v.is != "string" || !isName(v.text) {
		return "", c.src.errorAt(v.at, "the id of %s must be a name", what)
	}
	if c.ids[v.text] {
		return "", c.src.errorAt(v.at, "%s %s is there twice", strings.TrimPrefix(what, "a "), quote(v.text))
	}
	c.ids[v.text] = true
	return v.text, nil
}

func (c *compiler) document(v value) error {
	top, err := c.object(v, "the policy", []string{"version", "resources", "roles"}, []string{
		"description", "tenant", "categories", "labels", "consent", "training", "separation", "emergency", "tests",
	})
	if err != nil {
		return err
	}
	if top["version"].number != "1" {
		return c.src.errorAt(top["version"].value.at, "version must be 1")
	}
	if d, ok := top["description"]; ok {
		if c.policy.description, err = c.prose(d.value, "description"); err != nil {
			return err
		}
	}
	// What is named must be known first, so the order is not that of the document.
	for _, step := range []struct {
		key     string
		compile func(member) error
	}{
		{"tenant", c.tenant}, {"resources", c.resources}, {"categories", c.categorise}, {"labels", c.labels},
		{"consent", c.consents}, {"training", c.training}, {"roles", c.roles}, {"separation", c.separations},
		{"emergency", c.emergencies}, {"tests", c.tests},
	} {
		if err := step.compile(top[step.key]); err != nil {
			return err
		}
	}
	return nil
}

func (c *compiler) tenant(m member) error {
	if m.name == "" {
		return nil
	}
	if m.is != "string" || m.text != "required" {
		return c.src.errorAt(m.value.at, `tenant must be "required" or not be there`)
	}
	c.policy.tenant = true
	return nil
}

func (c *compiler) resources(v member) error {
	if v.is != "object" || len(v.members) == 0 {
		return c.src.errorAt(v.value.at, "resources must be an object of names and their actions")
	}
	for _, m := range v.members {
		if err := c.resource(m); err != nil {
			return err
		}
	}
	return nil
}

func (c *compiler) resource(m member) error {
	switch {
	case !isSegment(m.name):
		return c.src.errorAt(m.at, "%s is no name of a resource", quote(m.name))
	case m.name == "Bundle":
		return c.src.errorAt(m.at, "Bundle is no resource of a policy: what is in it is decided by its own type")
	}
	actions, err := c.some(m.value, "the actions of "+quote(m.name))
	if err != nil {
		return err
	}
	r := &resource{at: m.at, name: m.name, cells: map[string]*cell{}}
	if r.whole, err = c.pathID(m.at, m.name+".*"); err != nil {
		return err
	}
	for _, a := range actions {
		if !isName(a.text) {
			return c.src.errorAt(a.at, "%s is no name of an action", quote(a.text))
		}
		one := &cell{index: c.cells, at: a.at, resource: r, action: a.text}
		r.cells[a.text], r.order = one, append(r.order, one)
		c.cells++
	}
	c.policy.resources[m.name] = r
	return nil
}

func (c *compiler) categorise(m member) error {
	c.categories = map[string][]string{}
	if m.name == "" {
		return nil
	}
	if m.is != "object" {
		return c.src.errorAt(m.value.at, "categories must be an object")
	}
	for _, named := range m.members {
		first, _, _ := strings.Cut(named.name, ".")
		if !isName(named.name) || named.name == "all" || c.policy.resources[first] != nil {
			return c.src.errorAt(named.at, "%s is no name of a category", quote(named.name))
		}
		paths, err := c.some(named.value, "category "+quote(named.name))
		if err != nil {
			return err
		}
		for _, p := range paths {
			if err := c.checkPath(p); err != nil {
				return err
			}
			c.categories[named.name] = append(c.categories[named.name], p.text)
		}
		c.policy.categories = append(c.policy.categories, &category{at: named.at, name: named.name, paths: c.categories[named.name]})
	}
	return nil
}

// checkPath refuses what is not the path of a field of a declared resource.
func (c *compiler) checkPath(v value) error {
	segments := strings.Split(v.text, ".")
	if c.policy.resources[segments[0]] == nil {
		return c.src.errorAt(v.at, "%s is no category and begins with no declared resource", quote(v.text))
	}
	if len(segments) < 2 || len(segments) > maxPathSegments || len(v.text) > maxPath {
		return c.src.errorAt(v.at, "%s is no path of a field", quote(v.text))
	}
	for _, s := range segments[1:] {
		if !isSegment(s) {
			return c.src.errorAt(v.at, "%s is no path of a field", quote(v.text))
		}
	}
	return nil
}

// pathID returns the id of path, which it gives out if it is new.
func (c *compiler) pathID(at int, path string) (int, error) {
	if id, ok := c.pathIDs[path]; ok {
		return id, nil
	}
	id := len(c.policy.paths)
	if id >= maxPolicyPaths {
		return 0, c.src.errorAt(at, "more than %d paths", maxPolicyPaths)
	}
	c.pathIDs[path] = id
	c.policy.paths = append(c.policy.paths, path)
	return id, nil
}

func (c *compiler) purposes(v value) (uint32, error) {
	list, err := c.some(v, "purposes")
	if err != nil {
		return 0, err
	}
	set := uint32(0)
	for _, p := range list {
		bit := purposeBit(safeguard.Purpose(p.text))
		if bit == 0 {
			return 0, c.src.errorAt(p.at, "%s is no purpose-of-use code", quote(p.text))
		}
		set |= bit
	}
	return set, nil
}

// isName accepts letters, digits, '.', '-' and '_', not first a sign.
func isName(s string) bool {
	if s == "" || len(s) > maxPolicyName || !isAlphanumeric(s[0]) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r > 0x7f || !isAlphanumeric(byte(r)) && !strings.ContainsRune("._-", r)
	})
}

// isSegment accepts one key of a path: a name without a dot, which may begin
// with '_' as the siblings of FHIR primitives do.
func isSegment(s string) bool {
	return isName(strings.TrimPrefix(s, "_")) && !strings.Contains(s, ".")
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
