package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// words is what the regulation says at one id.
type words struct {
	heading, designation, text string
}

// A regulation is the text of the rule, by id.
type regulation map[string]*words

var (
	paragraph   = regexp.MustCompile(`^((?:> )*)(\([a-zA-Z0-9]+\))(?: (.*))?$`)
	sectionHead = regexp.MustCompile(`^(164\.\d{3}) `)
	container   = regexp.MustCompile(`^Implementation specifications?(?: \((Required|Addressable)\))?[.:] ?(.*)$`)
	heading     = regexp.MustCompile(`^(?:Standard: )?([^.()]+?)(?: \((Required|Addressable)\))?\.(?: (.*))?$`)
)

// readRegulation reads one paragraph a line, whose depth is the number of ">"
// before it. A paragraph that is no id of its own belongs to the id before it.
func readRegulation(path string, ids map[string]bool) (regulation, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &regulationReader{ids: ids, found: regulation{}}
	for line := range strings.Lines(string(b)) {
		r.line(strings.TrimRight(line, "\n"))
	}
	for id := range ids {
		if r.found[id] == nil {
			return nil, fmt.Errorf("%s: no paragraph %s", path, id)
		}
	}
	return r.found, nil
}

type regulationReader struct {
	ids     map[string]bool
	found   regulation
	section string
	path    [6]string // designators by depth
	lead    [6]words  // what stands before the paragraphs below, by depth
	last    string    // the id that orphans belong to
}

func (r *regulationReader) line(s string) {
	if m := sectionHead.FindStringSubmatch(s); m != nil {
		r.section, r.last = m[1], ""
		r.path, r.lead = [6]string{}, [6]words{}
		return
	}
	m := paragraph.FindStringSubmatch(s)
	if m == nil {
		return
	}
	depth := len(m[1]) / 2
	r.path[depth] = m[2]
	clear(r.path[depth+1:])
	clear(r.lead[depth:])
	r.put(depth, r.section+strings.Join(r.path[:], ""), m[3])
}

func (r *regulationReader) put(depth int, id, text string) {
	if r.ids[id] {
		r.found[id], r.last = r.read(depth, text), id
		return
	}
	if m := container.FindStringSubmatch(text); m != nil {
		r.lead[depth] = words{designation: m[1], text: m[2]}
		return
	}
	if text != "" && r.last != "" {
		w := r.found[r.last]
		w.text = strings.TrimSpace(w.text + " " + r.path[depth] + " " + text)
	}
}

// read splits a paragraph into heading, designation and text, with what stands
// before it.
func (r *regulationReader) read(depth int, text string) *words {
	above := words{}
	if depth > 0 {
		above = r.lead[depth-1]
	}
	w := &words{designation: above.designation, text: text}
	if m := container.FindStringSubmatch(text); m != nil {
		text = m[2]
	}
	if m := heading.FindStringSubmatch(text); m != nil && (m[3] != "" || strings.HasPrefix(text, "Standard: ")) {
		w.heading, w.text = m[1], m[3]
		if m[2] != "" {
			w.designation = m[2]
		}
	}
	w.text = strings.TrimSpace(above.text + " " + w.text)
	return w
}

// unnamed are the specifications that the regulation gives no heading.
var unnamed = map[string]bool{
	"164.314(b)(2)(i)": true, "164.314(b)(2)(ii)": true, "164.314(b)(2)(iii)": true, "164.314(b)(2)(iv)": true,
}

// asks matches a text whose main clause asks for policies or procedures.
var asks = regexp.MustCompile(`(?i)\b(implement|establish|maintain)\b[^.;]{0,60}?(policies|procedures)|^(Implement: )?Procedures for`)

// addText puts the regulation's words to the Security Rule's items, and
// refuses a title or designation that is not the regulation's.
func (s *set) addText(path string) error {
	ids := map[string]bool{}
	for _, q := range s.requirements {
		if q.rule == "SecurityRule" {
			ids[q.id] = true
		}
	}
	text, err := readRegulation(path, ids)
	if err != nil {
		return err
	}
	for i := range s.requirements {
		q := &s.requirements[i]
		w := text[q.id]
		if w == nil {
			continue
		}
		if err := q.agrees(w); err != nil {
			return err
		}
		q.text = w.text
		q.policies = asks.MatchString(strings.ReplaceAll(w.text, "electronic procedures", ""))
	}
	return nil
}

func (q *requirement) agrees(w *words) error {
	if q.title != w.heading && !(unnamed[q.id] && w.heading == "") {
		return fmt.Errorf("%s: title %q, in the regulation %q", q.id, q.title, w.heading)
	}
	if q.level == "Specification" && q.designation != w.designation {
		return fmt.Errorf("%s: %s, in the regulation %s", q.id, q.designation, w.designation)
	}
	return nil
}
