package access

import (
	"maps"
	"slices"
)

// mergeObserved merges a copy on a route that is not enforced. The caller may
// have been shown the whole or, by a route that is enforced, a part: so what it
// sends stands, and what is missing in it and hidden from it stays as it was. It
// is flagged where enforcing would have refused the copy, and where something
// was kept.
func (c *call) mergeObserved(before, sent []byte) ([]byte, error) {
	if err := strict(sent); err != nil {
		return nil, err
	}
	after, err := treeOf(sent)
	if err != nil {
		return nil, err
	}
	merged, err := c.mergeShown(before, sent)
	if err != nil {
		if c.code == codeAllowed {
			c.route.guard.enforcement.wouldDeny[codeWrite].Add(1)
			c.entry.Flag(flagWouldDeny)
		}
		if merged, err = c.decision.keep(before, after); err != nil {
			return nil, err
		}
	}
	if was, err := treeOf(sent); err == nil {
		if is, err := treeOf(merged); err == nil && equal(was, is) {
			return sent, nil
		}
	}
	c.route.guard.enforcement.wouldRedact.Add(1)
	c.entry.Flag(flagWouldRedact)
	return merged, nil
}

// keep returns a copy with what is hidden of before and missing in it.
func (d *Decision) keep(before []byte, sent map[string]any) ([]byte, error) {
	if len(before) == 0 {
		return encoded(sent)
	}
	tree, err := treeOf(before)
	if err != nil {
		return nil, err
	}
	here := place{kind: top} // nothing is shown by a denial
	if old, err := d.examine(before); err == nil {
		here = place{old.mask, old.mask.allow, top}
		_ = d.received(sent, old, here) // another type is the handler's to refuse
	}
	k := keeper{}
	merged := k.object(tree, sent, here)
	if k.err != nil {
		return nil, k.err
	}
	return encoded(merged)
}

// keeper puts what was hidden back where the copy has nothing.
type keeper struct{ merger }

func (k *keeper) object(before, sent map[string]any, here place) map[string]any {
	out := maps.Clone(sent)
	for key, v := range before {
		inside, _ := here.inside(key, v)
		p := unseen(v)
		if inside.open || inside.node != nil {
			p = split(v, inside)
		}
		copied, there := sent[key]
		switch {
		case !p.isHidden:
		case there:
			out[key] = k.value(v, copied, inside)
		default:
			out[key] = p.hidden
		}
	}
	return out
}

func (k *keeper) value(before, sent any, here place) any {
	switch b := before.(type) {
	case map[string]any:
		if s, ok := sent.(map[string]any); ok {
			return k.object(b, s, here)
		}
	case []any:
		if s, ok := sent.([]any); ok {
			return k.items(b, s, here)
		}
	}
	return sent
}

// items keeps the hidden parts of a list: where the copy has only what was
// shown, as a merge does; else of the items that are, as far as they go, what
// stood in their place.
func (k *keeper) items(before, sent []any, here place) any {
	if len(sent) == 0 || !split(sent, here).isHidden {
		return k.merger.list(before, sent, here, "")
	}
	out := slices.Clone(sent)
	for i := range out {
		if len(sent) == len(before) && within(out[i], before[i]) {
			out[i] = before[i]
		}
	}
	return out
}

// within reports whether a value is another one of which something was left
// out.
func within(part, whole any) bool {
	switch p := part.(type) {
	case map[string]any:
		w, ok := whole.(map[string]any)
		for key, v := range p {
			inner, there := w[key]
			ok = ok && there && within(v, inner)
		}
		return ok
	case []any:
		w, ok := whole.([]any)
		ok = ok && len(p) == len(w)
		for i := range p {
			ok = ok && within(p[i], w[i])
		}
		return ok
	}
	return equal(part, whole)
}
