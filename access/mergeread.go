package access

import (
	"errors"
	"slices"
)

// MergeRead is [Decision.Merge] for a caller who was shown more than it may
// write, as whoever reads a chart and keeps only its addresses: read is the
// decision by which the caller reads. The copy may hold what read shows as it
// is; it is stored as it was, and only what d shows is changed.
//
// The fourth law: each member of the copy that holds something which may not be
// written is what read shows of that member in the result. So such a member comes
// back whole, numbers as they were written, or not at all: one that is missing
// stays. Items of a list of which only parts may be written can be changed, and
// new ones put behind them, but none can be taken. What neither decision shows is
// refused, whatever its value; so is everything else that read would have had to
// show and does not, for the labels of the resource or because it denies. What d
// shows and read does not is deleted where the copy lacks it, as by Merge: let
// whoever changes a field read it.
//
// Controls: HIPAA 164.312(a)(1), 164.312(c)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func (d Decision) MergeRead(read Decision, before, after []byte) ([]byte, error) {
	old, err := read.examine(before)
	if err != nil { // nothing may be read, and Merge says what is wrong
		return d.Merge(before, after)
	}
	return d.merge(&reading{read, old}, before, after)
}

// The actions that MergeJSON knows, by the names that FHIR has for them.
const (
	actionRead   = "read"   // tells what the caller was shown
	actionCreate = "create" // needs nothing that is stored
)

// mergeShown merges a copy of the caller of a request. By what it may read is
// found out only where that matters.
func (c *call) mergeShown(before, after []byte) ([]byte, error) {
	if len(before) == 0 && c.request.Action != actionCreate {
		return nil, &WriteError{c.request.Resource, "nothing is stored, and the action is not create"}
	}
	merged, err := c.decision.Merge(before, after)
	if !errors.Is(err, ErrWrite) || c.request.Action == actionRead {
		return merged, err
	}
	reads := c.request
	reads.Action = actionRead
	read, code := c.route.guard.decideFree(c.flight.ctx, reads)
	if code != codeAllowed {
		return nil, err
	}
	return c.decision.MergeRead(read, before, after)
}

// reading is what the caller of a write may read of the resource.
type reading struct {
	decision Decision
	old      written
}

// shows returns what may be read of the stored resource, nothing for nil.
func (r *reading) shows() map[string]any {
	if r == nil {
		return nil
	}
	shown, _ := r.old.parts.shown.(map[string]any)
	return shown
}

// confirms reports whether each member of a copy that holds something of kept,
// which may not be written, is what may be read of it in the result.
func (r *reading) confirms(result []byte, sent, kept map[string]any) bool {
	now, err := r.decision.examine(result)
	if err != nil || now.mask != r.old.mask { // by other labels another may be read
		return false
	}
	shown, _ := now.parts.shown.(map[string]any)
	for key, part := range kept {
		if !bare(part) && !equal(sent[key], shown[key]) {
			return false
		}
	}
	return true
}

// unlabel takes the label REDACTED out of a copy, and what was only there to
// hold it, unless it stands in what was shown of the resource itself.
func unlabel(sent map[string]any, shown ...map[string]any) {
	meta, _ := sent["meta"].(map[string]any)
	var stood, there, wasThere bool // the label, the list, the meta
	for _, was := range shown {
		m, isThere := was["meta"].(map[string]any)
		_, hasList := m["security"]
		stood, there, wasThere = stood || hasRedacted(m["security"]), there || hasList, wasThere || isThere
	}
	if !hasRedacted(meta["security"]) || stood {
		return
	}
	list := slices.DeleteFunc(meta["security"].([]any), isRedacted)
	meta["security"] = list
	if len(list) == 0 && !there {
		delete(meta, "security")
	}
	if len(meta) == 0 && !wasThere {
		delete(sent, "meta")
	}
}
