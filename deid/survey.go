package deid

// index is what a first pass finds out about the resources of a document. A
// contained resource has no key of its own here: its key grows with that of
// what it is in, and is made when it is needed.
type index struct {
	keys   map[int32]string  // resource node to key
	bases  map[int32]string  // resource node to the server that its references are relative to
	inside map[int32]int32   // contained resource to the resource that it is in
	canon  map[string]string // other names of a key
	full   map[string]bool   // keys of entries with a fullUrl
	people
}

// survey reads the document once before anything is written: which resource
// has which key, who is over 89, and the names, numbers and places that must
// not reappear elsewhere.
func (r *run) survey() {
	r.index = index{
		keys: map[int32]string{}, bases: map[int32]string{}, inside: map[int32]int32{}, canon: map[string]string{},
		full: map[string]bool{}, people: people{old: map[string]bool{}},
	}
	r.seeds = newSeeds()
	r.displays = map[string]bool{}
	r.surveyNode(1, place{})
	r.joinLinked()
}

// place is where the survey is.
type place struct {
	fullURL   string
	container int32 // the outermost resource, but a Bundle, or 0
	base      string
	provider  bool
}

func (r *run) surveyNode(n int32, at place) {
	v := r.nodes[n]
	if v.kind == jsonObject {
		if typ := r.text(r.child(n, "resourceType")); typ != "" {
			at = r.register(n, typ, at)
		} else if full := r.child(n, "fullUrl"); full != 0 {
			at.fullURL = r.text(full)
		}
	}
	for c := v.first; c != 0; c = r.nodes[c].next {
		if v.kind == jsonObject {
			r.seed(c, string(r.key(c)), at)
			r.event(c)
		}
		if k := r.nodes[c].kind; k == jsonObject || k == jsonArray {
			r.surveyNode(c, at)
		}
	}
}

// register notes a resource and returns the place of what is in it.
func (r *run) register(n int32, typ string, at place) place {
	if !r.e.atlas.known[typ] {
		typ = ""
	}
	own := ""
	if id := r.text(r.child(n, "id")); typ != "" && isID(id) {
		own = typ + "/" + id
	}
	switch {
	case at.container != 0:
		r.inside[n] = at.container
	case at.fullURL != "":
		own, at.base = r.registerEntry(n, own, at.fullURL)
	case own != "":
		r.keys[n] = own
	}
	at.provider = typ == "Practitioner" || typ == "Organization" || typ == "Location" || typ == "PractitionerRole"
	if typ == "Patient" {
		r.person(n, own)
		r.seeds.phrase(r.text(r.child(n, "id")))
	}
	if typ != "Bundle" && at.container == 0 {
		at.container = n
	}
	at.fullURL = ""
	return at
}

// registerEntry notes a resource that is known by the fullUrl of its entry.
func (r *run) registerEntry(n int32, own, fullURL string) (name, base string) {
	key, base := r.parseReference(fullURL, "")
	if key == "" {
		key = own
	} else {
		r.full[key] = true
		if _, ok := r.canon[own]; !ok && own != "" {
			r.canon[own] = key
		}
	}
	if key != "" {
		r.keys[n] = key
	}
	if base != "" {
		r.bases[n] = base
	}
	return own, base
}
