package oscal

// The assessment results and plan of action models.

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
