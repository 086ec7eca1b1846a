package archtest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	goBlock  = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	requires = regexp.MustCompile(`(?m)^(?:require )?\t?([^\s/]+\.[^\s]+/\S+) v\S+$`)
)

// Snippets returns a finding for every Go block of a Markdown file that does
// not stand, line for line, in a Go file of the tree. Code that a reader copies
// is thereby code that is compiled, and in an Example also run.
func (t *Tree) Snippets(markdown string) ([]string, error) {
	doc, err := os.ReadFile(filepath.Join(t.root, markdown))
	if err != nil {
		return nil, fmt.Errorf("archtest: markdown: %w", err)
	}
	var sources []string
	for _, p := range t.Packages {
		for _, f := range p.Files {
			src, err := os.ReadFile(filepath.Join(t.root, filepath.FromSlash(f.Name)))
			if err != nil {
				return nil, fmt.Errorf("archtest: markdown: %w", err)
			}
			sources = append(sources, flush(string(src)))
		}
	}
	var findings []string
	for _, m := range goBlock.FindAllStringSubmatchIndex(string(doc), -1) {
		if !containsAny(sources, flush(string(doc[m[2]:m[3]]))) {
			line := 1 + strings.Count(string(doc[:m[0]]), "\n")
			findings = append(findings, fmt.Sprintf("%s:%d: Go block stands in no Go file", markdown, line))
		}
	}
	return findings, nil
}

// flush takes the indentation off every line.
func flush(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimLeft(line, " \t"))
	}
	return b.String()
}

func containsAny(texts []string, part string) bool {
	for _, s := range texts {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}

// Links returns a finding for every relative link of a Markdown file that
// leads nowhere.
func (t *Tree) Links(markdown string) ([]string, error) {
	doc, err := os.ReadFile(filepath.Join(t.root, markdown))
	if err != nil {
		return nil, fmt.Errorf("archtest: markdown: %w", err)
	}
	var findings []string
	for _, m := range link.FindAllStringSubmatch(string(doc), -1) {
		target, _, _ := strings.Cut(m[1], "#")
		if target == "" || strings.Contains(target, "://") {
			continue
		}
		path := filepath.Join(t.root, filepath.Dir(markdown), filepath.FromSlash(target))
		if _, err := os.Stat(path); err != nil {
			findings = append(findings, fmt.Sprintf("%s: link to %s leads nowhere", markdown, m[1]))
		}
	}
	return findings, nil
}

// Unexplained returns a finding for every module that the root go.mod requires
// directly and that a Markdown file does not name in code type.
func (t *Tree) Unexplained(markdown string) ([]string, error) {
	doc, err := os.ReadFile(filepath.Join(t.root, markdown))
	if err != nil {
		return nil, fmt.Errorf("archtest: markdown: %w", err)
	}
	mod, err := os.ReadFile(filepath.Join(t.root, "go.mod"))
	if err != nil {
		return nil, fmt.Errorf("archtest: markdown: %w", err)
	}
	var findings []string
	for _, m := range requires.FindAllStringSubmatch(string(mod), -1) {
		if !strings.Contains(string(doc), "`"+m[1]+"`") {
			findings = append(findings, fmt.Sprintf("%s: go.mod requires %s, which has no reason here", markdown, m[1]))
		}
	}
	return findings, nil
}
