package access

// bundle projects a FHIR Bundle: its resourceType, its type, and of every
// entry the resource, by the rules about the resource's own type. Entries of
// a type that the caller may not read are left out. The labels of the Bundle
// count for every entry; if it has any, it is read once more with these.
func (p *projection) bundle() {
	start, mark, depth, keys := p.pos, len(p.dst), p.depth, len(p.keys)
	for {
		base := p.base
		p.bundleOnce()
		if p.err != nil || p.base == base {
			return
		}
		clear(p.used)
		p.keys = p.keys[:keys]
		p.rewind(start, mark, depth)
	}
}

func (p *projection) bundleOnce() {
	p.dst = append(p.dst, '{')
	o := object{base: len(p.keys)}
	kept, typed := 0, false
	for more := p.enter('}'); more; more = p.more('}') {
		key := p.member(&o)
		if p.err != nil {
			return
		}
		mark := len(p.dst)
		p.comma(kept)
		switch string(key) {
		case "resourceType":
			p.named(&o, key, "Bundle")
		case "type":
			typed = true
			p.bundleType(&o)
		case "entry":
			p.dst = append(p.dst, `"entry":`...)
			if !p.entries() {
				p.dst = p.dst[:mark]
				continue
			}
		case "modifierExtension":
			p.fail("a modifierExtension changes the meaning of the Bundle")
		case "meta":
			p.found = found{labels: p.base}
			p.labels()
			p.base = p.found.labels
			fallthrough
		default:
			p.dst = p.dst[:mark]
			p.skip()
			continue
		}
		kept++
	}
	p.keys = p.keys[:o.base]
	p.comma(kept)
	p.dst = append(p.dst, redactedMeta...)
	p.dst = append(p.dst, '}')
	if p.err == nil && !typed {
		p.fail("a Bundle without a type")
	}
}

// bundleType copies the type of a Bundle. A transaction, batch, history,
// message or document says more than its entries do, so these are refused.
func (p *projection) bundleType(o *object) {
	start := p.pos
	if p.peek() != '"' {
		p.fail("the type of a Bundle is not a string")
		return
	}
	if _, ok := p.str(); !ok {
		return
	}
	raw := p.src[start:p.pos]
	if string(raw) != `"searchset"` && string(raw) != `"collection"` {
		p.fail("a Bundle that is neither a searchset nor a collection")
		return
	}
	p.dst = append(p.dst, `"type":`...)
	p.dst = append(p.dst, raw...)
}

// entries projects the entries of a Bundle and reports whether any is left.
func (p *projection) entries() bool {
	if p.peek() != '[' {
		return p.fail("the entries of a Bundle are not a list")
	}
	p.dst = append(p.dst, '[')
	kept := 0
	for more := p.enter(']'); more; more = p.more(']') {
		mark := len(p.dst)
		p.comma(kept)
		if p.entry() {
			kept++
		} else {
			p.dst = p.dst[:mark]
		}
	}
	p.dst = append(p.dst, ']')
	return p.err == nil && kept > 0
}

// entry projects the resource of one entry.
func (p *projection) entry() bool {
	if p.peek() != '{' {
		return p.fail("an entry of a Bundle is not an object")
	}
	p.dst = append(p.dst, '{')
	o := object{base: len(p.keys)}
	kept, void := false, false
	for more := p.enter('}'); more; more = p.more('}') {
		key := p.member(&o)
		if p.err != nil {
			return false
		}
		switch string(key) {
		case "resource":
			kept = p.entryResource()
		case "modifierExtension":
			void = true
			p.skip()
		default:
			p.skip()
		}
	}
	p.keys = p.keys[:o.base]
	p.dst = append(p.dst, '}')
	return p.err == nil && kept && !void
}

func (p *projection) entryResource() bool {
	if p.peek() != '{' {
		return p.fail("a resource of a Bundle is not an object")
	}
	name := p.resourceType()
	if p.err != nil {
		return false
	}
	if name == nil {
		p.skip()
		return false
	}
	p.dst = append(p.dst, `"resource":`...)
	return p.resource("", name)
}
