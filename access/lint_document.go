package access

// lintDocument is a policy as it was written, with the place of everything.
// The compiled rules say what it means; this says what somebody typed.
type lintDocument struct {
	src        source
	tenant     bool
	resources  []lintGroup // a name and its actions
	categories []lintGroup // a name and its paths
	labels     []spot
	consent    []lintConsent
	training   *lintTraining
	separation []lintSeparation
	emergency  *lintEmergency
	roles      []lintRole
	rules      []*lintRule // of all roles
}

// spot is a text and where it stands.
type spot struct {
	text string
	at   int
}

type lintGroup struct {
	spot
	items []spot
}

type lintConsent struct {
	id               spot
	labels, purposes []spot
}

type lintTraining struct {
	at            int
	maxAge, grace number
}

// number is a whole number that may be missing.
type number struct {
	at, n int
	given bool
}

type lintSeparation struct {
	id    spot
	kind  string
	roles []spot
	max   number
}

type lintEmergency struct {
	at                                  int
	roles, reasons                      []spot
	minutes, review, unreviewed, stepUp number
	override                            []spot
}

type lintRole struct {
	spot
	inherits []spot
	rules    []*lintRule
}

type lintRule struct {
	role                                  string
	id, resource                          spot
	deny, all, emergency                  bool
	actions, purposes, fields             []spot
	because, justification, exempt        spot
	relationship, conditions, obligations []spot
	ceiling                               spot
	sensitivity                           []spot
	labelled                              bool
}

func (r *lintRule) where() string { return "rule " + r.id.text }

// get returns the member of an object with a name; a missing one is empty.
func (v value) get(name string) value {
	for _, m := range v.members {
		if m.name == name {
			return m.value
		}
	}
	return value{}
}

func (v value) spot() spot { return spot{text: v.text, at: v.at} }

func (v value) spots() []spot {
	list := make([]spot, 0, len(v.list))
	for _, item := range v.list {
		list = append(list, item.spot())
	}
	return list
}

// whole returns a whole number. The policy has been checked: one that does
// not fit is missing.
func (v value) whole() number {
	if v.is != "number" {
		return number{at: v.at}
	}
	n := 0
	for _, c := range []byte(v.number) {
		if c < '0' || c > '9' || n > 1<<30 {
			return number{at: v.at}
		}
		n = n*10 + int(c-'0')
	}
	return number{at: v.at, n: n, given: true}
}

func (v value) groups() []lintGroup {
	var list []lintGroup
	for _, m := range v.members {
		list = append(list, lintGroup{spot: spot{m.name, m.at}, items: m.value.spots()})
	}
	return list
}

// readLintDocument reads what ParsePolicy has accepted.
func readLintDocument(src source, v value) *lintDocument {
	d := &lintDocument{
		src: src, tenant: v.get("tenant").text == "required",
		resources: v.get("resources").groups(), categories: v.get("categories").groups(), labels: v.get("labels").spots(),
	}
	for _, c := range v.get("consent").list {
		d.consent = append(d.consent, lintConsent{id: c.get("id").spot(), labels: c.get("labels").spots(), purposes: c.get("purposes").spots()})
	}
	if t := v.get("training"); t.is == "object" {
		d.training = &lintTraining{at: t.at, maxAge: t.get("max_age_days").whole(), grace: t.get("grace_days").whole()}
	}
	for _, s := range v.get("separation").list {
		d.separation = append(d.separation, lintSeparation{
			id: s.get("id").spot(), kind: s.get("kind").text, roles: s.get("roles").spots(), max: s.get("max").whole(),
		})
	}
	if e := v.get("emergency"); e.is == "object" {
		d.emergency = &lintEmergency{
			at: e.at, roles: e.get("roles").spots(), reasons: e.get("reasons").spots(), override: e.get("override").spots(),
			minutes: e.get("minutes").whole(), review: e.get("review_hours").whole(),
			unreviewed: e.get("max_unreviewed").whole(), stepUp: e.get("step_up_minutes").whole(),
		}
	}
	for _, m := range v.get("roles").members {
		d.role(m)
	}
	return d
}

func (d *lintDocument) role(m member) {
	r := lintRole{spot: spot{m.name, m.at}, inherits: m.value.get("inherits").spots()}
	for _, kind := range []string{"allow", "deny"} {
		for _, v := range m.value.get(kind).list {
			rule := readLintRule(v, m.name, kind == "deny")
			r.rules = append(r.rules, rule)
			d.rules = append(d.rules, rule)
		}
	}
	d.roles = append(d.roles, r)
}

func readLintRule(v value, role string, deny bool) *lintRule {
	r := &lintRule{
		role: role, deny: deny, id: v.get("id").spot(), resource: v.get("resource").spot(),
		actions: v.get("actions").spots(), purposes: v.get("purposes").spots(),
		because: v.get("because").spot(), justification: v.get("justification").spot(), exempt: v.get("exempt").spot(),
		relationship: v.get("relationship").spots(), conditions: v.get("conditions").spots(), obligations: v.get("obligations").spots(),
		emergency: len(v.get("emergency").is) > 0,
	}
	labels := v.get("labels")
	r.labelled, r.ceiling, r.sensitivity = labels.is == "object", labels.get("max").spot(), labels.get("sensitivity").spots()
	fields := v.get("fields")
	listed := fields.spots()
	if fields.is == "string" {
		listed = []spot{fields.spot()}
	}
	for _, f := range listed {
		if f.text == "all" {
			r.all = true
			continue
		}
		r.fields = append(r.fields, f)
	}
	return r
}

// document reads the policy as it was written, nil for one that nobody wrote.
func (p *Policy) document() *lintDocument {
	tree, err := parseTree(p.src)
	if err != nil || p.hash == "" {
		return nil
	}
	return readLintDocument(p.src, tree)
}
