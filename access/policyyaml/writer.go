package policyyaml

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/safeguard-sdk/safeguard/access"
	"go.yaml.in/yaml/v3"
)

// writer writes YAML as JSON and remembers where everything came from.
type writer struct {
	json   []byte
	places []place
}

// place says which node of the YAML became the JSON from an offset on.
type place struct{ offset, line, column int }

// inYAML moves a problem of the JSON, which is one line, to the YAML.
func (w *writer) inYAML(p *access.PolicyError) error {
	offset := p.Column - 1
	i := sort.Search(len(w.places), func(i int) bool { return w.places[i].offset > offset })
	if i == 0 {
		return problem(1, 1, "%s", p.Problem)
	}
	at := w.places[i-1]
	return problem(at.line, at.column, "%s", p.Problem)
}

// value writes a node.
func (w *writer) value(n *yaml.Node, depth int) error {
	if fault := unclear(n); fault != "" {
		return problem(n.Line, n.Column, "%s", fault)
	}
	if depth > maxDepth {
		return problem(n.Line, n.Column, "nested deeper than %d", maxDepth)
	}
	w.places = append(w.places, place{len(w.json), n.Line, n.Column})
	switch n.Kind {
	case yaml.MappingNode:
		return w.mapping(n, depth)
	case yaml.SequenceNode:
		return w.sequence(n, depth)
	case yaml.ScalarNode:
		return w.scalar(n)
	}
	return problem(n.Line, n.Column, "not a mapping, a list or a scalar")
}

// unclear says what of a node not everybody reads alike.
func unclear(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.AliasNode:
		return "an alias"
	case n.Anchor != "":
		return "an anchor"
	case n.Style&yaml.TaggedStyle != 0:
		return "a tag"
	}
	return ""
}

func (w *writer) mapping(n *yaml.Node, depth int) error {
	w.json = append(w.json, '{')
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if fault := keyFault(key, seen); fault != "" {
			return problem(key.Line, key.Column, "%s", fault)
		}
		seen[key.Value] = true
		w.separate(i)
		w.places = append(w.places, place{len(w.json), key.Line, key.Column})
		w.text(key.Value)
		w.json = append(w.json, ':')
		if err := w.value(n.Content[i+1], depth+1); err != nil {
			return err
		}
	}
	w.json = append(w.json, '}')
	return nil
}

// keyFault says why a node is no key. A key is always a text, so that the key
// "on" needs no quotes.
func keyFault(n *yaml.Node, seen map[string]bool) string {
	switch fault := unclear(n); {
	case fault != "":
		return fault
	case n.Kind != yaml.ScalarNode:
		return "a key that is not a text"
	case n.Value == "<<":
		return "a merge key"
	case isPlain(n) && n.ShortTag() != "!!str" && n.ShortTag() != "!!bool":
		return "a key that is not a text"
	case seen[n.Value]:
		return "a key that is there twice"
	}
	return ""
}

func (w *writer) sequence(n *yaml.Node, depth int) error {
	w.json = append(w.json, '[')
	for i, item := range n.Content {
		w.separate(i)
		if err := w.value(item, depth+1); err != nil {
			return err
		}
	}
	w.json = append(w.json, ']')
	return nil
}

func (w *writer) separate(i int) {
	if i > 0 {
		w.json = append(w.json, ',')
	}
}

func isPlain(n *yaml.Node) bool {
	return n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
}

func (w *writer) scalar(n *yaml.Node) error {
	switch {
	case !isPlain(n), n.ShortTag() == "!!str" && !isOther(n.Value):
		w.text(n.Value)
	case n.Value == "true", n.Value == "false", n.ShortTag() == "!!int" && isNumber(n.Value):
		w.json = append(w.json, n.Value...)
	case n.Value == "":
		return problem(n.Line, n.Column, "no value")
	default:
		return problem(n.Line, n.Column, "a value that is not a text for every reader; put quotes around it")
	}
	return nil
}

// isOther reports whether YAML 1.1 takes a plain value for something else than
// a text: for true or false, a number to the base of 60, or a default.
func isOther(s string) bool {
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "=":
		return true
	}
	return strings.Contains(s, ":") && strings.Trim(s, "0123456789:._+-") == ""
}

// isNumber reports whether s is a number in all versions of YAML and in JSON.
func isNumber(s string) bool {
	if len(s) > 1 && s[0] == '0' {
		return false
	}
	return strings.Trim(s, "0123456789") == ""
}

// text writes a string, with escapes for what is not to be seen.
func (w *writer) text(s string) {
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	// A string is always written, to memory.
	_ = encoder.Encode(s)
	for _, r := range string(bytes.TrimSuffix(quoted.Bytes(), []byte("\n"))) {
		if !isHidden(r) {
			w.json = utf8.AppendRune(w.json, r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			w.json = fmt.Appendf(w.json, `\u%04x`, unit)
		}
	}
}
