package oscal

import (
	"bytes"
	"encoding/json"
)

// maxDocument and maxNesting bound what [Parse] reads.
const (
	maxDocument = 32 << 20
	maxNesting  = 64
)

// Parse reads an OSCAL document, also one that this package did not write, so
// that [Check] can look at it. name is the file name under which others refer
// to it. It refuses more than 32 MiB, anything that is not one JSON object with
// one of the known models, and nesting deeper than 64 levels. It checks
// nothing else.
//
// Controls: HIPAA 164.308(a)(8).
func Parse(name string, data []byte) (*Document, error) {
	if len(data) > maxDocument {
		return nil, refuse("parse", "larger than 32 MiB")
	}
	if nesting(data) > maxNesting {
		return nil, refuse("parse", "nested too deeply")
	}
	var top map[string]any
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&top); err != nil || d.InputOffset() != int64(len(bytes.TrimRight(data, " \t\r\n"))) {
		return nil, refuse("parse", "not a JSON object")
	}
	delete(top, "$schema")
	for _, m := range []Model{CatalogModel, MappingModel, ComponentModel, ResultsModel, PlanOfActionModel} {
		if body, ok := top[string(m)].(map[string]any); ok && len(top) == 1 {
			id, _ := body["uuid"].(string)
			return &Document{name: name, model: m, uuid: id, json: bytes.Clone(data)}, nil
		}
	}
	return nil, refuse("parse", "not one of the known models of OSCAL")
}

// nesting returns how deep brackets go, outside of strings.
func nesting(data []byte) int {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}
