package deid

import (
	"strings"
	"unicode"
)

// seeds are the names, numbers and places that a document states in
// structure. A text that would stay is refused if one of them is in it.
type seeds struct {
	people  map[string]bool // single words of names
	phrases map[string]bool // numbers, streets, towns: letters and digits run together
}

// Words of names that are too common to be told from other words, and bounds.
const (
	particles = " de la van der von da di du le el al bin the of and dr mr mrs ms jr sr ii iii md phd "
	minPhrase = 5 // letters and digits of the shortest phrase that counts
	maxPieces = 12
)

func newSeeds() seeds { return seeds{people: map[string]bool{}, phrases: map[string]bool{}} }

// pieces splits s into runs of letters and runs of digits, in lower case.
func pieces(s string, f func(piece string, glued bool)) {
	s = strings.ToLower(s)
	start, class, last := -1, 0, -1
	flush := func(end int) {
		if start >= 0 {
			f(s[start:end], start == last)
			last = end
		}
		start = -1
	}
	for i, c := range s {
		now := 0
		switch {
		case unicode.IsLetter(c) || unicode.IsMark(c):
			now = 1
		case unicode.IsDigit(c):
			now = 2
		}
		if now != class {
			flush(i)
			class = now
		}
		if now != 0 && start < 0 {
			start = i
		}
	}
	flush(len(s))
}

// person adds the words of a name.
func (s *seeds) person(name string) {
	word := ""
	add := func() {
		if len(word) >= 2 && !strings.Contains(particles, " "+word+" ") {
			s.people[word] = true
		}
		word = ""
	}
	pieces(name, func(p string, glued bool) {
		if !glued {
			add()
		}
		word += p
		if len(p) >= 3 && unicode.IsLetter(rune(p[0])) && !strings.Contains(particles, " "+p+" ") {
			s.people[p] = true
		}
	})
	add()
}

// phrase adds a number or place.
func (s *seeds) phrase(value string) {
	var b strings.Builder
	n := 0
	pieces(value, func(p string, _ bool) { b.WriteString(p); n++ })
	if b.Len() >= minPhrase && n <= maxPieces {
		s.phrases[b.String()] = true
	}
}

// match reports whether a seed is in text: a word of a name as a word, a
// phrase as a run of words, whatever stands between them.
func (s *seeds) match(text string) bool { return s.find(text, s.people) }

// states reports whether a number or place is in text; words of names do not
// count, because units have words that are names too.
func (s *seeds) states(text string) bool { return s.find(text, nil) }

func (s *seeds) find(text string, people map[string]bool) bool {
	if len(people) == 0 && len(s.phrases) == 0 {
		return false
	}
	var list []string
	var glue []bool
	pieces(text, func(p string, glued bool) { list, glue = append(list, p), append(glue, glued) })
	buf := make([]byte, 0, 64)
	for i := range list {
		buf = buf[:0]
		word := true
		for j := i; j < len(list) && j < i+maxPieces; j++ {
			buf = append(buf, list[j]...)
			word = word && (j == i || glue[j])
			if word && people[string(buf)] || len(buf) >= minPhrase && s.phrases[string(buf)] {
				return true
			}
		}
	}
	return false
}

// seed collects from one member of an object.
func (r *run) seed(n int32, name string, at place) {
	if at.provider && r.e.opts.UnsafeKeepProviderNames {
		return
	}
	switch name {
	case "family", "given":
		r.each(n, func(c int32) { r.seeds.person(r.text(c)) })
	case "name":
		r.each(n, func(c int32) {
			if r.nodes[c].kind == jsonObject {
				r.seeds.person(r.text(r.child(c, "text")))
			}
		})
	case "line", "city", "district", "postalCode", "birthDate", "serialNumber", "subscriberId", "lotNumber":
		r.each(n, func(c int32) { r.seeds.phrase(r.text(c)) })
	case "identifier", "telecom":
		r.each(n, func(c int32) {
			if r.nodes[c].kind == jsonObject {
				r.seeds.phrase(r.text(r.child(c, "value")))
			}
		})
	}
}
