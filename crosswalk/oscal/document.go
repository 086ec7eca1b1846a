package oscal

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// Version is the edition of OSCAL that the documents are in.
//
// Controls: none, a format.
const Version = "1.2.2"

// Namespace qualifies the names of properties that OSCAL does not define.
//
// Controls: none, a format.
const Namespace = "https://github.com/safeguard-sdk/safeguard/ns/oscal"

// ErrInput reports input that no valid document can be made of.
//
// Controls: none, an error about the input.
var ErrInput = errors.New("oscal: input: not valid")

func refuse(what, text string) error {
	return fmt.Errorf("oscal: %s: %s: %w", what, text, ErrInput)
}

// A Model is one of the models of OSCAL, in the name that its JSON has.
//
// Controls: none, a format.
type Model string

// The models that this package writes.
//
// Controls: none, a format.
const (
	CatalogModel      Model = "catalog"
	MappingModel      Model = "mapping-collection"
	ComponentModel    Model = "component-definition"
	ResultsModel      Model = "assessment-results"
	PlanOfActionModel Model = "plan-of-action-and-milestones"
)

// The names under which documents refer to each other. Store them under these
// names, side by side.
//
// Controls: none, a format.
const (
	CatalogFile      = "hipaa-catalog.json"
	CSF11CatalogFile = "csf-1.1-catalog.json"
	MappingFile      = "hipaa-mappings.json"
	ComponentFile    = "component-definition.json"
	ResultsFile      = "assessment-results.json"
	PlanOfActionFile = "plan-of-action-and-milestones.json"
)

// Info is what every document says of itself.
//
// Controls: HIPAA 164.316(b)(1), 164.316(b)(2)(iii).
type Info struct {
	// Title heads the document; each model has a default.
	Title string
	// Version is the version of the document. It is required.
	Version string
	// Modified is when the content last changed. It is required, and written in
	// UTC to the second.
	Modified time.Time
	// Scope says for whom identifiers are made, for instance the address of the
	// service. The same thing in the same scope gets the same UUID in every
	// document. It is required, except for the catalogs and mappings, which are
	// the same for everybody.
	Scope string
	// Author is the person or organization that answers for the document. It is
	// required for results and plans.
	Author string
}

func (i *Info) validate(scoped, authored bool) error {
	switch {
	case blank(i.Version):
		return refuse("info", "no version")
	case i.Modified.IsZero():
		return refuse("info", "no time of modification")
	case i.Modified.Year() < 1900 || i.Modified.Year() > 2999:
		return refuse("info", "the time of modification is out of range")
	case scoped && blank(i.Scope):
		return refuse("info", "no scope")
	case authored && blank(i.Author):
		return refuse("info", "no author")
	}
	return nil
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// A Document is one OSCAL document. It is immutable.
//
// Controls: HIPAA 164.316(b)(1).
type Document struct {
	name  string
	model Model
	uuid  string
	json  []byte
}

// Name is the file name under which other documents refer to it.
func (d *Document) Name() string { return d.name }

// Model is what it is.
func (d *Document) Model() Model { return d.model }

// UUID is the document's identifier, which changes with its content.
func (d *Document) UUID() string { return d.uuid }

// WriteJSON writes the document. The same document gives the same bytes.
func (d *Document) WriteJSON(w io.Writer) error {
	_, err := w.Write(d.json)
	return err
}

// finish names the document after its content and encodes it. id is the field
// of body that holds its UUID.
func finish(name string, model Model, body any, id *string) (*Document, error) {
	*id = ""
	content, err := encode(model, body)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	*id = uuid("document", string(model), hex.EncodeToString(sum[:]))
	content, err = encode(model, body)
	if err != nil {
		return nil, err
	}
	d := &Document{name: name, model: model, uuid: *id, json: content}
	if problems := checkAlone(d); len(problems) > 0 {
		return nil, refuse(string(model), problems[0].Path+": "+problems[0].Text)
	}
	return d, nil
}

func encode(model Model, body any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(map[Model]any{model: body}); err != nil {
		return nil, fmt.Errorf("oscal: %s: %w", model, err)
	}
	return b.Bytes(), nil
}

// urlNamespace is the namespace of RFC 9562 for UUIDs made of URLs.
var urlNamespace = [16]byte{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}

// uuid returns the UUID of version 5 (RFC 9562, section 5.5) for a thing with
// the given names. Each is preceded by its length, so that no two lists of
// names run together. SHA-1 is what the RFC says; nothing rests on its
// strength.
func uuid(names ...string) string {
	var b strings.Builder
	b.WriteString(Namespace)
	for _, n := range names {
		fmt.Fprintf(&b, "/%d:%s", len(n), n)
	}
	sum := sha1.Sum(append(urlNamespace[:], b.String()...))
	sum[6] = sum[6]&0x0f | 0x50
	sum[8] = sum[8]&0x3f | 0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// own is a property that OSCAL does not define.
func own(name, value string) property { return property{Name: name, NS: Namespace, Value: line(value)} }

// line puts text on one line without space around it, which is what OSCAL's
// strings are. Invalid UTF-8 is replaced.
func line(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

func clean(s string) string { return strings.ToValidUTF8(s, string(utf8.RuneError)) }

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// authorRole is the only role that documents name.
const authorRole = "author"

func (i *Info) metadata(title string, notices ...string) metadata {
	if !blank(i.Title) {
		title = i.Title
	}
	m := metadata{Title: line(title), LastModified: stamp(i.Modified), Version: line(i.Version), OSCALVersion: Version,
		Remarks: strings.Join(append([]string{crosswalk.Caution, "Rule: " + crosswalk.RuleVersion + ".", crosswalk.ProposedRule + "."}, notices...), "\n\n")}
	if !blank(i.Author) {
		m.Roles = []role{{authorRole, "Author"}}
		m.Parties = []party{{i.authorID(), "organization", line(i.Author)}}
		m.Responsible = []responsibleParty{{authorRole, []string{i.authorID()}}}
	}
	return m
}

func (i *Info) authorID() string { return uuid("party", i.Scope, i.Author) }

// sources cites the tables that a document rests on.
func sources(tables ...string) *backMatter {
	b := &backMatter{}
	for _, s := range crosswalk.Sources() {
		if !containsPrefix(tables, s.Table) {
			continue
		}
		r := resource{UUID: uuid("source", s.Table), Title: line(s.Table), Citation: &citation{line(s.Publication)}, Description: s.Retrieved}
		r.Props = append(r.Props, own("rows", fmt.Sprint(s.Rows)))
		if s.Date != "" {
			r.Props = append(r.Props, own("date", s.Date))
		}
		if s.SHA256 != "" {
			r.Props = append(r.Props, own("sha256", s.SHA256))
		}
		b.Resources = append(b.Resources, r)
	}
	if len(b.Resources) == 0 {
		return nil
	}
	return b
}

func containsPrefix(prefixes []string, s string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
