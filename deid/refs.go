package deid

import (
	"strings"

	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

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

// resourceKey returns the key of a resource, or "" for one without an id.
func (r *run) resourceKey(n int32) string {
	container, ok := r.inside[n]
	if !ok {
		return r.keys[n]
	}
	id := r.text(r.child(n, "id"))
	if !isID(id) {
		return ""
	}
	return r.containerKey(container) + "#" + id
}

// containerKey returns the key that the keys of contained resources begin
// with. A container without an id gets one, so that what is in it is not taken
// for what is in another.
func (r *run) containerKey(n int32) string {
	if r.keys[n] == "" {
		r.keys[n] = "urn:uuid:" + newCode()
	}
	return r.keys[n]
}

// outermost returns the resource that a resource is contained in, or itself.
func (r *run) outermost(n int32) int32 {
	if container, ok := r.inside[n]; ok {
		return container
	}
	return n
}

// resolve returns the key of what a reference in resource n refers to, or "".
func (r *run) resolve(ref string, n int32) string {
	n = r.outermost(n)
	if local, ok := strings.CutPrefix(ref, "#"); ok {
		if !isID(local) {
			return ""
		}
		return r.containerKey(n) + "#" + local
	}
	key, _ := r.parseReference(ref, r.bases[n])
	if canon, ok := r.canon[key]; ok {
		return canon
	}
	return key
}

// maxReference bounds a reference or fullUrl that is followed, in bytes. Keys
// of contained resources repeat that of the resource that they are in, so it
// is also what bounds memory.
const maxReference = 256

// parseReference returns the key of a literal reference and the server that
// it names. A reference with a query searches by identifiers, and one in an
// unknown form could hold anything: both have no key.
func (r *run) parseReference(ref, base string) (key, server string) {
	if strings.ContainsAny(ref, "?#| \t\n") || len(ref) > maxReference {
		return "", ""
	}
	if strings.HasPrefix(ref, "urn:uuid:") || strings.HasPrefix(ref, "urn:oid:") {
		return ref, ""
	}
	ref, _, _ = strings.Cut(ref, "/_history/")
	at := strings.LastIndexByte(ref, '/')
	if at < 0 || !isID(ref[at+1:]) {
		return "", ""
	}
	typ, host := ref[:at], ""
	if cut := strings.LastIndexByte(typ, '/'); cut >= 0 {
		typ, host = typ[cut+1:], typ[:cut]
	}
	if !r.e.atlas.known[typ] {
		return "", ""
	}
	switch {
	case strings.HasPrefix(host, "http://") || strings.HasPrefix(host, "https://"):
		return ref, host
	case host != "":
		return "", ""
	case base != "":
		return base + "/" + ref, base
	}
	return ref, ""
}

// isID reports whether s has the form of a FHIR id.
func isID(s string) bool {
	return len(s) <= 64 && s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '.'
	})
}

// coded writes the code of a key after a prefix.
func (r *run) coded(key, prefix string) bool {
	code, err := r.codes.code(key)
	if err != nil {
		r.err = err
		return false
	}
	r.count(phitag.Other, Coded)
	r.writeString(prefix, code)
	return true
}

// ownID writes the code of the resource at hand.
func (r *run) ownID() bool {
	key := r.resourceKey(r.node)
	if key == "" {
		return r.remove(phitag.Other)
	}
	return r.coded(key, "")
}

// reference writes a literal reference to the code of what it refers to.
func (r *run) reference(ref string) bool {
	if ref == "#" {
		r.writeString(ref)
		return true
	}
	key := r.resolve(ref, r.node)
	switch {
	case key == "":
		return r.remove(phitag.Other)
	case ref[0] == '#':
		return r.coded(key, "#")
	case r.full[key] || strings.HasPrefix(key, "urn:"):
		return r.coded(key, "urn:uuid:")
	}
	parts := strings.Split(key, "/")
	return r.coded(key, parts[len(parts)-2]+"/")
}

// fullURL writes the code of the entry that is identified by a fullUrl.
func (r *run) fullURL(n int32) bool {
	key, _ := r.parseReference(r.text(n), "")
	if key == "" {
		return r.remove(phitag.URL)
	}
	return r.coded(key, "urn:uuid:")
}

// requestURL writes the target of a request in a Bundle: a type, or a type
// and an id.
func (r *run) requestURL(url string) bool {
	if r.e.atlas.known[url] {
		r.writeString(url)
		return true
	}
	key, server := r.parseReference(url, "")
	if key == "" || server != "" || strings.HasPrefix(key, "urn:") {
		return r.remove(phitag.URL)
	}
	typ, _, _ := strings.Cut(key, "/")
	if canon, ok := r.canon[key]; ok {
		key = canon
	}
	return r.coded(key, typ+"/")
}

// freeText counts free text that is left out.
func (r *run) freeText() bool { return r.remove(phitag.Text) }
