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

// indexJSON is the JSON form of an Index: by package and by what APIs and tests
// share, files below the package's directory, and without the tags that follow
// from the package's or a type's.
type indexJSON struct {
	Module   string        `json:"module"`
	Packages []packageJSON `json:"packages"`
}

type packageJSON struct {
	Package string      `json:"package"`
	Dir     string      `json:"dir,omitempty"`
	APIs    []apisJSON  `json:"apis,omitempty"`
	Tests   []testsJSON `json:"tests,omitempty"`
}

// apisJSON is what some APIs share, and their symbols.
type apisJSON struct {
	Kind     Kind     `json:"kind"`
	File     string   `json:"file,omitempty"`
	Internal bool     `json:"internal,omitempty"`
	From     string   `json:"from,omitempty"`
	Tag      Tag      `json:"tag,omitzero"`
	Sites    []string `json:"sites,omitempty"`
	Symbols  []string `json:"rows,omitempty"`
}

// testsJSON is what some tests share, and their names.
type testsJSON struct {
	File  string   `json:"file,omitempty"`
	Tag   Tag      `json:"tag"`
	Names []string `json:"rows,omitempty"`
}

// WriteJSON writes the index as JSON, one API or test a line and without line
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
	head, err := json.Marshal(packageJSON{Package: p.name, Dir: strings.TrimPrefix(p.dir, ".")})
	if err != nil {
		return err
	}
	b.WriteString("\n" + strings.TrimSuffix(string(head), "}"))
	inherited := heirs(p.apis)
	apis := writeGroups(b, "apis", p.apis, func(a API) (any, string) {
		shared := apisJSON{Kind: a.Kind, File: base(a.File), Internal: a.Internal, From: a.From, Tag: a.Tag, Sites: a.Sites}
		if from, ok := inherited(a); ok && from.Equal(a.Tag) {
			shared.Tag = Tag{}
		}
		return shared, a.Symbol
	})
	tests := writeGroups(b, "tests", p.tests, func(t Test) (any, string) {
		return testsJSON{File: base(t.File), Tag: t.Tag}, t.Name
	})
	return errors.Join(apis, tests, b.WriteByte('}'))
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

// writeGroups writes names under what they share, groups and names in the order
// in which they come first.
func writeGroups[T any](b *bytes.Buffer, what string, list []T, split func(T) (shared any, name string)) error {
	var heads []string
	rows := map[string][]string{}
	for _, item := range list {
		shared, name := split(item)
		head, err := json.Marshal(shared)
		if err != nil {
			return err
		}
		row, err := json.Marshal(name)
		if err != nil {
			return err
		}
		if rows[string(head)] == nil {
			heads = append(heads, string(head))
		}
		rows[string(head)] = append(rows[string(head)], string(row))
	}
	if len(heads) == 0 {
		return nil
	}
	for i, head := range heads {
		heads[i] = strings.TrimSuffix(head, "}") + ",\"rows\":[\n" + strings.Join(rows[head], ",\n") + "]}"
	}
	fmt.Fprintf(b, ",%q:[\n%s]", what, strings.Join(heads, ",\n"))
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
		x.addPackage(p)
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

func (x *Index) addPackage(p packageJSON) {
	var apis []API
	for _, g := range p.APIs {
		for _, symbol := range g.Symbols {
			apis = append(apis, API{Package: p.Package, Symbol: symbol, Kind: g.Kind, File: join(p.Dir, g.File),
				Internal: g.Internal, From: g.From, Tag: g.Tag, Sites: g.Sites})
		}
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
	for _, g := range p.Tests {
		for _, name := range g.Names {
			x.Tests = append(x.Tests, Test{TestID: TestID{Package: p.Package, Name: name}, File: join(p.Dir, g.File), Tag: g.Tag})
		}
	}
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
