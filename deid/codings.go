package deid

// trusted reports whether a coding is a code of a public system, or of one
// that the options name, in the form that codes of that system have.
func (r *run) trusted(n int32) bool {
	if r.nodes[n].kind != jsonObject {
		return false
	}
	system, code := r.text(r.child(n, "system")), r.text(r.child(n, "code"))
	if system == "" {
		return codeSet()[code]
	}
	fits := formOf(system)
	if fits == nil && r.e.systems[system] {
		fits = isLocal
	}
	return fits != nil && fits(code) && !r.seeds.match(code) && !r.seeds.match(system)
}

// displayed returns the display of a trusted coding that may stay, or 0.
func (r *run) displayed(n int32) int32 {
	if r.e.opts.DropDisplays || !r.trusted(n) {
		return 0
	}
	d := r.child(n, "display")
	if d == 0 || r.nodes[d].kind != jsonString || r.child(n, "system") == 0 || !r.harmless(d) {
		return 0
	}
	return d
}

// harmless reports whether a text neither looks like an identifier nor holds
// a name, number or place of the record.
func (r *run) harmless(n int32) bool {
	if ok, known := r.displays[string(r.raw(n))]; known {
		return ok
	}
	s := r.text(n)
	ok := s != "" && !suspicious(s) && !r.seeds.match(s)
	r.displays[string(r.raw(n))] = ok
	return ok
}

// coding writes system, code, display and userSelected.
func (r *run) coding(n int32) bool {
	if !r.trusted(n) || r.child(n, "modifierExtension") != 0 {
		return r.unmapped()
	}
	display := r.displayed(n)
	start, first := len(r.out), true
	r.out = append(r.out, '{')
	for c := r.nodes[n].first; c != 0; c = r.nodes[c].next {
		name := string(r.key(c))
		switch {
		case (name == "system" || name == "code") && r.nodes[c].kind == jsonString || c == display:
		case name == "userSelected" && r.nodes[c].kind == jsonBool:
		case name == "system" || name == "code" || name == "display" || name == "version":
			r.below(name, r.unmapped)
			continue
		default:
			r.below("*", r.unmapped)
			continue
		}
		if !first {
			r.out = append(r.out, ',')
		}
		first = false
		r.writeString(name)
		r.out = append(r.out, ':')
		if name == "userSelected" {
			r.out = append(r.out, r.raw(c)...)
			continue
		}
		r.copyString(c)
	}
	if first {
		r.out = r.out[:start]
		return false
	}
	r.out = append(r.out, '}')
	return true
}

// concept writes the codings that are trusted, and the text only where it
// repeats one of their designations: otherwise it is free text.
func (r *run) concept(n int32) bool {
	if r.child(n, "modifierExtension") != 0 {
		return r.unmapped()
	}
	codings := r.child(n, "coding")
	repeats := false
	text := r.text(r.child(n, "text"))
	r.each(codings, func(c int32) {
		d := r.displayed(c)
		repeats = repeats || d != 0 && containsFold([]string{r.text(d)}, text)
	})
	start, first := len(r.out), true
	r.out = append(r.out, '{')
	for c := r.nodes[n].first; c != 0; c = r.nodes[c].next {
		mark := len(r.out)
		if !first {
			r.out = append(r.out, ',')
		}
		if r.conceptMember(c, repeats) {
			first = false
		} else {
			r.out = r.out[:mark]
		}
	}
	if first {
		r.out = r.out[:start]
		return false
	}
	r.out = append(r.out, '}')
	return true
}

func (r *run) conceptMember(c int32, repeats bool) bool {
	switch string(r.key(c)) {
	case "coding":
		r.out = append(r.out, `"coding":`...)
		return r.below("coding", func() bool { return r.value(c, &element{rule: "coding"}) })
	case "text":
		if !repeats || r.nodes[c].kind != jsonString {
			return r.below("text", r.freeText)
		}
		r.out = append(r.out, `"text":`...)
		r.copyString(c)
		return true
	}
	return r.below("*", r.unmapped)
}

// maxExtTexts bounds the designations that the text of an extension may repeat.
const maxExtTexts = 16

// extension writes one of the extensions that are followed.
func (r *run) extension(n int32, e *element) bool {
	url := r.text(r.child(n, "url"))
	if e.rule == "ext" {
		if !r.e.atlas.follow[url] {
			return r.unmapped()
		}
		outer := r.extTexts
		r.extTexts = nil
		r.each(r.child(n, "extension"), func(c int32) {
			if coding := r.child(c, "valueCoding"); coding != 0 && len(r.extTexts) < maxExtTexts {
				if d := r.displayed(coding); d != 0 {
					r.extTexts = append(r.extTexts, r.text(d))
				}
			}
		})
		defer func() { r.extTexts = outer }()
	} else if url != "ombCategory" && url != "detailed" && url != "text" {
		return r.unmapped()
	}
	start := len(r.out)
	if r.object(n, e.kids) < 2 { // the url alone says nothing
		r.out = r.out[:start]
		return false
	}
	return true
}
