package access

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// cellRun compares one cell of two policies.
type cellRun struct {
	*comparison
	key           cellKey
	before, after *cell
	fields        []string
	known         map[string]*CellChange // by purpose and rules; nil where nothing differs
	found         []CellChange
	joined        map[string]int // where in found, by all but the purpose
}

// purpose compares what every role may do for one purpose: the classes of the
// one policy with those of the other, as far as a role is in both.
func (c *cellRun) purpose(p safeguard.Purpose, bit uint32) {
	older, newer := c.old.classes(c.before, bit), c.new.classes(c.after, bit)
	pairs := make([]*pair, len(older.list)*len(newer.list))
	for _, role := range c.roles() {
		i, j := older.of(role.old), newer.of(role.new)
		at := &pairs[i*len(newer.list)+j]
		if *at == nil {
			*at = c.pair(older.list[i], newer.list[j], bit)
		}
		if (*at).change != nil {
			c.note(role.name, p, *at)
		}
	}
}

// pair is what differs for the roles of two classes.
type pair struct {
	change *CellChange // nil for nothing
	text   string      // all that it says
}

func (c *cellRun) pair(a, b classOf, bit uint32) *pair {
	if a.said == b.said {
		return new(pair)
	}
	change := c.change(a.said+"/"+b.said, a.class, b.class, bit)
	if change == nil {
		return new(pair)
	}
	mine := *change
	mine.OldRules, mine.NewRules = ruleIDs(a.rules), ruleIDs(b.rules)
	return &pair{&mine, mine.text()}
}

// text is all that a change says but role and purposes.
func (d *CellChange) text() string {
	var b strings.Builder
	for _, list := range [...][]string{d.Changes, d.Gained, d.Lost, d.OldRules, d.NewRules} {
		for _, s := range list {
			b.WriteString(strconv.Itoa(len(s)))
			b.WriteByte(' ')
			b.WriteString(s)
		}
		b.WriteByte('|')
	}
	return b.String() + strconv.FormatBool(d.Widened) + strconv.FormatBool(d.Narrowed)
}

// note adds a change of a role, which may be there for another purpose already.
func (c *cellRun) note(role string, p safeguard.Purpose, of *pair) {
	key := role + "|" + of.text
	if i, there := c.joined[key]; there {
		c.found[i].Purposes = append(c.found[i].Purposes, p)
		return
	}
	c.joined[key] = len(c.found)
	mine := *of.change
	mine.Role, mine.Purposes = role, []safeguard.Purpose{p}
	c.found = append(c.found, mine)
}

// roleIn is a role and its index in both policies, -1 where it is not.
type roleIn struct {
	name     string
	old, new int
}

// roles returns the roles of both policies, sorted.
func (c *comparison) roles() []roleIn {
	if c.names != nil {
		return c.names
	}
	index := func(p *Policy, name string) int {
		if i, there := p.roles[name]; there {
			return i
		}
		return -1
	}
	all := slices.Concat(c.old.policy.Roles(), c.new.policy.Roles())
	slices.Sort(all)
	for _, name := range slices.Compact(all) {
		c.names = append(c.names, roleIn{name, index(c.old.policy, name), index(c.new.policy, name)})
	}
	return c.names
}

// classOf is a class and what its rules say.
type classOf struct {
	class
	said string
}

// classesOf are the classes of a cell for a purpose; the last one is that of
// a role that is not in the policy.
type classesOf struct {
	list   []classOf
	byRole []int
}

func (c classesOf) of(role int) int {
	if role < 0 {
		return len(c.list) - 1
	}
	return c.byRole[role]
}

func (s side) classes(at *cell, purpose uint32) classesOf {
	c := classesOf{byRole: make([]int, len(s.policy.named))}
	for i, class := range s.policy.classes(at, purpose) {
		class.roles.each(func(role int) { c.byRole[role] = i })
		c.list = append(c.list, classOf{class, s.said(class.rules)})
	}
	c.list = append(c.list, classOf{})
	return c
}

// said names what rules say, whatever they are called.
func (s side) said(rules []*rule) string {
	numbers := make([]int, 0, len(rules))
	for _, r := range rules {
		numbers = append(numbers, s.meaning[r])
	}
	slices.Sort(numbers)
	var b []byte
	for _, n := range slices.Compact(numbers) {
		b = append(strconv.AppendInt(b, int64(n), 36), ' ')
	}
	return string(b)
}

// change compares two classes, nil if they decide alike.
func (c *cellRun) change(key string, a, b class, bit uint32) *CellChange {
	key += strconv.Itoa(int(bit))
	if known, there := c.known[key]; there {
		return known
	}
	if c.fields == nil {
		c.fields = c.written()
	}
	older := c.old.of(a, rulesFor(c.before, bit), c.fields)
	newer := c.new.of(b, rulesFor(c.after, bit), c.fields)
	var change *CellChange
	if !older.equal(newer) {
		change = c.describe(older, newer)
	}
	c.known[key] = change
	return change
}

// written returns every path about the resource that either policy writes.
func (c *cellRun) written() []string {
	if c.paths == nil {
		c.paths = map[string][]string{}
		for _, path := range slices.Concat(c.old.policy.paths, c.new.policy.paths) {
			if resource, keys, _ := strings.Cut(path, "."); keys != "*" {
				c.paths[resource] = append(c.paths[resource], path)
			}
		}
		for resource, list := range c.paths {
			slices.Sort(list)
			c.paths[resource] = slices.Compact(list)
		}
	}
	return c.paths[c.key.resource]
}

func rulesFor(at *cell, purpose uint32) []*rule {
	var list []*rule
	if at != nil {
		for _, r := range at.rules {
			if r.purposes&purpose != 0 {
				list = append(list, r)
			}
		}
	}
	return list
}

// describe says how two grants differ.
func (c *cellRun) describe(a, b *grant) *CellChange {
	d := &CellChange{Resource: c.key.resource, Action: c.key.action}
	d.turn(a.denied, b.denied, "the action is denied to whoever has the role, whatever other roles give")
	before, after := a.allow[""], b.allow[""]
	switch {
	case before == nil && after != nil:
		d.say(true, "newly allowed: "+strings.Join(c.words.texts(after), ", or "))
	case before != nil && after == nil:
		d.say(false, "no longer allowed")
	default:
		c.require(d, "access", before, after)
	}
	c.items(d, a, b)
	for _, path := range a.hidden {
		d.turn(true, b.hides(path), path+" is hidden from whoever has the role")
	}
	for _, path := range b.hidden {
		d.turn(a.hides(path), true, path+" is hidden from whoever has the role")
	}
	for _, path := range a.quiet {
		d.turn(true, slices.Contains(b.quiet, path) || b.hides(path), path+" is hidden unless a rule lists it")
	}
	for _, path := range b.quiet {
		d.turn(slices.Contains(a.quiet, path) || a.hides(path), true, path+" is hidden unless a rule lists it")
	}
	return d
}

// items compares what is given: fields, obligations, exemptions.
func (c *cellRun) items(d *CellChange, a, b *grant) {
	all := maps.Clone(a.allow)
	maps.Copy(all, b.allow)
	for _, item := range slices.Sorted(maps.Keys(all)) {
		before, after := a.allow[item], b.allow[item]
		if item == "" || slices.Equal(before, after) || saidAbove(item, a, b) {
			continue
		}
		kind, name, special := strings.Cut(item, ":")
		switch {
		case special && kind == "obligation":
			// An obligation that falls away is a condition less.
			d.duty(c.words, name, before, after)
		case special:
			d.say(after != nil, "the exemption "+name+" "+map[bool]string{true: "is new or counts elsewhere", false: "is gone"}[after != nil])
		case before == nil:
			d.Gained, d.Widened = append(d.Gained, item), true
		case after == nil:
			d.Lost, d.Narrowed = append(d.Lost, item), true
		default:
			c.require(d, item, before, after)
		}
	}
	d.Gained, d.Lost = topmost(d.Gained), topmost(d.Lost)
}

// saidAbove reports whether the field above has changed in the same way.
func saidAbove(item string, a, b *grant) bool {
	for at := strings.LastIndexByte(item, '.'); at > 0; at = strings.LastIndexByte(item[:at], '.') {
		above := item[:at]
		if a.allow[above] == nil && b.allow[above] == nil {
			continue
		}
		return slices.Equal(a.allow[above], a.allow[item]) && slices.Equal(b.allow[above], b.allow[item])
	}
	return false
}

// require compares the situations in which something is given.
func (c *cellRun) require(d *CellChange, what string, before, after needs) {
	if slices.Equal(before, after) {
		return
	}
	word := "changed"
	wider, narrower := !after.within(before), !before.within(after)
	switch {
	case wider && !narrower:
		word = "weakened"
	case narrower && !wider:
		word = "strengthened"
	}
	d.Widened, d.Narrowed = d.Widened || wider, d.Narrowed || narrower
	d.add("requirement for " + what + " " + word + ": from " + strings.Join(c.words.texts(before), ", or ") + " to " + strings.Join(c.words.texts(after), ", or "))
}

// duty compares the situations in which an obligation arises.
func (d *CellChange) duty(v vocabulary, name string, before, after needs) {
	wider, narrower := !before.within(after), !after.within(before)
	d.Widened, d.Narrowed = d.Widened || wider, d.Narrowed || narrower
	switch {
	case after == nil:
		d.add("the obligation " + name + " is gone")
	case before == nil:
		d.add("the obligation " + name + " is new")
	default:
		d.add("the obligation " + name + " arises elsewhere: " + strings.Join(v.texts(after), ", or "))
	}
}

// turn notes that something which takes away is there now, or no longer.
func (d *CellChange) turn(before, after bool, what string) {
	switch {
	case before && !after:
		d.say(true, "no longer: "+what)
	case after && !before:
		d.say(false, "newly: "+what)
	}
}

func (d *CellChange) say(wider bool, what string) {
	d.Widened, d.Narrowed = d.Widened || wider, d.Narrowed || !wider
	d.add(what)
}

func (d *CellChange) add(what string) { d.Changes = append(d.Changes, what) }
