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
