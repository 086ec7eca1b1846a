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
}

// purpose compares what every role may do for one purpose.
func (c *cellRun) purpose(p safeguard.Purpose, bit uint32) {
	older, newer := c.old.policy.classOf(c.before, bit), c.new.policy.classOf(c.after, bit)
	for _, role := range c.roles() {
		a, b := older(role), newer(role)
		said, says := c.old.said(a.rules), c.new.said(b.rules)
		if said == says {
			continue
		}
		change := c.change(said+"/"+says, a, b, bit)
		if change == nil {
			continue
		}
		mine := *change
		mine.Role, mine.Purposes = role, []safeguard.Purpose{p}
		mine.OldRules, mine.NewRules = ruleIDs(a.rules), ruleIDs(b.rules)
		c.found = append(c.found, mine)
	}
}

// roles returns the roles of both policies, sorted.
func (c *comparison) roles() []string {
	if c.names == nil {
		all := maps.Clone(c.old.policy.roles)
		if all == nil {
			all = map[string]int{}
		}
		maps.Copy(all, c.new.policy.roles)
		c.names = slices.Sorted(maps.Keys(all))
	}
	return c.names
}

// classOf returns a function that finds the class of a role.
func (p *Policy) classOf(at *cell, purpose uint32) func(role string) class {
	list := p.classes(at, purpose)
	of := make([]int, len(p.named))
	for i := range list {
		list[i].roles.each(func(role int) { of[role] = i })
	}
	return func(role string) class {
		i, there := p.roles[role]
		if !there {
			return class{}
		}
		return list[of[i]]
	}
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
	all := map[string]bool{}
	for _, p := range []*Policy{c.old.policy, c.new.policy} {
		for _, path := range p.paths {
			if strings.HasPrefix(path, c.key.resource+".") && !strings.HasSuffix(path, ".*") {
				all[path] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
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
