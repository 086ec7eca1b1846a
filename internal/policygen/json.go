package policygen

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// tree is an object whose keys may come in any order.
type tree map[string]any

// JSON returns the document of p, always the same.
func (p Policy) JSON() []byte { return encode(p.tree(), func([]string) {}, func([]any) {}) }

// Shuffled returns a document that says the same as that of p, with its keys,
// rules, roles and names in another order.
func (w World) Shuffled(p Policy) []byte {
	return encode(p.tree(),
		func(keys []string) { w.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] }) },
		func(list []any) { w.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] }) })
}

func encode(v any, keys func([]string), items func([]any)) []byte {
	var b bytes.Buffer
	write(&b, v, keys, items)
	return b.Bytes()
}

func write(b *bytes.Buffer, v any, order func([]string), items func([]any)) {
	switch v := v.(type) {
	case tree:
		keys := slices.Sorted(maps.Keys(v))
		order(keys)
		b.WriteByte('{')
		for i, k := range keys {
			if i > 0 {
				b.WriteByte(',')
			}
			write(b, k, order, items)
			b.WriteByte(':')
			write(b, v[k], order, items)
		}
		b.WriteByte('}')
	case []string:
		list := []any{}
		for _, s := range v {
			list = append(list, s)
		}
		write(b, list, order, items)
	case []any:
		items(v)
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			write(b, item, order, items)
		}
		b.WriteByte(']')
	default:
		text, _ := json.Marshal(v) // a string, a number or a truth
		b.Write(text)
	}
}

func (t tree) list(key string, names []string) {
	if names != nil {
		t[key] = names
	}
}

func (p Policy) tree() tree {
	t := tree{"version": 1, "resources": tree{"P": actions(), "Q": actions()}, "roles": p.roles()}
	if p.Tenant {
		t["tenant"] = "required"
	}
	if len(p.Labels) > 0 {
		t["labels"] = p.Labels
	}
	if p.Training {
		t["training"] = tree{"required": []string{"hipaa"}, "max_age_days": 365, "because": "b"}
	}
	consents, separations := []any{}, []any{}
	for _, c := range p.Consents {
		one := tree{"id": c.ID, "because": "b"}
		one.list("labels", c.Labels)
		one.list("purposes", c.Purposes)
		consents = append(consents, one)
	}
	for _, s := range p.Separations {
		separations = append(separations, tree{"id": s.ID, "kind": s.Kind, "roles": s.Roles, "max": s.Max, "because": "b"})
	}
	t["consent"], t["separation"] = consents, separations
	if e := p.Emergency; e != nil {
		one := tree{
			"roles": e.Roles, "reasons": []string{"life-threat"}, "minutes": 30, "review_hours": 72,
			"max_unreviewed": 3, "step_up_minutes": 5, "because": "b",
		}
		if e.Override {
			one["override"] = []string{"consent"}
		}
		t["emergency"] = one
	}
	return t
}

func (p Policy) roles() tree {
	roles := tree{}
	for _, role := range p.Roles {
		allow, deny := []any{}, []any{}
		for _, r := range role.Rules {
			if r.Deny {
				deny = append(deny, r.tree())
			} else {
				allow = append(allow, r.tree())
			}
		}
		one := tree{"allow": allow, "deny": deny}
		one.list("inherits", role.Inherits)
		roles[role.Name] = one
	}
	return roles
}

func (r Rule) tree() tree {
	t := tree{"id": r.ID, "resource": r.Resource, "actions": r.Actions, "because": "b"}
	t.list("purposes", r.Purposes)
	t.list("relationship", r.Relationship)
	t.list("conditions", r.Conditions)
	t.list("obligations", r.Obligations)
	t.list("fields", r.Fields)
	if len(r.Fields) == 1 && r.Fields[0] == "all" && r.Exempt == "" {
		t["justification"] = "j"
	}
	if r.Exempt != "" {
		t["exempt"] = r.Exempt
	}
	if r.Max != "" {
		labels := tree{"max": r.Max}
		if len(r.Sensitivity) > 0 {
			labels["sensitivity"] = r.Sensitivity
		}
		t["labels"] = labels
	}
	if r.Emergency {
		t["emergency"] = true
	}
	return t
}
