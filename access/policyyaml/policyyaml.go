package policyyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/safeguard-sdk/safeguard/access"
	"go.yaml.in/yaml/v3"
)

const (
	maxSource = 2 << 20
	maxDepth  = 16
)

// Parse reads a policy in YAML. An error is an *access.PolicyError, which
// unwraps to access.ErrPolicy and says the line and the column of the YAML; the
// column is counted in characters. src has at most 2 MiB.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.514(d)(2), 164.514(d)(5); NIST CSF 2.0 PR.AA-05.
func Parse(src []byte) (*access.Policy, error) {
	w, err := convert(src)
	if err != nil {
		return nil, err
	}
	policy, err := access.ParsePolicy(w.json)
	var problem *access.PolicyError
	if errors.As(err, &problem) {
		return nil, w.inYAML(problem)
	}
	return policy, err
}

// Convert returns the JSON that stands for a policy in YAML, on one line and
// with keys in the order of the YAML. It looks at the form only: whether it is
// a policy, access.ParsePolicy says.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func Convert(src []byte) ([]byte, error) {
	w, err := convert(src)
	if err != nil {
		return nil, err
	}
	return w.json, nil
}

func convert(src []byte) (*writer, error) {
	switch {
	case len(src) > maxSource:
		return nil, problem(1, 1, "longer than %d bytes", maxSource)
	case !utf8.Valid(src):
		return nil, problem(1, 1, "not UTF-8")
	}
	if line, column, found := hidden(src); found {
		return nil, problem(line, column, "a character that is not to be seen; write it as an escape in double quotes")
	}
	document, err := read(src)
	if err != nil {
		return nil, err
	}
	w := &writer{}
	return w, w.value(document, 0)
}

// read returns the one document of src.
func read(src []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	var document, second yaml.Node
	if err := decoder.Decode(&document); err != nil {
		return nil, malformed(err)
	}
	if err := decoder.Decode(&second); err == nil {
		return nil, problem(second.Line, second.Column, "a second document")
	} else if err != io.EOF {
		return nil, malformed(err)
	}
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 {
		return nil, problem(1, 1, "no document")
	}
	return document.Content[0], nil
}

// malformed gives an error of the parser its place.
func malformed(err error) error {
	line := 1
	if match := regexp.MustCompile(`line (\d+)`).FindStringSubmatch(err.Error()); match != nil {
		line, _ = strconv.Atoi(match[1])
	}
	return problem(max(line, 1), 1, "malformed YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
}

func problem(line, column int, format string, args ...any) error {
	return &access.PolicyError{Line: line, Column: column, Problem: fmt.Sprintf(format, args...)}
}
