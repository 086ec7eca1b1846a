package audit

import (
	"context"
	"sync"

	"github.com/safeguard-sdk/safeguard"
)

// An encoder holds the records of one commit while they are rendered. It comes
// from a pool and goes back wiped. A log gets copies, so that nothing from the
// pool is in other hands, whatever a log keeps: the list of them goes back only
// if the log took them, for one that gave up may still be at work with it.
type encoder struct {
	buf     []byte
	starts  []int
	records [][]byte
	lent    bool // records is in the hands of a log

	tokens   []byte // of the record under way, quoted and with commas
	patients int    // how many there are
}

// encoders is a pool and no state of the package: all in it are alike.
var encoders = sync.Pool{New: func() any { return new(encoder) }}

// maxKept bounds the buffer that goes back into the pool, in bytes.
const maxKept = 256 << 10

// begin starts a record and returns it with the frame that it begins with.
func (x *encoder) begin() []byte {
	x.starts = append(x.starts, len(x.buf))
	return append(x.buf, stamped...)
}

// finish takes the record back.
func (x *encoder) finish(o object) { x.buf = o }

// list returns the records, in memory of their own but for the list itself. It
// returns ErrEvent if one is too long, which the bounds of render.go exclude.
func (x *encoder) list() ([][]byte, error) {
	x.records, x.lent = x.records[:0], true
	all := append([]byte(nil), x.buf...)
	for i, from := range x.starts {
		to := len(all)
		if i+1 < len(x.starts) {
			to = x.starts[i+1]
		}
		if to-from > maxRecord {
			return nil, ErrEvent
		}
		x.records = append(x.records, all[from:to:to])
	}
	return x.records, nil
}

// taken says that the log took the records, or nobody got them.
func (x *encoder) taken(err error) error {
	x.lent = err != nil
	return err
}

// free wipes x and gives it back.
func (x *encoder) free() {
	if cap(x.buf) > maxKept || cap(x.tokens) > maxKept {
		return
	}
	clear(x.buf)
	clear(x.tokens)
	if x.lent {
		x.records, x.lent = nil, false
	}
	clear(x.records)
	x.buf, x.starts, x.records, x.tokens, x.patients = x.buf[:0], x.starts[:0], x.records[:0], x.tokens[:0], 0
	encoders.Put(x)
}

// tokenize makes the tokens of the patients in chunk.
func (x *encoder) tokenize(ctx context.Context, r *Recorder, tenant string, chunk []note) error {
	clear(x.tokens)
	x.tokens, x.patients = x.tokens[:0], 0
	for i := range chunk {
		if chunk[i].kind != patientNote {
			continue
		}
		if x.patients++; x.patients > 1 {
			x.tokens = append(x.tokens, ',')
		}
		if err := x.token(ctx, r, tenant, chunk[i].patient); err != nil {
			return err
		}
	}
	return nil
}

// token appends one.
func (x *encoder) token(ctx context.Context, r *Recorder, tenant string, p safeguard.Patient) error {
	if r.keys != nil {
		x.tokens = append(r.keys.keys[0].patient(append(x.tokens, '"'), tenant, p), '"')
		return nil
	}
	token, err := r.tokens.Patient(ctx, tenant, p)
	if err == nil && (token == "" || len(token) > maxToken || !text(token)) {
		err = errTokens
	}
	if err != nil {
		return &tokenError{err}
	}
	x.tokens = appendString(x.tokens, token)
	return nil
}

// putActor puts p as an Actor.
func putActor(o object, p *safeguard.Principal) object {
	o = append(appendText(append(o, `{"id":"`...), p.ID), '"')
	o = o.member(`,"kind":"`, p.Kind.String()).member(`,"tenant":"`, p.Tenant).member(`,"method":"`, p.Method)
	return o.member(`,"session":"`, p.Session).member(`,"onbehalfof":"`, p.OnBehalfOf).end()
}

// authType returns the attribute authtype of p.
func authType(p *safeguard.Principal) string {
	if p.Kind == safeguard.Service {
		return "service_account"
	}
	return "user"
}

// authID returns the attribute authid of p, empty if its ID may not stand in
// an attribute.
func authID(p *safeguard.Principal) string {
	if !text(p.ID) {
		return ""
	}
	return p.ID
}

// purposeCode returns p if it is a code of the value set.
func purposeCode(p safeguard.Purpose) string {
	if p.Valid() {
		return string(p)
	}
	return ""
}

// outcomeOf returns the attribute outcome of an access record.
func outcomeOf(kind string) string {
	switch kind {
	case TypeDenied:
		return "denied"
	case TypeIntent:
		return "intended"
	}
	return "allowed"
}
