package review

import (
	"crypto/sha256"
	"fmt"
	"slices"
)

// A Verdict is what a reviewer found of an item.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type Verdict string

// The verdicts.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
const (
	Appropriate   Verdict = "appropriate"
	Inappropriate Verdict = "inappropriate"
	// Unclear says that somebody must look further.
	Unclear Verdict = "unclear"
)

// A Judgement is the verdict on one item. Code names the reason in the
// organisation's own list, for instance "care-team" or "case-opened": 1 to 32
// of a-z, 0-9, '.' and '-', never free text, in which PHI would end up.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type Judgement struct {
	Index   uint64  `json:"index"`
	Verdict Verdict `json:"verdict"`
	Code    string  `json:"code"`
}

func (j Judgement) valid() bool {
	return (j.Verdict == Appropriate || j.Verdict == Inappropriate || j.Verdict == Unclear) && code(j.Code)
}

// ordered returns judgements by index. It refuses one that is not in order and
// two of one item.
func ordered(list []Judgement) ([]Judgement, error) {
	if len(list) > maxItems {
		return nil, ErrTooMany
	}
	out := slices.Clone(list)
	slices.SortFunc(out, func(a, b Judgement) int { return byIndex(Item{Index: a.Index}, Item{Index: b.Index}) })
	for i, j := range out {
		if !j.valid() || i > 0 && out[i-1].Index == j.Index {
			return nil, fmt.Errorf("%w: record %d", ErrJudgement, j.Index)
		}
	}
	return out, nil
}

// judged reports whether the judgements, in order, are those of all items and
// of nothing else.
func (r *Round) judged(list []Judgement) error {
	for i, item := range r.Items {
		if i >= len(list) || list[i].Index != item.Index {
			return fmt.Errorf("%w: record %d", ErrJudgement, item.Index)
		}
	}
	if len(list) > len(r.Items) {
		return fmt.Errorf("%w: one of no item", ErrJudgement)
	}
	return nil
}

// own reports whether somebody acted in an item.
func (r *Round) own(tenant, person string) bool {
	return slices.ContainsFunc(r.Items, func(i Item) bool { return i.concerns(tenant, person) })
}

// digestOf is SHA-256 over the judgements in their canonical form.
func digestOf(list []Judgement) [32]byte {
	h := sha256.New()
	for _, j := range list {
		fmt.Fprintf(h, "%d %s %s\n", j.Index, j.Verdict, j.Code)
	}
	return [32]byte(h.Sum(nil))
}

// count returns how many judgements have a verdict.
func count(list []Judgement, v Verdict) (n int) {
	for _, j := range list {
		if j.Verdict == v {
			n++
		}
	}
	return n
}
