package oscal

// The parts of OSCAL 1.2.2 that this package writes, in the names of the
// specification. Optional fields are left out when empty, because OSCAL has no
// empty arrays.

type metadata struct {
	Title        string             `json:"title"`
	LastModified string             `json:"last-modified"`
	Version      string             `json:"version"`
	OSCALVersion string             `json:"oscal-version"`
	Props        []property         `json:"props,omitempty"`
	Links        []link             `json:"links,omitempty"`
	Roles        []role             `json:"roles,omitempty"`
	Parties      []party            `json:"parties,omitempty"`
	Responsible  []responsibleParty `json:"responsible-parties,omitempty"`
	Remarks      string             `json:"remarks,omitempty"`
}

type property struct {
	Name    string `json:"name"`
	NS      string `json:"ns,omitempty"`
	Value   string `json:"value"`
	Remarks string `json:"remarks,omitempty"`
}

type link struct {
	Href string `json:"href"`
	Rel  string `json:"rel,omitempty"`
	Text string `json:"text,omitempty"`
}

type role struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

type party struct {
	UUID string `json:"uuid"`
	Type string `json:"type"`
	Name string `json:"name"`
}

type responsibleParty struct {
	RoleID     string   `json:"role-id"`
	PartyUUIDs []string `json:"party-uuids"`
}

type backMatter struct {
	Resources []resource `json:"resources"`
}

type resource struct {
	UUID        string     `json:"uuid"`
	Title       string     `json:"title,omitempty"`
	Description string     `json:"description,omitempty"`
	Props       []property `json:"props,omitempty"`
	Citation    *citation  `json:"citation,omitempty"`
	RLinks      []rlink    `json:"rlinks,omitempty"`
}

type citation struct {
	Text string `json:"text"`
}

type rlink struct {
	Href   string `json:"href"`
	Hashes []hash `json:"hashes,omitempty"`
}

type hash struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"value"`
}

type catalog struct {
	UUID       string      `json:"uuid"`
	Metadata   metadata    `json:"metadata"`
	Groups     []group     `json:"groups"`
	BackMatter *backMatter `json:"back-matter,omitempty"`
}

type group struct {
	ID       string     `json:"id"`
	Class    string     `json:"class,omitempty"`
	Title    string     `json:"title"`
	Props    []property `json:"props,omitempty"`
	Controls []control  `json:"controls,omitempty"`
}

type control struct {
	ID       string     `json:"id"`
	Class    string     `json:"class,omitempty"`
	Title    string     `json:"title"`
	Props    []property `json:"props,omitempty"`
	Parts    []part     `json:"parts,omitempty"`
	Controls []control  `json:"controls,omitempty"`
}

type part struct {
	ID    string `json:"id,omitempty"`
	Name  string `json:"name"`
	Prose string `json:"prose,omitempty"`
}

type mappingCollection struct {
	UUID       string      `json:"uuid"`
	Metadata   metadata    `json:"metadata"`
	Provenance provenance  `json:"provenance"`
	Mappings   []mapping   `json:"mappings"`
	BackMatter *backMatter `json:"back-matter,omitempty"`
}

type provenance struct {
	Method      string `json:"method"`
	Rationale   string `json:"matching-rationale"`
	Status      string `json:"status"`
	Description string `json:"mapping-description"`
}

type mapping struct {
	UUID        string      `json:"uuid"`
	Method      string      `json:"method"`
	Rationale   string      `json:"matching-rationale"`
	Status      string      `json:"status"`
	Source      resourceRef `json:"source-resource"`
	Target      resourceRef `json:"target-resource"`
	Maps        []mapEntry  `json:"maps"`
	Description string      `json:"mapping-description"`
	Props       []property  `json:"props,omitempty"`
	SourceGap   *gapSummary `json:"source-gap-summary,omitempty"`
	TargetGap   *gapSummary `json:"target-gap-summary,omitempty"`
	Remarks     string      `json:"remarks,omitempty"`
}

type resourceRef struct {
	Type string `json:"type"`
	Href string `json:"href"`
}

type mapEntry struct {
	UUID         string     `json:"uuid"`
	Relationship string     `json:"relationship"`
	Sources      []mapItem  `json:"sources"`
	Targets      []mapItem  `json:"targets"`
	Props        []property `json:"props,omitempty"`
}

type mapItem struct {
	Type  string `json:"type"`
	IDRef string `json:"id-ref"`
}

type gapSummary struct {
	UUID     string      `json:"uuid"`
	Unmapped []selection `json:"unmapped-controls"`
}

type selection struct {
	WithIDs []string `json:"with-ids"`
}

type componentDefinition struct {
	UUID       string      `json:"uuid"`
	Metadata   metadata    `json:"metadata"`
	Components []component `json:"components"`
	BackMatter *backMatter `json:"back-matter,omitempty"`
}

type component struct {
	UUID            string                  `json:"uuid"`
	Type            string                  `json:"type"`
	Title           string                  `json:"title"`
	Description     string                  `json:"description"`
	Props           []property              `json:"props,omitempty"`
	Implementations []controlImplementation `json:"control-implementations"`
}

type controlImplementation struct {
	UUID         string                   `json:"uuid"`
	Source       string                   `json:"source"`
	Description  string                   `json:"description"`
	Requirements []implementedRequirement `json:"implemented-requirements"`
}

type implementedRequirement struct {
	UUID        string     `json:"uuid"`
	ControlID   string     `json:"control-id"`
	Description string     `json:"description"`
	Props       []property `json:"props,omitempty"`
	Links       []link     `json:"links,omitempty"`
}

type assessmentResults struct {
	UUID       string      `json:"uuid"`
	Metadata   metadata    `json:"metadata"`
	ImportAP   href        `json:"import-ap"`
	Results    []result    `json:"results"`
	BackMatter *backMatter `json:"back-matter,omitempty"`
}

type href struct {
	Href    string `json:"href"`
	Remarks string `json:"remarks,omitempty"`
}

type result struct {
	UUID         string           `json:"uuid"`
	Title        string           `json:"title"`
	Description  string           `json:"description"`
	Start        string           `json:"start"`
	End          string           `json:"end,omitempty"`
	Reviewed     reviewedControls `json:"reviewed-controls"`
	Observations []observation    `json:"observations,omitempty"`
	Risks        []risk           `json:"risks,omitempty"`
	Findings     []finding        `json:"findings,omitempty"`
}

type reviewedControls struct {
	Selections []controlSelection `json:"control-selections"`
}

type controlSelection struct {
	Include []controlRef `json:"include-controls"`
}

type controlRef struct {
	ControlID string `json:"control-id"`
}

type observation struct {
	UUID        string             `json:"uuid"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description"`
	Methods     []string           `json:"methods"`
	Evidence    []relevantEvidence `json:"relevant-evidence,omitempty"`
	Collected   string             `json:"collected"`
	Expires     string             `json:"expires,omitempty"`
}

type relevantEvidence struct {
	Href        string     `json:"href,omitempty"`
	Description string     `json:"description"`
	Props       []property `json:"props,omitempty"`
}

type finding struct {
	UUID         string        `json:"uuid"`
	Title        string        `json:"title"`
	Description  string        `json:"description"`
	Target       findingTarget `json:"target"`
	Observations []observedRef `json:"related-observations,omitempty"`
	Risks        []riskRef     `json:"related-risks,omitempty"`
}

type findingTarget struct {
	Type           string      `json:"type"`
	TargetID       string      `json:"target-id"`
	Status         targetState `json:"status"`
	Implementation *state      `json:"implementation-status,omitempty"`
}

type targetState struct {
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
}

type state struct {
	State   string `json:"state"`
	Remarks string `json:"remarks,omitempty"`
}

type observedRef struct {
	UUID string `json:"observation-uuid"`
}

type riskRef struct {
	UUID string `json:"risk-uuid"`
}

type findingRef struct {
	UUID string `json:"finding-uuid"`
}

type risk struct {
	UUID              string             `json:"uuid"`
	Title             string             `json:"title"`
	Description       string             `json:"description"`
	Statement         string             `json:"statement"`
	Props             []property         `json:"props,omitempty"`
	Status            string             `json:"status"`
	Characterizations []characterization `json:"characterizations,omitempty"`
	Deadline          string             `json:"deadline,omitempty"`
	Remediations      []remediation      `json:"remediations,omitempty"`
	Observations      []observedRef      `json:"related-observations,omitempty"`
}

type characterization struct {
	Origin origin  `json:"origin"`
	Facets []facet `json:"facets"`
}

type origin struct {
	Actors []actor `json:"actors"`
}

type actor struct {
	Type string `json:"type"`
	UUID string `json:"actor-uuid"`
}

type facet struct {
	Name   string `json:"name"`
	System string `json:"system"`
	Value  string `json:"value"`
}

type remediation struct {
	UUID        string     `json:"uuid"`
	Lifecycle   string     `json:"lifecycle"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Props       []property `json:"props,omitempty"`
	Tasks       []task     `json:"tasks,omitempty"`
}

type task struct {
	UUID   string  `json:"uuid"`
	Type   string  `json:"type"`
	Title  string  `json:"title"`
	Timing *timing `json:"timing,omitempty"`
}

type timing struct {
	OnDate onDate `json:"on-date"`
}

type onDate struct {
	Date string `json:"date"`
}

type planOfAction struct {
	UUID         string        `json:"uuid"`
	Metadata     metadata      `json:"metadata"`
	SystemID     systemID      `json:"system-id"`
	Observations []observation `json:"observations,omitempty"`
	Risks        []risk        `json:"risks,omitempty"`
	Findings     []finding     `json:"findings,omitempty"`
	Items        []planItem    `json:"poam-items"`
	BackMatter   *backMatter   `json:"back-matter,omitempty"`
}

type systemID struct {
	ID string `json:"id"`
}

type planItem struct {
	UUID         string        `json:"uuid"`
	Title        string        `json:"title"`
	Description  string        `json:"description"`
	Props        []property    `json:"props,omitempty"`
	Findings     []findingRef  `json:"related-findings,omitempty"`
	Observations []observedRef `json:"related-observations,omitempty"`
	Risks        []riskRef     `json:"related-risks,omitempty"`
}
