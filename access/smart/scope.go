package smart

import (
	"maps"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

// Options say how scopes narrow. nil and the zero value are the defaults.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
type Options struct {
	// Kind is who holds the token. For a person, which is the default, the
	// levels patient and user count; for a service the level system does.
	Kind safeguard.Kind
	// Actions says what further actions of the policy need, and changes what
	// those of [Scopes.Scope] do. An action that needs several permissions
	// needs all of them; one that needs none is covered by nothing.
	Actions map[string]Permissions
	// PatientID is the id of the Patient resource of the launch's patient, as
	// resources refer to it. The default is what the patient is called in the
	// program, without "Patient/" before it.
	PatientID string
	// UnsafeUnlinked are types of which the level patient covers resources
	// that refer to no Patient, besides those that are about nobody, such as
	// Organization. A Provenance, for one, often refers only to what it is
	// about: with it here, an application sees who wrote what of whomever.
	UnsafeUnlinked []string
}

// Scope narrows decisions by Scopes. It implements access.Scope and is safe
// for concurrent use. The zero value and nil cover nothing.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
type Scope struct {
	grants    []Grant // of the levels that count
	actions   map[string]Permissions
	patient   safeguard.Patient
	patientID string
	unlinked  []string
}

var _ access.Scope = (*Scope)(nil)

// Scope returns something to narrow decisions by. patient is the patient of
// the launch, the zero Patient if there is none; then scopes of the level
// patient cover nothing.
//
// Actions are covered by: Create for "create"; Read for "read", "vread",
// "history" and "history-instance"; Update for "update" and "patch"; Delete for
// "delete"; Search for "search", "search-type", "search-system", "history-type"
// and "history-system". Other actions are covered by nothing unless
// Options.Actions says by what. A resource of the policy is the FHIR resource
// type with the same name.
func (s Scopes) Scope(patient safeguard.Patient, opts *Options) *Scope {
	if opts == nil {
		opts = &Options{}
	}
	scope := &Scope{actions: actions(), patient: patient, patientID: opts.PatientID, unlinked: slices.Clone(opts.UnsafeUnlinked)}
	maps.Copy(scope.actions, opts.Actions)
	if scope.patientID == "" {
		scope.patientID = strings.TrimPrefix(patient.Reveal(), "Patient/")
	}
	for _, g := range s.Grants() {
		if counts(g.Level, opts.Kind, patient) {
			scope.grants = append(scope.grants, g)
		}
	}
	return scope
}

// counts reports whether scopes of a level are any good to a kind of holder.
func counts(l Level, k safeguard.Kind, patient safeguard.Patient) bool {
	switch {
	case k == safeguard.Service:
		return l == SystemLevel
	case k != safeguard.Person && k != 0:
		return false
	case l == PatientLevel:
		return !patient.IsZero()
	}
	return l == UserLevel
}

func actions() map[string]Permissions {
	return map[string]Permissions{
		"create": Create,
		"read":   Read, "vread": Read, "history": Read, "history-instance": Read,
		"update": Update, "patch": Update,
		"delete": Delete,
		"search": Search, "search-type": Search, "search-system": Search,
		"history-type": Search, "history-system": Search,
	}
}

// Covers reports whether there are scopes that cover an action of the policy, by
// nil Options the defaults of [Scopes.Scope]. If not, no token permits it.
func (o *Options) Covers(action string) bool {
	all := actions()
	if o != nil {
		maps.Copy(all, o.Actions)
	}
	return all[action] != 0
}

// Permits reports whether the scopes cover a request, as far as can be told
// without the resource. A scope of the level patient covers only requests that
// are about the patient of the launch, and reads and searches of resources that
// are about nobody, such as an Organization, if the request names no patient.
func (s *Scope) Permits(r *access.Request) bool {
	return s != nil && r != nil && s.covers(r.Resource, r.Action, func(g *Grant) bool { return s.mayBe(g, r) })
}

// mayBe reports whether a request is about somebody whom g is about.
func (s *Scope) mayBe(g *Grant, r *access.Request) bool {
	if g.Level != PatientLevel || r.Patient == s.patient {
		return true
	}
	return r.Patient.IsZero() && isShared(r.Resource) && s.actions[r.Action]&^(Read|Search) == 0
}

// Filtered reports whether only some resources of a type are covered: those of
// one patient, or those that meet search parameters.
func (s *Scope) Filtered(resource, action string) bool {
	return s == nil || !s.covers(resource, action, func(g *Grant) bool {
		return g.Level != PatientLevel && len(g.Filters) == 0
	})
}

// Holds reports whether the scopes cover one resource, by its JSON.
//
// At the level patient it must be about the patient of the launch and nobody
// else. A Patient has that patient's id. Another resource refers to that
// patient, by "Patient/id", and to no other, wherever in it. A reference that is
// a query, a URN or an address of a server is to another one, for all that can
// be known; so are an identifier that is said to be of a Patient or stands for
// the subject, and a Patient that is contained. This is less than the patient
// compartment of FHIR, where one reference suffices: a Group, an Appointment of
// two, a Provenance of many and a Coverage that names the parent who pays say
// something of others, and those did not launch the application.
//
// A resource that refers to nobody is covered if its type is about nobody: the
// organisation of care, definitions and terminology, such as Organization,
// Practitioner, Location, Medication and ValueSet. One of another type is not:
// a Binary, a Provenance, an Observation without a subject
// (Options.UnsafeUnlinked).
//
// Filters are met by what the resource says of itself. The parameters _id,
// _security, _tag, category, class, clinical-status, code, intent, status, type
// and verification-status are known; a filter on another one is met by nothing.
//
// A document that access.Decision.Project refuses is not covered, nor one with
// more than 524,288 values.
func (s *Scope) Holds(resource, action string, document []byte) bool {
	if s == nil {
		return false
	}
	d, ok := read(document)
	if !ok || !d.is(d.member(0, "resourceType"), resource) {
		return false
	}
	unlinked := isShared(resource) || slices.Contains(s.unlinked, resource)
	return s.covers(resource, action, func(g *Grant) bool {
		return (g.Level != PatientLevel || d.isAbout(resource, s.patientID, unlinked)) && d.meets(resource, g.Filters)
	})
}

// Covering returns the scopes that cover a request at least in part, for an
// explanation. It returns nil if Permits is false.
func (s *Scope) Covering(r *access.Request) []string {
	if !s.Permits(r) {
		return nil
	}
	var scopes []string
	for i := range s.grants {
		g := &s.grants[i]
		if s.applies(g, r.Resource, s.actions[r.Action]) && s.mayBe(g, r) {
			scopes = append(scopes, g.String())
		}
	}
	return scopes
}

// covers reports whether the grants for which holds is true together give what
// an action needs.
func (s *Scope) covers(resource, action string, holds func(*Grant) bool) bool {
	need := s.actions[action]
	var have Permissions
	for i := range s.grants {
		g := &s.grants[i]
		if have&need != need && s.applies(g, resource, need) && holds(g) {
			have |= g.Permissions
		}
	}
	return need != 0 && have&need == need
}

// applies reports whether g gives some of need on a type, and its filters can
// be evaluated there.
func (s *Scope) applies(g *Grant, resource string, need Permissions) bool {
	if g.Permissions&need == 0 || g.Resource != "*" && g.Resource != resource {
		return false
	}
	for _, f := range g.Filters {
		if element(resource, f.Param) == "" {
			return false
		}
	}
	return true
}
