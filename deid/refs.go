package deid

import (
	"strings"

	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

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

// relative returns the type and id at the end of a reference, or "".
func relative(ref string) string {
	ref, _, _ = strings.Cut(ref, "/_history/")
	id := strings.LastIndexByte(ref, '/')
	if id < 0 {
		return ""
	}
	return ref[strings.LastIndexByte(ref[:id], '/')+1:]
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
	typ, _, _ := strings.Cut(relative(key), "/")
	return r.coded(key, typ+"/")
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
