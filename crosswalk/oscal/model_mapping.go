package oscal

// The mapping and component definition models.

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
