package coverage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// ErrIndex reports an index or a document input that is malformed, or that
// names what the tables do not have.
//
// Controls: none, an error about the input.
var ErrIndex = errors.New("coverage: index: not valid")

// maxIndex bounds the JSON form of an Index, in bytes.
const maxIndex = 16 << 20

// indexJSON is the JSON form of an Index: by package, files below its
// directory, and without the tags that follow from the package's or a type's.
type indexJSON struct {
	Module   string        `json:"module"`
	Packages []packageJSON `json:"packages"`
}

type packageJSON struct {
	Package string            `json:"package"`
	Dir     string            `json:"dir,omitempty"`
	APIs    []json.RawMessage `json:"apis,omitempty"`
	Tests   []json.RawMessage `json:"tests,omitempty"`
}

type apiJSON struct {
	Symbol   string   `json:"symbol,omitempty"`
	Kind     Kind     `json:"kind"`
	File     string   `json:"file,omitempty"`
	Internal bool     `json:"internal,omitempty"`
	From     string   `json:"from,omitempty"`
	Tag      Tag      `json:"tag,omitzero"`
	Sites    []string `json:"sites,omitempty"`
}

type testJSON struct {
	Name string `json:"name"`
	File string `json:"file,omitempty"`
	Tag  Tag    `json:"tag"`
}

// WriteJSON writes the index as JSON, one entry a line and without line
// numbers, so that it changes only where the tags do. The same index gives
// the same bytes.
func (x *Index) WriteJSON(w io.Writer) error {
	var b bytes.Buffer
	module, err := json.Marshal(x.Module)
	if err != nil {
		return fmt.Errorf("coverage: index: %w", err)
	}
	fmt.Fprintf(&b, "{\"module\":%s,\n\"packages\":[", module)
	for i, p := range x.byPackage() {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := p.write(&b); err != nil {
			return fmt.Errorf("coverage: index: %w", err)
		}
	}
	b.WriteString("]}\n")
	_, err = w.Write(b.Bytes())
	return err
}

// packageIndex is the part of an index that is about one package and directory.
type packageIndex struct {
	name, dir string
	apis      []API
	tests     []Test
}

// byPackage splits an index, in its own order.
func (x *Index) byPackage() []*packageIndex {
	var list []*packageIndex
	at := map[[2]string]*packageIndex{}
	get := func(name, file string) *packageIndex {
		key := [2]string{name, path.Dir(file)}
		if at[key] == nil {
			at[key] = &packageIndex{name: name, dir: key[1]}
			list = append(list, at[key])
		}
		return at[key]
	}
	for _, a := range x.APIs {
		p := get(a.Package, a.File)
		p.apis = append(p.apis, a)
	}
	for _, t := range x.Tests {
		p := get(t.Package, t.File)
		p.tests = append(p.tests, t)
	}
	return list
}

func (p *packageIndex) write(b *bytes.Buffer) error {
	inherited := heirs(p.apis)
	apis := make([]apiJSON, len(p.apis))
	for i, a := range p.apis {
		apis[i] = apiJSON{Symbol: a.Symbol, Kind: a.Kind, File: base(a.File), Internal: a.Internal, From: a.From, Tag: a.Tag, Sites: a.Sites}
		if from, ok := inherited(a); ok && from.Equal(a.Tag) {
			apis[i].Tag = Tag{}
		}
	}
	tests := make([]testJSON, len(p.tests))
	for i, t := range p.tests {
		tests[i] = testJSON{Name: t.Name, File: base(t.File), Tag: t.Tag}
	}
	head, err := json.Marshal(packageJSON{Package: p.name, Dir: strings.TrimPrefix(p.dir, ".")})
	if err != nil {
		return err
	}
	b.WriteString("\n" + strings.TrimSuffix(string(head), "}"))
	return errors.Join(writeRows(b, "apis", apis), writeRows(b, "tests", tests), b.WriteByte('}'))
}

// base returns the last element of a file's path, and nothing for none.
func base(file string) string {
	if file == "" {
		return ""
	}
	return path.Base(file)
}

// heirs returns a function that finds the tag which an API of the package
// inherits, where the index has what it is inherited from.
func heirs(apis []API) func(API) (Tag, bool) {
	tags := map[string]Tag{}
	for _, a := range apis {
		if a.Kind == PackageKind || a.Kind == TypeKind {
			tags[a.Symbol] = a.Tag
		}
	}
	return func(a API) (Tag, bool) {
		name := ""
		switch a.From {
		case fromPackage:
		case fromType:
			name, _, _ = strings.Cut(a.Symbol, ".")
		default:
			return Tag{}, false
		}
		tag, ok := tags[name]
		return tag, ok && !tag.IsZero()
	}
}

func writeRows[T any](b *bytes.Buffer, name string, rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	fmt.Fprintf(b, ",%q:[", name)
	for i := range rows {
		row, err := json.Marshal(rows[i])
		if err != nil {
			return err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		b.Write(row)
	}
	b.WriteByte(']')
	return nil
}

// ReadIndex reads what [Index.WriteJSON] wrote. It refuses unknown fields,
// more than 16 MiB, anything after the value, and tags that [ParseTag] would
// refuse, with an error that wraps ErrIndex.
//
// Controls: HIPAA 164.316(b)(1).
func ReadIndex(r io.Reader) (*Index, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxIndex+1))
	if err != nil {
		return nil, fmt.Errorf("coverage: index: %w", err)
	}
	if len(b) > maxIndex {
		return nil, fmt.Errorf("coverage: index: larger than %d bytes: %w", maxIndex, ErrIndex)
	}
	var whole indexJSON
	if err := strict(b, &whole); err != nil {
		return nil, err
	}
	x := &Index{Module: whole.Module}
	for _, p := range whole.Packages {
		if err := x.addPackage(p); err != nil {
			return nil, err
		}
	}
	x.sort()
	if err := x.validate(); err != nil {
		return nil, err
	}
	return x, nil
}

// strict decodes one value without unknown fields, and nothing behind it.
func strict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("coverage: index: %w", errors.Join(ErrIndex, err))
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("coverage: index: text after the value: %w", ErrIndex)
	}
	return nil
}

func (x *Index) addPackage(p packageJSON) error {
	var apis []API
	for _, raw := range p.APIs {
		var a apiJSON
		if err := strict(raw, &a); err != nil {
			return err
		}
		apis = append(apis, API{Package: p.Package, Symbol: a.Symbol, Kind: a.Kind, File: join(p.Dir, a.File),
			Internal: a.Internal, From: a.From, Tag: a.Tag, Sites: a.Sites})
	}
	for range 2 { // a type from the package, then a method from the type
		inherited := heirs(apis)
		for i, a := range apis {
			if tag, ok := inherited(a); ok && a.Tag.IsZero() {
				apis[i].Tag = tag
			}
		}
	}
	x.APIs = append(x.APIs, apis...)
	for _, raw := range p.Tests {
		var t testJSON
		if err := strict(raw, &t); err != nil {
			return err
		}
		x.Tests = append(x.Tests, Test{TestID: TestID{Package: p.Package, Name: t.Name}, File: join(p.Dir, t.File), Tag: t.Tag})
	}
	return nil
}

func join(dir, file string) string {
	if file == "" {
		return ""
	}
	return path.Join(dir, file)
}

// validate checks every tag by writing it out and parsing it again.
func (x *Index) validate() error {
	for _, a := range x.APIs {
		if a.Tag.IsZero() {
			continue
		}
		if err := validTag(a.Name(), a.Tag); err != nil {
			return err
		}
	}
	for _, t := range x.Tests {
		if err := validTag(t.Package+"."+t.Name, t.Tag); err != nil {
			return err
		}
	}
	return nil
}

func validTag(name string, t Tag) error {
	got, err := ParseTag(t.String())
	if err != nil {
		return fmt.Errorf("coverage: index: %s: %w", show(name), errors.Join(ErrIndex, err))
	}
	if !got.Equal(t) {
		return fmt.Errorf("coverage: index: %s: tag contradicts itself: %w", show(name), ErrIndex)
	}
	return nil
}
