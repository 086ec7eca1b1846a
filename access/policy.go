package access

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
)

// A Policy says which role may do what with which fields for which purpose.
// It is immutable and safe for concurrent use. [ParsePolicy] makes one; the
// zero value allows nothing.
//
// It is the document that 164.514(d)(2)(i) asks for: the classes of persons,
// the categories of PHI that each needs, and the conditions. Whether what it
// grants is the minimum is the organisation's judgement.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
type Policy struct {
	mark        *mark
	src         source
	hash        string
	description string
	tenant      bool // "required"
	resources   map[string]*resource
	categories  []*category
	labels      map[string]int // bit of a sensitivity code in a labelSet
	consents    []*consent     // by the bit of a consent requirement
	training    *training      // nil if none is required
	separations []*separation
	emergency   *emergency     // nil if nobody may break the glass
	roles       map[string]int // index into a roleSet
	named       []*role        // by that index
	relations   map[string]int // bit of a relation set
	conditions  map[string]int // bit of a condition set
	rules       []*rule
	byID        map[string]*rule
	paths       []string // every path that a rule lists, and "Name.*", by id
	tests       []*policyTest
}

// resource is one type of data and what can be done with it.
type resource struct {
	at    int // where in the document it is
	name  string
	whole int              // id of "Name.*", the whole record
	cells map[string]*cell // by action
	order []*cell          // as declared; they are few, so this is searched faster
}

// cell holds the rules about one action on one resource.
type cell struct {
	index    int
	at       int
	resource *resource
	action   string
	rules    []*rule
}

// category is a name for some paths.
type category struct {
	at    int
	name  string
	paths []string
}

// role is one role, with what it inherits.
type role struct {
	at          int
	name        string
	description string
	parents     []int   // that it names itself
	closure     roleSet // itself and all that it inherits
	own         []*rule // that it has itself
}

// rule is one allow or deny rule, compiled.
type rule struct {
	at            int
	id            string
	role          int // that has it itself
	deny          bool
	holders       roleSet // every role that has it, by itself or by inheritance
	resource      *resource
	actions       []string
	purposes      uint32
	relations     uint64 // any of these, 0 for no relationship
	ceiling       labelSet
	conditions    uint64 // all of these
	emergency     bool   // only with a broken glass
	whole         bool   // allow: every field; deny: the action itself
	paths         []int  // ids of paths
	fields        []field
	because       string
	justification string
	exempt        string // paragraph of 164.502(b)(2)
	obligations   []string
}

// field is one entry of the fields of a rule: "all", a category or a path.
type field struct {
	at   int
	name string
}

// consent is a requirement that the patient has consented.
type consent struct {
	at       int
	id       string
	labels   uint64 // for data with one of these, 0 for any data
	purposes uint32
	because  string
}

// training is what courses everybody must have had lately.
type training struct {
	at       int
	required []string
	maxAge   int // days
	grace    int // days
	because  string
}

// separation is a set of roles of which nobody may have more than max, or
// more than max active, with what they inherit.
type separation struct {
	at      int
	id      string
	dynamic bool
	roles   roleSet
	max     int
	because string
}

// ParsePolicy reads a policy. Everything that it does not know is a mistake:
// an unknown or repeated key, a resource, action, role, category, label or field
// that was not declared, a purpose that is no purpose-of-use code, a circle of
// inheritance, a role that breaks a separation of duties by what it inherits.
// The error is a [*PolicyError] with line and column.
//
// The document is one JSON object of at most 4 MiB:
//
//	{
//	  "version": 1,
//	  "resources":  {"Patient": ["read", "search"]},
//	  "categories": {"contact": ["Patient.telecom", "Patient.address.city"]},
//	  "roles": {
//	    "staff":     {},
//	    "scheduler": {
//	      "inherits": ["staff"],
//	      "allow": [{"id": "R-1", "resource": "Patient", "actions": ["read"], "purposes": ["HOPERAT"],
//	                 "fields": ["contact", "Patient.name"], "because": "books and moves visits"}],
//	      "deny":  [{"id": "D-1", "resource": "Patient", "actions": ["read"],
//	                 "fields": ["Patient.address.line"], "because": "needs no street"}]
//	    }
//	  }
//	}
//
// # Fields
//
// A field is the path of object keys from the resource down; arrays follow
// and are not written. A listed path includes what is below it, except the
// places where FHIR repeats or hides other data, which must be listed by
// name: see [Decision.Project]. "fields": "all", or "all" within the list,
// stands for the whole record and needs a "justification" (164.514(d)(5)) or
// an "exempt": the paragraph of 164.502(b)(2) by which the minimum necessary
// does not apply, "164.502(b)(2)(i)" to "(vi)". Of these (i) is for the purposes
// TREAT, ETREAT and ERTREAT only, and exempts disclosures to and requests by a
// provider, not uses within; (ii) is for PATRQT only. Every rule has an "id",
// unique in the policy, and a "because".
//
// Resources and actions are the program's own words: what a route does besides
// records, breaking the glass or ending an account for instance, is an action of
// a resource such as "Glass" or "Account". An allow rule with "fields": [] lets
// it be done and shows nothing of the answer.
//
// # What an allow rule may ask for
//
//	"relationship": ["care-team", "treating"]           one of these, see Relationships
//	"labels": {"max": "R", "sensitivity": ["PSY"]}      data up to this, see Labels; the default is N and none
//	"conditions": ["on-shift"]                          all of these, see Condition
//	"emergency": true                                   a broken glass; purposes must be ["BTG"], and BTG must have it
//	"obligations": ["notify-privacy-officer"]           asks for nothing: it is handed on in Decision.Obligations
//
// # Deny rules
//
// A deny rule without purposes counts for all of them; one without fields, or
// with "all", denies the action; one with fields takes these away from whatever
// any allow rule of the same caller gives, and with them the narrative of the
// resource ("text.div"), which repeats them in prose. It ignores relationships,
// labels and emergencies. Roles inherit the rules of the roles they name,
// denials as well.
//
// # What counts for every rule
//
//	"tenant": "required"                                     caller and request must name the same; the default is that one
//	                                                         that the request names must be the caller's
//	"labels": ["PSY", "42CFRPart2"]                          the sensitivity codes that rules may name; data with another is denied
//	"consent": [{"id": "C-1", "labels": ["42CFRPart2"],      data with one of the labels (none: any data), for one of the
//	             "purposes": ["HOPERAT"], "because": "…"}]   purposes (none: any), needs the patient's consent, see Consents
//	"training": {"required": ["hipaa"], "max_age_days": 365, courses that every caller must have completed lately;
//	             "grace_days": 14, "because": "…"}           the days of grace are added
//	"separation": [{"id": "S-1", "kind": "static",           of the roles, with all that is inherited, nobody may have
//	                "roles": ["biller", "approver"],         more than max; "dynamic": have more than max active at once,
//	                "max": 1, "because": "…"}]               see WithActiveRoles
//	"emergency": {"roles": ["clinician"],                    who may break the glass and how, see EmergencyRules;
//	              "reasons": ["life-threat"],                "override": ["consent"] lets it stand in for consent
//	              "minutes": 30, "review_hours": 72, "max_unreviewed": 3, "step_up_minutes": 5, "because": "…"}
//
// # Tests
//
// "tests" are decisions that must come out as they say, which names must exist
// and which ParsePolicy does not run:
//
//	{"name": "a nurse reads", "as": ["nurse"], "do": "read", "on": "Patient", "purpose": "TREAT",
//	 "relationship": ["care-team"], "labels": {"confidentiality": "R", "sensitivity": ["PSY"]}, "conditions": ["on-shift"],
//	 "consented": true, "emergency": true, "untrained": true,
//	 "expect": "deny", "code": "access.purpose", "sees": ["Patient.name"], "not_sees": ["Patient.text"], "rules": ["R-1"]}
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.514(d)(2), 164.514(d)(5); NIST CSF 2.0 PR.AA-05.
func ParsePolicy(src []byte) (*Policy, error) {
	tree, err := parseTree(src)
	if err != nil {
		return nil, err
	}
	src = slices.Clone(src)
	sum := sha256.Sum256(src)
	c := &compiler{
		src: src, pathIDs: map[string]int{}, ids: map[string]bool{},
		policy: &Policy{
			mark: new(mark), src: src, hash: "sha256:" + hex.EncodeToString(sum[:]),
			resources: map[string]*resource{}, labels: map[string]int{}, roles: map[string]int{},
			relations: map[string]int{}, conditions: map[string]int{}, byID: map[string]*rule{},
		},
	}
	if err := c.document(tree); err != nil {
		return nil, err
	}
	return c.policy, nil
}

// Hash returns "sha256:" and the SHA-256 of the bytes that were parsed, in
// hexadecimal. It is recorded with every decision, so that an old one can be
// replayed with the policy of its day.
func (p *Policy) Hash() string { return p.hash }

// Roles returns the names of the roles, sorted.
func (p *Policy) Roles() []string { return slices.Sorted(maps.Keys(p.roles)) }

// cell returns a resource and the rules about an action on it, or nil if the
// policy does not declare that.
func (p *Policy) cell(name, action string) (*resource, *cell) {
	r := p.resources[name]
	if r == nil {
		return nil, nil
	}
	return r, r.cell(action)
}

func (r *resource) cell(action string) *cell {
	for _, c := range r.order {
		if c.action == action {
			return c
		}
	}
	return nil
}

func (p *Policy) declares(resource, action string) bool {
	_, at := p.cell(resource, action)
	return at != nil
}
