package coverage

import (
	"errors"
	"go/ast"
	"go/token"
	"regexp"
	"strings"
)

// docLine is one line of a comment as it stands in the source.
type docLine struct {
	text string // without the marker and the one space after it
	line int
	bare bool // a // comment without a space after the marker
}

var directive = regexp.MustCompile(`^[a-z0-9]+:[a-z0-9]`)

// docLines returns the lines of a comment, directives left out.
func docLines(fset *token.FileSet, cg *ast.CommentGroup) []docLine {
	var lines []docLine
	for _, c := range cg.List {
		at := fset.Position(c.Pos()).Line
		if text, ok := strings.CutPrefix(c.Text, "//"); ok {
			if directive.MatchString(text) {
				continue
			}
			spaced, ok := strings.CutPrefix(text, " ")
			lines = append(lines, docLine{spaced, at, !ok && text != ""})
			continue
		}
		body := strings.TrimSuffix(strings.TrimPrefix(c.Text, "/*"), "*/")
		for i, text := range strings.Split(body, "\n") {
			lines = append(lines, docLine{strings.TrimSuffix(text, "\r"), at + i, false})
		}
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1].text) == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// nearMiss matches a line that was meant as a control line, however it is
// spelt: another case, singular, another or no separator, indented. In a doc
// comment a word "Control:" alone is enough; elsewhere, where prose is freer,
// the line must go on like a tag. Without a colon it must be capitalised, or
// consist of ids only, since prose may wrap before "controls, 164.312(b)".
var (
	nearMiss = regexp.MustCompile(lineStart + `(?i:controls?\s*[:=])|` + likeTag)
	detached = regexp.MustCompile(likeTag)
)

const (
	lineStart = `^[\s*@\-]*(?i:hipaa[ -])?`
	tagStart  = `(?i:hipaa\s+[§\d]|nist\s+(csf|sp)|§?\s*164[._]\d|none\s*[,.;:])`
	idsOnly   = `(?i:[\s;,.\-]*(hipaa\s+)?§?164[._]\S*(,\s*164[._]\S*)*(;\s*nist\s.*)?)$`
	likeTag   = lineStart + `(?i:controls?\s*[:=]\s*)` + tagStart +
		`|` + lineStart + `Controls?\s*[;.\-]*\s*` + tagStart +
		`|` + lineStart + `(?i:controls?)` + idsOnly
)

// matches looks for the word first, which nearly all lines lack, because that
// is much faster.
func (l docLine) matches(re *regexp.Regexp) bool {
	return strings.Contains(strings.ToLower(l.text), "control") && re.MatchString(l.text)
}

// found is a control line or what is wrong with it.
type found struct {
	tag  Tag
	line int
	err  *TagError
}

// readTag returns the control line of a doc comment, or nil if it has none.
func readTag(fset *token.FileSet, cg *ast.CommentGroup) *found {
	if cg == nil {
		return nil
	}
	lines := docLines(fset, cg)
	at := -1
	for i, l := range lines {
		exact := strings.HasPrefix(l.text, prefix) && !l.bare
		if !exact && !l.matches(nearMiss) {
			continue
		}
		if !exact {
			return &found{line: l.line, err: &TagError{Kind: Malformed, Text: `near miss of a control line; the form is "// Controls: HIPAA <id>, <id>; NIST CSF 2.0 <id>."`}}
		}
		if at >= 0 {
			return &found{line: l.line, err: &TagError{Kind: Conflict, Text: "a second control line"}}
		}
		at = i
	}
	if at < 0 {
		return nil
	}
	f := &found{line: lines[at].line}
	f.tag, f.err = place(lines, at)
	return f
}

// place checks where the line stands and parses it.
func place(lines []docLine, at int) (Tag, *TagError) {
	if at > 0 && strings.TrimSpace(lines[at-1].text) != "" {
		return Tag{}, &TagError{Kind: Malformed, Text: "the control line must be a paragraph of its own, after an empty line"}
	}
	if at != len(lines)-1 {
		return Tag{}, &TagError{Kind: Malformed, Text: "the control line must be one line, the last of the comment"}
	}
	tag, err := ParseTag(lines[at].text)
	if err == nil {
		return tag, nil
	}
	var typed *TagError
	if !errors.As(err, &typed) {
		typed = &TagError{Kind: Malformed, Text: err.Error(), Err: err}
	}
	return Tag{}, typed
}
