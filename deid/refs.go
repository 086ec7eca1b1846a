package deid

import (
	"strings"

	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

// index is what a first pass finds out about the resources of a document.
type index struct {
	keys    map[int32]string  // resource node to key
	bases   map[int32]string  // resource node to the server that its references are relative to
	canon   map[string]string // other names of a key
	full    map[string]bool   // keys of entries with a fullUrl
	old     map[string]bool   // keys of patients, true for those over 89
	anyAged bool
}

// survey reads the document once before anything is written: which resource
// has which key, who is over 89, and the names, numbers and places that must
// not reappear elsewhere.
func (r *run) survey() {
	r.index = index{
		keys: map[int32]string{}, bases: map[int32]string{}, canon: map[string]string{},
		full: map[string]bool{}, old: map[string]bool{},
	}
	r.seeds = newSeeds()
	r.displays = map[string]bool{}
	r.surveyNode(1, place{})
}

// place is where the survey is.
type place struct {
	fullURL   string
	container string
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
		}
		if k := r.nodes[c].kind; k == jsonObject || k == jsonArray {
			r.surveyNode(c, at)
		}
	}
}

// register notes a resource and returns the place of what is in it.
func (r *run) register(n int32, typ string, at place) place {
	id := r.text(r.child(n, "id"))
	own, key := typ+"/"+id, ""
	switch {
	case at.container != "":
		key = at.container + "#" + id
	case at.fullURL != "":
		key, at.base = r.parseReference(at.fullURL, "")
		if key != "" {
			r.full[key] = true
			if _, ok := r.canon[own]; !ok && id != "" {
				r.canon[own] = key
			}
		}
	}
	if key == "" {
		key = own
	}
	r.keys[n], r.bases[n] = key, at.base
	at.provider = typ == "Practitioner" || typ == "Organization" || typ == "Location" || typ == "PractitionerRole"
	if typ == "Patient" {
		r.old[key] = r.clock.reveals(birthOr(yearOf(r.text(r.child(n, "birthDate")))))
		r.anyAged = r.anyAged || r.old[key]
		r.seeds.phrase(id)
	}
	if typ != "Bundle" {
		at.container = key
	}
	at.fullURL = ""
	return at
}

// subjectAged reports whether the subject of a resource is over 89. Where it
// cannot tell whose the resource is, anybody over 89 in the document counts.
func (r *run) subjectAged(n int32, typ string) bool {
	if !r.anyAged {
		return false
	}
	if typ == "Patient" {
		return r.old[r.keys[n]]
	}
	for _, name := range [...]string{"subject", "patient", "beneficiary"} {
		ref := r.text(r.child(r.child(n, name), "reference"))
		if ref == "" {
			continue
		}
		if old, ok := r.old[r.resolve(ref, n)]; ok {
			return old
		}
	}
	return true
}

// resolve returns the key of what a reference in resource n refers to, or "".
func (r *run) resolve(ref string, n int32) string {
	if local, ok := strings.CutPrefix(ref, "#"); ok {
		container := r.keys[n]
		if at := strings.LastIndexByte(container, '#'); at >= 0 {
			container = container[:at]
		}
		if local == "" {
			return container
		}
		return container + "#" + local
	}
	key, _ := r.parseReference(ref, r.bases[n])
	if canon, ok := r.canon[key]; ok {
		return canon
	}
	return key
}

// parseReference returns the key of a literal reference and the server that
// it names. A reference with a query searches by identifiers, and one in an
// unknown form could hold anything: both have no key.
func (r *run) parseReference(ref, base string) (key, server string) {
	if strings.ContainsAny(ref, "?#| \t\n") || len(ref) > 2048 {
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
