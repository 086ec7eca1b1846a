package main

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
)

// patients is the synthetic set of the quickstart, made up for it.
//
//go:embed patients/*.json
var patients embed.FS

// A chart is what one FHIR bundle says of one patient.
type chart struct {
	id      string
	patient []byte // the Patient resource
	record  []byte // a Bundle of type collection with everything
}

// maxBundle bounds one file, in bytes.
const maxBundle = 64 << 20

// A bundle is as much of a FHIR Bundle as sorting it takes.
type bundle struct {
	ResourceType string  `json:"resourceType"`
	Type         string  `json:"type"`
	Entry        []entry `json:"entry"`
}

type entry struct {
	FullURL  string          `json:"fullUrl,omitempty"`
	Resource json.RawMessage `json:"resource"`
}

// load reads every *.json file of a directory. It fails at the first that is
// not a FHIR Bundle, and then returns nothing. The error numbers the files in
// the order of their names and does not repeat these: a file may be named
// after its patient.
func load(dir fs.FS) (charts []chart, without int, err error) {
	names, err := fs.Glob(dir, "*.json")
	if err != nil || len(names) == 0 {
		return nil, 0, errors.New("quickstart: fhir: no *.json file in the directory")
	}
	slices.Sort(names)
	for i, name := range names {
		found, err := loadFile(dir, path.Clean(name))
		if err != nil {
			return nil, 0, fmt.Errorf("quickstart: fhir: file %d of %d: %w", i+1, len(names), err)
		}
		if len(found) == 0 {
			without++
		}
		charts = append(charts, found...)
	}
	if len(charts) == 0 {
		return nil, without, errors.New("quickstart: fhir: no bundle with a patient in it")
	}
	return charts, without, nil
}

func loadFile(dir fs.FS, name string) ([]chart, error) {
	info, err := fs.Stat(dir, name)
	if err != nil {
		return nil, errors.New("not readable")
	}
	if info.Size() > maxBundle {
		return nil, errors.New("larger than 64 MiB")
	}
	src, err := fs.ReadFile(dir, name)
	if err != nil {
		return nil, errors.New("not readable")
	}
	return split(src)
}

// split makes a chart of a bundle with one patient, and none of a bundle
// without.
func split(src []byte) ([]chart, error) {
	var b bundle
	if err := json.Unmarshal(src, &b); err != nil {
		return nil, malformed(err)
	}
	if b.ResourceType != "Bundle" {
		return nil, errors.New("not a FHIR Bundle")
	}
	var found []chart
	for i, e := range b.Entry {
		var r struct {
			ResourceType string `json:"resourceType"`
			ID           string `json:"id"`
		}
		if json.Unmarshal(e.Resource, &r) != nil || r.ResourceType == "" {
			return nil, fmt.Errorf("entry %d is not a resource", i)
		}
		if r.ResourceType != "Patient" {
			continue
		}
		if r.ID == "" {
			return nil, fmt.Errorf("entry %d is a patient without an id", i)
		}
		found = append(found, chart{id: r.ID, patient: e.Resource})
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
	default:
		return nil, errors.New("more than one patient in a bundle")
	}
	record, err := json.Marshal(bundle{ResourceType: "Bundle", Type: "collection", Entry: b.Entry})
	if err != nil {
		return nil, malformed(err)
	}
	found[0].record = record
	return found, nil
}

// malformed says where JSON is wrong, and nothing of what stands there.
func malformed(err error) error {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("malformed JSON at byte %d", e.Offset)
	}
	return errors.New("JSON, but not of the form of a FHIR Bundle")
}
