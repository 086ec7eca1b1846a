package smart

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// ErrContext reports a launch context that is malformed. Its text names the
// parameter and holds nothing of its value.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
var ErrContext = errors.New("smart: launch context: not usable")

const (
	maxContext    = 64 << 10
	maxReferences = 64
	maxID         = 64 // of a FHIR id
)

// A Context is what an application was launched for. It shows
// "[launch context]" wherever it is printed, for its references are PHI. The
// zero value is no context.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
type Context struct {
	// Patient is the patient of the launch, by the id of its resource. It is
	// the zero Patient if there is none.
	Patient safeguard.Patient
	// Encounter is the id of the encounter of the launch, if any.
	Encounter string
	// Resources are the further ones of fhirContext.
	Resources []Resource
	// PatientBanner says that the application must show whose chart it is.
	// Where the parameter is missing it must.
	PatientBanner bool
	// Intent is what the launch is for, in words that server and application
	// have agreed on. It is no purpose of use.
	Intent string
	// StyleURL is where the server says what it looks like.
	StyleURL string
	// Tenant is the organisation that launches.
	Tenant string
}

// A Resource is one of the launch context, other than its patient and its
// encounter. One of Reference, Canonical and Identifier says which.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
type Resource struct {
	// Reference is relative, as "DiagnosticReport/123".
	Reference string
	// Canonical is the canonical URL of a definition.
	Canonical string
	// Identified says that the resource has an identifier instead.
	Identified bool
	// Type is the resource type.
	Type string
	// Role is "launch" or a URI.
	Role string
}

const contextRedaction = "[launch context]"

// Format writes a redaction under every verb.
func (Context) Format(f fmt.State, _ rune) { fmt.Fprint(f, contextRedaction) }

// LogValue returns a redaction for log/slog.
func (Context) LogValue() slog.Value { return slog.StringValue(contextRedaction) }

// MarshalText returns a redaction, for encoding/json, encoding/xml and others.
func (Context) MarshalText() ([]byte, error) { return []byte(contextRedaction), nil }

// Format writes a redaction under every verb.
func (Resource) Format(f fmt.State, _ rune) { fmt.Fprint(f, contextRedaction) }

// LogValue returns a redaction for log/slog.
func (Resource) LogValue() slog.Value { return slog.StringValue(contextRedaction) }

// MarshalText returns a redaction, for encoding/json, encoding/xml and others.
func (Resource) MarshalText() ([]byte, error) { return []byte(contextRedaction), nil }

// ParseContext reads the launch context parameters of a token response, or of
// the claims of a token, which are a JSON object. Other parameters are left
// alone. It refuses one that is there twice or of another type than the guide
// says, an id that FHIR does not allow, a fhirContext of strings (which was
// never in a published version) and one that names a Patient or an Encounter
// in the role of a launch. The error unwraps to [ErrContext].
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func ParseContext(response []byte) (Context, error) {
	if len(response) > maxContext {
		return Context{}, fmt.Errorf("%w: longer than %d bytes", ErrContext, maxContext)
	}
	d, ok := read(response)
	if !ok {
		return Context{}, fmt.Errorf("%w: not one JSON object, or a name is there twice", ErrContext)
	}
	c := Context{PatientBanner: true}
	var patient string
	for _, p := range []struct {
		name string
		into *string
		good func(string) bool
	}{
		{"patient", &patient, isID},
		{"encounter", &c.Encounter, isID},
		{"intent", &c.Intent, isValue},
		{"smart_style_url", &c.StyleURL, isHTTPS},
		{"tenant", &c.Tenant, isValue},
	} {
		at := d.member(0, p.name)
		if *p.into = d.string(at); at != none && !p.good(*p.into) {
			return Context{}, fmt.Errorf("%w: %s", ErrContext, p.name)
		}
	}
	c.Patient = safeguard.NewPatient(patient)
	switch d.kind(d.member(0, "need_patient_banner")) {
	case 'f':
		c.PatientBanner = false
	case 't', 0:
	default:
		return Context{}, fmt.Errorf("%w: need_patient_banner", ErrContext)
	}
	if at := d.member(0, "fhirContext"); at != none {
		if c.Resources, ok = d.resources(at); !ok {
			return Context{}, fmt.Errorf("%w: fhirContext", ErrContext)
		}
	}
	return c, nil
}

// isID reports whether s is an id of FHIR.
func isID(s string) bool {
	if s == "" || len(s) > maxID {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.'
	})
}

func isHTTPS(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && len(s) <= maxValue
}

// resources reads a fhirContext.
func (d *document) resources(at int) ([]Resource, bool) {
	if d.kind(at) != '[' {
		return nil, false
	}
	var resources []Resource
	for item := d.first(at); item != none; item = d.after(item, at) {
		r, ok := d.resource(item)
		if !ok || len(resources) == maxReferences {
			return nil, false
		}
		resources = append(resources, r)
	}
	return resources, true
}

// resource reads one item of a fhirContext.
func (d *document) resource(at int) (r Resource, ok bool) {
	for _, m := range []struct {
		name string
		into *string
	}{{"reference", &r.Reference}, {"canonical", &r.Canonical}, {"type", &r.Type}, {"role", &r.Role}} {
		value := d.member(at, m.name)
		if *m.into = d.string(value); value != none && (*m.into == "" || len(*m.into) > maxValue) {
			return Resource{}, false
		}
	}
	identifier := d.kind(d.member(at, "identifier"))
	r.Identified = identifier == '{'
	if r.Role == "" {
		r.Role = "launch"
	}
	kind, id, relative := strings.Cut(r.Reference, "/")
	if r.Reference != "" {
		if !relative || !isType(kind) || !isID(id) || r.Type != "" && r.Type != kind {
			return Resource{}, false
		}
		r.Type = kind
	}
	if identifier != 0 && !r.Identified || r.Type != "" && !isType(r.Type) {
		return Resource{}, false
	}
	if r.Role == "launch" && (r.Type == "Patient" || r.Type == "Encounter") {
		return Resource{}, false
	}
	return r, r.Reference != "" || r.Canonical != "" || r.Identified
}
