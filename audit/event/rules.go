package event

import "slices"

// A Rule is one condition that Validate and Check apply. Rules are plain
// values; the zero value is no rule.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type Rule struct {
	// Name is short and stable, for instance "control-character".
	Name string
	// Level is the word of the specification, "MUST" or "SHOULD", or "OURS"
	// for a rule that this package adds.
	Level string
	// Source is where the rule stands.
	Source string
	// Text says what is refused.
	Text string
	// SDK is whether Unmarshal and Validate of cloudevents/sdk-go v2.16.2
	// refuse it as well, wherever it stands in an event.
	SDK bool
}

// Rules returns every rule, in a fixed order.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func Rules() []Rule { return slices.Clone(table[1:]) }

// A ruleID is a place in the table; 0 is no violation.
type ruleID uint8

const (
	ok ruleID = iota
	tooLarge
	tooDeep
	notJSON
	notUTF8
	loneSurrogate
	duplicate
	noEvent
	noVersion
	badName
	longName
	nameData
	missing
	empty
	blank
	wrongType
	control
	noncharacter
	badURIReference
	rewrittenURI
	relativeSchema
	schemaFragment
	badMediaType
	badTime
	zeroTime
	badInteger
	twoData
	badBase64
	dataNotString
	badData
	fieldErrors
)

const (
	core = "CloudEvents 1.0.2, "
	form = "JSON Event Format 1.0.2, "
)

// table is the oracle: the specification's words, one row a rule.
var table = [...]Rule{
	ok:              {},
	tooLarge:        {"too-large", "SHOULD", core + "Size Limits", "more than 64 KiB, which no intermediary need forward", false},
	tooDeep:         {"too-deep", "OURS", "bound of this package", "nested deeper than 64", false},
	notJSON:         {"not-json", "MUST", form + "section 1; RFC 8259", "not one JSON value", true},
	notUTF8:         {"not-utf8", "MUST", "RFC 8259, section 8.1; " + core + "Type System", "invalid UTF-8", false},
	loneSurrogate:   {"lone-surrogate", "MUST", core + "Type System; RFC 8259, section 8.2", "a surrogate without its pair", false},
	duplicate:       {"duplicate", "MUST", core + "Context Attributes; RFC 8259, section 4", "a member that stands twice", false},
	noEvent:         {"not-an-object", "MUST", form + "section 3", "not a JSON object", true},
	noVersion:       {"specversion", "MUST", core + "specversion", "a specversion other than 1.0", false},
	badName:         {"name", "MUST", core + "Naming Conventions", "a name of other characters than a to z and 0 to 9", false},
	longName:        {"long-name", "SHOULD", core + "Naming Conventions", "a name longer than 20 characters", false},
	nameData:        {"name-data", "MUST", core + "Naming Conventions", "an attribute with the name data", false},
	missing:         {"missing", "MUST", core + "REQUIRED Attributes", "a required attribute is missing", true},
	empty:           {"empty", "MUST", core + "REQUIRED Attributes, OPTIONAL Attributes", "an empty value where there must be none", false},
	blank:           {"blank", "OURS", "the SDK's reading of a non-empty string", "only white space", true},
	wrongType:       {"type", "MUST", form + "section 2.2", "a value of another type than the attribute's", false},
	control:         {"control-character", "MUST", core + "Type System", "a control character", false},
	noncharacter:    {"noncharacter", "MUST", core + "Type System", "a Unicode noncharacter", false},
	badURIReference: {"uri-reference", "MUST", core + "Type System; RFC 3986, section 4.1", "not a URI-reference", false},
	rewrittenURI:    {"uri-rewritten", "OURS", "consumers tell duplicates by source and id", "a URI that the SDK would write in another way", false},
	relativeSchema:  {"relative-schema", "MUST", core + "dataschema; RFC 3986, section 4.3", "not an absolute URI", true},
	schemaFragment:  {"schema-fragment", "MUST", core + "Type System; RFC 3986, section 4.3", "an absolute URI has no fragment", false},
	badMediaType:    {"media-type", "MUST", core + "datacontenttype; RFC 2046", "not a media type", false},
	badTime:         {"time", "MUST", core + "Type System; RFC 3339, section 5.6", "not a timestamp with upper-case T and Z, a second below 60 and at most nine digits of a fraction", false},
	zeroTime:        {"zero-time", "OURS", core + "time", "the zero time, which stands for a time that nobody set", false},
	badInteger:      {"integer", "MUST", core + "Type System; " + form + "section 2.2", "not a whole number of 32 bits", false},
	twoData:         {"two-data", "MUST", form + "section 3.1.1", "both data and data_base64", false},
	badBase64:       {"base64", "MUST", form + "section 3.1.1; RFC 4648, section 4", "not base64 with padding", false},
	dataNotString:   {"data-not-string", "SHOULD", form + "section 3.1.2", "data that is neither JSON by its content type nor a string", true},
	badData:         {"data", "MUST", form + "section 3.1.1", "data that is not what its content type says", false},
	fieldErrors:     {"field-errors", "OURS", "the SDK's own note", "the SDK could not set an attribute", true},
}
