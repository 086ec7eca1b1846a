package deid

import (
	"fmt"
	"strings"
	"sync"

	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

// element says what happens to one element.
type element struct {
	rule string
	kind phitag.Kind // what it counts as when something is removed
	kids *schema     // of a backbone element or data type
}

// schema is the map of one resource, data type or backbone element.
type schema struct {
	elements map[string]*element
	measured bool // it has a code and a value that may be an age
}

// atlas is fhirMaps as read. It is built once and never written to afterwards.
type atlas struct {
	types     map[string]*schema
	resources map[string]bool
	known     map[string]bool // resource types of FHIR R4
	follow    map[string]bool // extensions
}

// readAtlas reads fhirMaps once. An error is a fault in the source of this
// package, which a test would find; New returns it all the same.
var readAtlas = sync.OnceValues(func() (*atlas, error) {
	a := &atlas{
		types:     map[string]*schema{},
		resources: map[string]bool{},
		known:     wordSet(resourceTypes),
		follow:    wordSet(extensions),
	}
	for line := range strings.Lines(fhirMaps) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if a.known[words[0]] {
			a.resources[words[0]] = true
			words = append(words, strings.Fields(domainElements)...)
		}
		s, rest, err := a.schema(words[1:])
		if err != nil || len(rest) != 0 {
			return nil, fmt.Errorf("deid: map of %s: %w", words[0], err)
		}
		a.types[words[0]] = s
	}
	a.types["Extension"].elements["extension"].kids = a.types["Extension"]
	return a, nil
})

// rules are the words that an element may have after its colon.
const rules = " id ref literal restype fullurl requrl bool num ordinal code lang mime currency profile coding concept quantity age unit ucum" +
	" date date.death birth address state zip country identifier telecom provider proname ext subext exturl exttext sex" +
	" contained resource "

// shapeOf are the data types behind rules. It is never written to.
var shapeOf = map[string]string{
	"quantity": "Quantity", "age": "Quantity", "ref": "Reference", "provider": "HumanName",
	"ext": "Extension", "subext": "Extension", "address": "Address",
}

// schema reads elements up to the closing brace or the end.
func (a *atlas) schema(words []string) (*schema, []string, error) {
	s := &schema{elements: map[string]*element{}}
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		if word == "}" {
			break
		}
		name, open := strings.CutSuffix(word, "{")
		var e *element
		var err error
		if open {
			e = &element{rule: "object"}
			e.kids, words, err = a.schema(words)
		} else {
			name, e, err = a.element(word)
		}
		if err != nil {
			return nil, nil, err
		}
		if s.elements[name] != nil {
			return nil, nil, fmt.Errorf("%s twice", name)
		}
		s.elements[name] = e
	}
	s.measured = s.elements["code"] != nil && s.elements["valueQuantity"] != nil
	return s, words, nil
}

func (a *atlas) element(word string) (string, *element, error) {
	name, rule, _ := strings.Cut(word, ":")
	if kind, ok := strings.CutPrefix(rule, "-"); ok {
		k, known := phitag.ParseKind(kind)
		if !known {
			return "", nil, fmt.Errorf("kind of %s", name)
		}
		return name, &element{rule: "remove", kind: k}, nil
	}
	e := &element{rule: rule}
	switch rule {
	case "date":
		e.kind = phitag.Date
	case "birth":
		e.kind = phitag.Birthdate
	case "date.death":
		e.kind = phitag.Death
	case "provider":
		e.kind = phitag.Name
	}
	if shape, ok := shapeOf[rule]; ok {
		e.kids = a.types[shape]
		if e.kids == nil && shape != "Extension" { // which contains itself
			return "", nil, fmt.Errorf("%s before %s", name, shape)
		}
		return name, e, nil
	}
	if kids := a.types[rule]; kids != nil {
		return name, &element{rule: "object", kids: kids}, nil
	}
	if !strings.Contains(rules, " "+rule+" ") {
		return "", nil, fmt.Errorf("rule of %s", name)
	}
	return name, e, nil
}
