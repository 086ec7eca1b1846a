package deid

// people is what a document says about the ages of those it is about.
type people struct {
	old    map[string]bool // patients by key and by type and id: true if over 89, or if that cannot be told
	links  []link
	anyOld bool
	oldest int // the oldest year that stays, of anything but a birth; 0 for none
}

// link says that two Patient resources are the same person.
type link struct {
	from     []string // keys of the one
	resource int32
	to       string // reference to the other
}

// life is what is known of the age of the subject of a resource.
type life uint8

const (
	lifeUnknown life = iota // no patient of the document
	lifeYoung               // born too late to be over 89
	lifeOld                 // over 89, or born at a time that cannot be told
)

// person notes a Patient. A birth date that is missing or cannot be read may
// be that of somebody over 89. Of two patients with one id the older counts.
func (r *run) person(n int32, own string) {
	year := yearOf(r.text(r.child(n, "birthDate")))
	old := year == 0 || r.clock.reveals(year)
	r.anyOld = r.anyOld || old
	var keys []string
	if key := r.resourceKey(n); key != "" {
		keys = append(keys, key)
	}
	if own != "" && r.inside[n] == 0 {
		keys = append(keys, own)
	}
	for _, key := range keys {
		r.old[key] = r.old[key] || old
	}
	r.each(r.child(n, "link"), func(c int32) {
		if ref := r.text(r.child(r.child(c, "other"), "reference")); ref != "" && len(keys) > 0 {
			r.links = append(r.links, link{keys, n, ref})
		}
	})
}

// joinLinked carries the age of a patient over to the others that are said to
// be the same person.
func (r *run) joinLinked() {
	next := map[string][]string{}
	for _, l := range r.links {
		to := r.resolve(l.to, l.resource)
		if _, ok := r.old[to]; !ok {
			continue
		}
		for _, from := range l.from {
			next[from] = append(next[from], to)
			next[to] = append(next[to], from)
		}
	}
	var todo []string
	for key := range next {
		if r.old[key] {
			todo = append(todo, key)
		}
	}
	for len(todo) > 0 {
		key := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, other := range next[key] {
			if !r.old[other] {
				r.old[other] = true
				todo = append(todo, other)
			}
		}
	}
}

// event notes the year of a date that stays, so that it is known how long ago
// an age may have been stated.
func (r *run) event(n int32) {
	r.each(n, func(c int32) {
		if r.nodes[c].kind != jsonString || r.nodes[c].to-r.nodes[c].from < 4 || !isDigit(r.src[r.nodes[c].from]) || string(r.key(n)) == "birthDate" {
			return
		}
		year := yearOf(r.text(c))
		if year != 0 && r.clock.keeps(year) && (r.oldest == 0 || year < r.oldest) {
			r.oldest = year
		}
	})
}

// subject returns what is known of the age of whom a resource is about. Where
// it cannot tell whose the resource is, anybody over 89 in the document counts.
func (r *run) subject(n int32, typ string) life {
	if typ == "Patient" {
		if old, ok := r.old[r.resourceKey(n)]; ok {
			return lifeOf(old)
		}
		return lifeOf(r.anyOld)
	}
	for _, name := range [...]string{"subject", "patient", "beneficiary"} {
		ref := r.text(r.child(r.child(n, name), "reference"))
		if ref == "" {
			continue
		}
		old, known := r.old[r.resolve(ref, n)]
		twin, namesake := r.old[relative(ref)] // on whatever server
		if known || namesake {
			return lifeOf(old || twin)
		}
	}
	if r.anyOld {
		return lifeOld
	}
	return lifeUnknown
}

func lifeOf(old bool) life {
	if old {
		return lifeOld
	}
	return lifeYoung
}

// keepsAge reports whether an age of at most 89 may stay. Of somebody over 89
// none may, because with the year beside it it tells the year of birth. Of
// somebody unknown it must not come to more than 89 by now even if it was
// stated in the oldest year of the document.
func (r *run) keepsAge(years float64) bool {
	switch r.life {
	case lifeYoung:
		return true
	case lifeOld:
		return false
	}
	return r.oldest == 0 || years+float64(r.clock.year-r.oldest) <= maxAge
}
