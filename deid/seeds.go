package deid

import (
	"strings"
	"unicode"
)

// seeds are the names, numbers and places that a document states in
// structure. A text that would stay is refused if one of them is in it.
type seeds struct {
	people    map[string]bool // single words of names
	phrases   map[string]bool // numbers, streets, towns, whole names: letters and digits run together
	spaceless map[string]bool // names of scripts that put no space between words
	longest   int             // of phrases, in bytes
}

// Words of names that are too common to be told from other words, and bounds.
const (
	particles    = " de la van der von da di du le el al bin the of and dr mr mrs ms jr sr ii iii md phd "
	minPhrase    = 5  // letters and digits of the shortest phrase that counts
	maxPieces    = 24 // runs of letters or digits of the longest; a UUID has fewer
	minSpaceless = 2  // letters
	maxSpaceless = 12
)

func newSeeds() seeds {
	return seeds{people: map[string]bool{}, phrases: map[string]bool{}, spaceless: map[string]bool{}}
}

// pieces splits s, folded, into runs of letters and runs of digits.
func pieces(s string, f func(piece string, glued bool)) {
	s = fold(s)
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

// person adds the words of a name, and the name run together.
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
	s.phrase(name)
}

// phrase adds a number or place, or a name in one.
func (s *seeds) phrase(value string) {
	var b strings.Builder
	n := 0
	pieces(value, func(p string, _ bool) { b.WriteString(p); n++ })
	joined := b.String()
	if len(joined) >= minPhrase && n <= maxPieces {
		s.phrases[joined] = true
		s.longest = max(s.longest, len(joined))
	}
	if letters := []rune(joined); hasSpaceless(joined) && len(letters) >= minSpaceless && len(letters) <= maxSpaceless {
		s.spaceless[joined] = true
	}
}

// hasSpaceless reports whether s has letters of a script that puts no space
// between words, where a name is no word of its own in a text.
func hasSpaceless(s string) bool {
	return !isASCII(s) && strings.ContainsFunc(s, func(c rune) bool {
		return unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
	})
}

// match reports whether a seed is in text: a word of a name as a word, a
// phrase as a run of words, whatever stands between them.
func (s *seeds) match(text string) bool { return s.find(text, s.people) }

// states reports whether a number or place is in text; words of names do not
// count, because units have words that are names too.
func (s *seeds) states(text string) bool { return s.find(text, nil) }

func (s *seeds) find(text string, people map[string]bool) bool {
	if len(people) == 0 && len(s.phrases) == 0 && len(s.spaceless) == 0 {
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
			if !word && len(buf) > s.longest {
				break
			}
		}
	}
	return len(s.spaceless) > 0 && s.within(strings.Join(list, ""))
}

// within reports whether a name of a script without spaces is in text.
func (s *seeds) within(text string) bool {
	letters := []rune(text)
	for i := range letters {
		for j := i + minSpaceless; j <= len(letters) && j <= i+maxSpaceless; j++ {
			if s.spaceless[string(letters[i:j])] {
				return true
			}
		}
	}
	return false
}

// fullName adds the parts of a name in the orders in which they are run
// together.
func (r *run) fullName(n int32) {
	family := r.text(r.child(n, "family"))
	first, all := "", ""
	r.each(r.child(n, "given"), func(c int32) {
		if first == "" {
			first = r.text(c)
		}
		if len(all) < maxReference {
			all += r.text(c)
		}
	})
	for _, name := range [...]string{family + first, first + family, family + all, all + family} {
		r.seeds.phrase(name)
	}
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
			switch {
			case r.nodes[c].kind == jsonObject:
				r.seeds.person(r.text(r.child(c, "text")))
				r.fullName(c)
			case at.provider: // of an organization or place
				r.seeds.phrase(r.text(c))
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
