package audit

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// Bounds of one record. Whatever the names, a record stays below maxRecord:
// what stands once is cut at maxName or, for a Principal, at 256 bytes that
// have no control characters, which together with its frame is below 24,000
// bytes even if every byte has to be escaped; lists take maxLists bytes at
// most, counted as if every byte of theirs had to be.
const (
	maxPatients = 256
	maxNames    = 100
	maxLists    = 40_000
	maxToken    = 128
	maxQuoted   = 6*maxName + 3
)

// errTokens is why nothing leaves that would need a token of Tokens that fail.
var errTokens = errors.New("audit: tokens: no token")

// A tokenError keeps the cause for Unwrap and out of the text.
type tokenError struct{ cause error }

func (e *tokenError) Error() string   { return errTokens.Error() }
func (e *tokenError) Unwrap() []error { return []error{errTokens, e.cause} }

// A view is what one commit makes durable.
type view struct {
	entry    *Entry
	who      identity
	notes    []note
	decision *Decision
	part     int
	intended bool
	now      time.Time

	denied, exposed, personal bool
	rules, fields, basis      []string // of decision, not yet recorded
	source                    string
}

// exhausted reports whether all of v is in a record.
func (v *view) exhausted() bool { return len(v.notes)+len(v.rules)+len(v.fields)+len(v.basis) == 0 }

// look finds out what kind of access v is.
func (v *view) look() {
	for i := range v.notes {
		n := &v.notes[i]
		v.denied = v.denied || n.kind == deniedNote
		v.exposed = v.exposed || n.exposes()
		v.personal = v.personal || n.kind == patientNote
	}
	if d := v.decision; d != nil {
		v.denied = v.denied || !d.Allowed
		v.rules, v.fields, v.basis = d.Rules, d.Fields, d.Basis
	}
}

// kind returns the type of the records of v.
func (v *view) kind() string {
	switch {
	case v.denied:
		return TypeDenied
	case v.who.disclosure != nil:
		return TypeDisclosed
	case v.exposed || v.personal:
		return accessed(v.who.action)
	}
	return TypeAllowed
}

// records renders everything in v into x, in as many records as it takes.
func (r *Recorder) records(ctx context.Context, x *encoder, v *view) error {
	var err error
	if v.source, err = r.sourceToken(ctx, v.who.address); err != nil {
		return err
	}
	kind, first := v.kind(), v.part
	for {
		if err := r.access(ctx, x, v, kind, first); err != nil {
			return err
		}
		v.part++
		if v.exhausted() {
			return nil
		}
	}
}

// sourceToken returns the token of a client's address.
func (r *Recorder) sourceToken(ctx context.Context, addr string) (string, error) {
	if addr == "" {
		return "", nil
	}
	token, err := r.tokens.Source(ctx, addr)
	if err == nil && (len(token) > maxToken || !text(token)) {
		err = errTokens
	}
	if err != nil {
		return "", &tokenError{err}
	}
	return token, nil
}

// access renders one record with as much of v as fits into it.
func (r *Recorder) access(ctx context.Context, x *encoder, v *view, kind string, first int) error {
	chunk, rules, fields, basis := v.cut()
	if err := x.tokenize(ctx, r, v.who.principal.Tenant, chunk); err != nil {
		return err
	}
	id := v.entry.id[:]
	o := object(x.begin())
	o = append(append(append(o, `"id":"`...), id...), '.')
	if kind == TypeIntent {
		o = append(o, "intent"...)
	} else {
		o = strconv.AppendInt(o, int64(v.part), 10)
	}
	o = append(append(append(o, `","source":`...), r.sourceJSON...), `,"type":"`...)
	o = append(append(o, kind...), `","time":"`...)
	o = append(appendTime(o, v.now), `","datacontenttype":"application/json","subject":"`...)
	o = append(append(o, id...), '"')
	o = r.attributes(o, x, v, kind, first)
	o = append(append(append(o, `,"data":{"entry":"`...), id...), '"')
	o = o.mustInt("part", int64(v.part))
	o = v.context(o)
	if len(x.tokens) > 0 {
		o = append(o, `,"patients":[`...)
		o = append(append(o, x.tokens...), ']')
	}
	if d := v.decision; d != nil {
		inner := begin(o.key("decision")).mustBool("allowed", d.Allowed).str("code", bounded(d.Code))
		inner = putBounded(putBounded(inner, "rules", rules).str("policy", bounded(d.Policy)), "fields", fields)
		o = putBounded(inner, "basis", basis).end()
		if len(v.rules)+len(v.fields)+len(v.basis) == 0 {
			v.decision = nil
		}
	}
	for _, list := range [...]struct {
		kind noteKind
		name string
	}{{deniedNote, "denied"}, {fieldNote, "fields"}, {openedNote, "opened"}, {flagNote, "flags"}} {
		o = putNotes(o, list.name, chunk, list.kind)
	}
	x.finish(append(v.rest(o), "}}"...))
	return nil
}

// cut takes off v what fits into one record.
func (v *view) cut() (chunk []note, rules, fields, basis []string) {
	room := maxLists
	rules, room = cutNames(&v.rules, room)
	fields, room = cutNames(&v.fields, room)
	basis, room = cutNames(&v.basis, room)
	var count [noteKinds]int
	n := 0
	for ; n < len(v.notes) && room >= maxQuoted; n++ {
		kind, limit := v.notes[n].kind, maxNames
		if kind == patientNote {
			limit = maxPatients
		}
		if count[kind]++; count[kind] > limit {
			break
		}
		room -= v.most(&v.notes[n])
	}
	chunk, v.notes = v.notes[:n], v.notes[n:]
	return chunk, rules, fields, basis
}

// most returns how long n may become in a record. A token that is not ours may
// be of characters that are escaped with a backslash.
func (v *view) most(n *note) int {
	if n.kind == patientNote && v.entry.recorder.keys != nil {
		return maxToken + 3
	}
	if n.kind == patientNote {
		return 2*maxToken + 3
	}
	return 6*min(len(n.table)+1+len(n.name), maxName) + 3
}

// cutNames takes names off the front of s for which there is room.
func cutNames(s *[]string, room int) (head []string, left int) {
	n := 0
	for n < len(*s) && n < maxNames && room >= maxQuoted {
		room -= 6*min(len((*s)[n]), maxName) + 3
		n++
	}
	head, *s = (*s)[:n], (*s)[n:]
	return head, room
}

// attributes appends the extensions of an access record.
func (r *Recorder) attributes(o object, x *encoder, v *view, kind string, first int) object {
	o = append(o, controls(kind)...)
	o = o.member(`,"purposeofuse":"`, purposeCode(v.who.purpose))
	if x.patients == 1 && !r.noRef {
		o = append(append(o, `,"patientref":`...), x.tokens...)
	}
	o = o.member(`,"outcome":"`, outcomeOf(kind))
	if v.who.known {
		o = o.member(`,"authtype":"`, authType(&v.who.principal)).member(`,"authid":"`, authID(&v.who.principal))
	} else {
		o = append(o, `,"authtype":"unauthenticated"`...)
	}
	o = o.member(`,"traceparent":"`, v.who.trace)
	if v.part != first {
		o = append(append(append(o, `,"causationid":"`...), v.entry.id[:]...), '.')
		o = append(strconv.AppendInt(o, int64(first), 10), '"')
	} else if v.intended && kind != TypeIntent {
		o = append(append(append(o, `,"causationid":"`...), v.entry.id[:]...), `.intent"`...)
	}
	if x.patients > 0 {
		o = append(o, `,"dataclassification":"restricted","dataregulation":"HIPAA","datacategory":"phi"`...)
	}
	return o.bool("breakglass", v.who.breakGlass)
}

// controls returns what serves says of an access record, as attributes.
func controls(kind string) string {
	switch kind {
	case TypeDenied:
		return `,"hipaacontrol":"164.312(a)(1),164.312(b)","nistcsf":"PR.AA-05,PR.PS-04"`
	case TypeDisclosed:
		return `,"hipaacontrol":"164.312(b),164.528(a)","nistcsf":"PR.PS-04"`
	}
	return `,"hipaacontrol":"164.312(b)","nistcsf":"PR.PS-04"`
}

// context appends who acted, from where, on what and why.
func (v *view) context(o object) object {
	who := &v.who
	if who.known {
		o = putActor(append(o, `,"principal":`...), &who.principal)
	}
	o = o.member(`,"source":"`, v.source).member(`,"method":"`, who.method)
	o = o.member(`,"route":"`, who.route[:min(len(who.route), 2*maxName)]).member(`,"resource":"`, bounded(who.resource))
	return o.member(`,"action":"`, bounded(who.action)).member(`,"purpose":"`, bounded(string(who.purpose)))
}

// rest appends what follows the lists.
func (v *view) rest(o object) object {
	o = o.member(`,"explained":"`, v.who.explained).bool("breakglass", v.who.breakGlass)
	if d := v.who.disclosure; d != nil {
		inner := begin(o.key("disclosure")).must("recipient", bounded(d.Recipient)).must("basis", bounded(d.Basis))
		o = inner.str("purpose", bounded(d.Purpose)).str("what", bounded(d.What)).str("request", bounded(d.Request)).end()
	}
	return o
}

// putBounded puts an array of names, each cut at maxName.
func putBounded(o object, name string, names []string) object {
	if len(names) == 0 {
		return o
	}
	o = append(o.key(name), '[')
	for i, n := range names {
		if i > 0 {
			o = append(o, ',')
		}
		o = appendString(o, bounded(n))
	}
	return append(o, ']')
}

// putNotes puts an array of the names of one kind.
func putNotes(o object, name string, chunk []note, kind noteKind) object {
	none := true
	for i := range chunk {
		if chunk[i].kind != kind {
			continue
		}
		if none {
			o = append(o.key(name), '[')
			none = false
		} else {
			o = append(o, ',')
		}
		o = chunk[i].append(o)
	}
	if none {
		return o
	}
	return append(o, ']')
}

// append appends the name of n as a JSON string, cut at maxName.
func (n *note) append(o object) object {
	o = append(o, '"')
	room := maxName
	if n.kind == openedNote {
		table := bounded(n.table)
		o = appendText(o, table)
		room -= len(table)
		if room > 0 {
			o = append(o, '.')
			room--
		}
	}
	return append(appendText(o, n.name[:min(len(n.name), room)]), '"')
}
