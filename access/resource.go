package access

// found is what was met in a resource while it was projected.
type found struct {
	labels   labelSet // of the Bundle, and of what was read
	purposes uint32   // of a meta: for which the data may be used, 0 for all
	changed  bool     // labels were met since the mask was chosen
	fhir     bool     // it has a resourceType
	omitted  bool     // something was left out
	tagged   bool     // it is labelled REDACTED already
	whole    bool     // and that label is shown
	odd      bool     // its meta is shown, but is no object
	meta     int      // the closing brace of its meta in dst, 0 if that is not shown
	security int      // the closing bracket of meta.security in dst, 0 likewise
}

// resource projects one resource and reports false if it must be left out.
// want is the type that it must have. For a resource whose type was read it is
// "", and name is that type.
//
// By which rules it is seen depends on its labels, which may stand behind the
// data. If they change the mask it begins again: at most once when the meta of
// the resource was read, and once at its end, for labels deeper inside.
func (p *projection) resource(want string, name []byte) bool {
	p.peek()
	start, mark, depth, base := p.pos, len(p.dst), p.depth, len(p.keys)
	p.found, p.withheld = found{labels: p.base}, false
	mask := p.mask(name)
	for mask != nil {
		kept, again := p.attempt(mask, want, name)
		switch {
		case p.err != nil:
			return false
		case !again:
			return p.settle(kept, mask, name, start)
		}
		mask = p.mask(name)
		p.keys = p.keys[:base]
		p.rewind(start, mark, depth)
	}
	p.withheld = true
	p.skip()
	return false
}

// attempt projects one resource by a mask. It reports whether it is kept, and
// whether labels were found that make another mask count.
func (p *projection) attempt(mask *node, want string, name []byte) (kept, again bool) {
	p.found = found{labels: p.found.labels}
	clear(p.touched)
	p.dst = append(p.dst, '{')
	here := place{mask, mask.allow, top}
	o := object{base: len(p.keys)}
	members, void := 0, false
	for more := p.enter('}'); more; more = p.more('}') {
		key := p.member(&o)
		if p.err != nil {
			return false, false
		}
		w := wordOf(key)
		switch {
		case w == wordType:
			p.comma(members)
			members++
			p.named(&o, key, want)
		case w == wordMeta:
			if p.meta(&o, key, here, members, &void) {
				members++
			}
			if p.found.changed && p.mask(name) != mask {
				return false, true
			}
		case p.field(&o, key, w, here, members, &void):
			members++
		}
	}
	if p.err != nil || p.found.changed && p.mask(name) != mask {
		return false, true
	}
	p.keys = p.keys[:o.base]
	if members > 0 && mask.allow {
		p.touched.add(mask.id)
	}
	if p.found.fhir {
		members += p.markers(here, members, name)
		p.tag(mask, members)
	}
	p.dst = append(p.dst, '}')
	return !void, false
}

// settle says whether a resource that was projected is kept.
func (p *projection) settle(kept bool, mask *node, name []byte, start int) bool {
	if !kept {
		return false
	}
	if p.found.fhir && p.found.odd || !p.held(name, p.src[start:p.pos]) {
		p.withheld = true
		return false
	}
	p.used.merge(p.touched)
	p.chosen = mask
	return true
}

// held reports whether the scope that the caller was given covers a resource.
func (p *projection) held(name, document []byte) bool {
	d := &p.decision
	switch {
	case d.scope == nil:
		return true
	case name == nil:
		return d.covers(d.Resource, document)
	}
	return d.covers(string(name), document)
}

// named copies a resourceType, which must be want, unless that is "".
func (p *projection) named(o *object, key []byte, want string) {
	start := p.pos
	if !wordType.exact(key) {
		p.fail("resourceType in another case")
		return
	}
	if p.peek() != '"' {
		p.fail("resourceType is not a string")
		return
	}
	if _, ok := p.str(); !ok {
		return
	}
	raw := p.src[start:p.pos]
	if want != "" && string(raw[1:len(raw)-1]) != want {
		p.isBundle = p.depth == 1 && string(raw) == `"Bundle"`
		p.fail("the resourceType is not the one that was decided on")
		return
	}
	p.found.fhir = true
	p.dst = append(p.dst, p.src[o.start:o.end]...)
	p.dst = append(p.dst, ':')
	p.dst = append(p.dst, raw...)
}

// resourceType returns the type of the object at pos without moving, nil if
// it has none. Where it stands first, as almost always, this is cheap.
func (p *projection) resourceType() []byte {
	pos, depth, base := p.pos, p.depth, len(p.keys)
	var found []byte
	o := object{base: base}
	for more := p.enter('}'); more && found == nil; more = p.more('}') {
		key := p.member(&o)
		if p.err != nil {
			return nil
		}
		if string(key) != "resourceType" {
			if !p.skip() {
				return nil
			}
			continue
		}
		start := p.pos
		if p.peek() != '"' {
			break
		}
		if _, ok := p.str(); !ok {
			return nil
		}
		found = p.src[start+1 : p.pos-1]
		break
	}
	if p.err == nil {
		p.pos, p.depth, p.keys = pos, depth, p.keys[:base]
	}
	return found
}
