package query

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/query/internal/index"
	"github.com/safeguard-sdk/safeguard/audit/query/internal/token"
)

// The kinds of key in an index.
const (
	keyPatient = 'p'
	keyActor   = 'a'
	keyEntry   = 'e'
	keyType    = 't'
	keyOpaque  = 'x' // what cannot be read
)

// keysOf returns the keys of a record that was read, false for one that could
// not be.
func keysOf(dst []index.Key, scratch *[]byte, r *token.Record, ok bool) []index.Key {
	if !ok {
		return append(dst, index.KeyOf(scratch, keyOpaque))
	}
	for _, p := range r.Patients {
		dst = append(dst, index.KeyOf(scratch, keyPatient, p))
	}
	for _, id := range [][]byte{r.Actor.ID, r.Actor.OnBehalfOf} {
		if len(id) > 0 {
			dst = append(dst, index.KeyOf(scratch, keyActor, r.Actor.Tenant, id))
		}
	}
	if len(r.Entry) > 0 {
		dst = append(dst, index.KeyOf(scratch, keyEntry, r.Entry))
	}
	return append(dst, index.KeyOf(scratch, keyType, r.Type))
}

// timeOf returns the time of a record as an index keeps it.
func timeOf(r *token.Record, ok bool) int64 {
	if !ok {
		return index.NoTime
	}
	t, err := time.Parse(time.RFC3339Nano, string(r.Time))
	if err != nil {
		return index.NoTime
	}
	return nanoseconds(t)
}

// nanoseconds is t.UnixNano, or NoTime where that has no room for t.
func nanoseconds(t time.Time) int64 {
	const second = int64(time.Second)
	if s := t.Unix(); s <= math.MinInt64/second || s >= math.MaxInt64/second {
		return index.NoTime
	}
	return t.UnixNano()
}

// A matcher is a question as it is compared with records.
type matcher struct {
	kind     Kind
	tenant   string
	tokens   []string
	actor    string
	types    []string
	from, to int64 // to is the first nanosecond behind
	keys     []index.Key
	needles  [][]byte            // one of them stands in every record that matches and has no escapes
	entries  map[string]*request // instead of all else: the requests that are looked for
}

// newMatcher prepares a question of one tenant. tokens are those of its
// patient.
func newMatcher(q *Question, tenant string, tokens []string) *matcher {
	m := &matcher{
		kind: q.Kind, tenant: tenant, tokens: tokens, actor: q.Actor, types: q.Types,
		from: math.MinInt64, to: math.MaxInt64,
	}
	if t := nanoseconds(q.From); !q.From.IsZero() && t != index.NoTime {
		m.from = t
	}
	if t := nanoseconds(q.To); !q.To.IsZero() && t != index.NoTime {
		m.to = t
	}
	var scratch []byte
	switch q.Kind {
	case AskWhoSaw:
		for _, t := range tokens {
			m.keys = append(m.keys, index.KeyOf(&scratch, keyPatient, []byte(t)))
			m.needles = append(m.needles, needle(t))
		}
	case AskOfType:
		for _, t := range q.Types {
			m.keys = append(m.keys, index.KeyOf(&scratch, keyType, []byte(t)))
			m.needles = append(m.needles, []byte(t))
		}
	default:
		m.keys = append(m.keys, index.KeyOf(&scratch, keyActor, []byte(tenant), []byte(q.Actor)))
		m.needles = append(m.needles, []byte(q.Actor))
	}
	m.keys = append(m.keys, index.KeyOf(&scratch, keyOpaque))
	return m
}

// may reports whether a record can match, without reading it: what is looked
// for stands in it as it is, or it has an escape, behind which it can hide.
func (m *matcher) may(record []byte) bool {
	if m.entries != nil {
		return m.mayEnd(record)
	}
	for _, n := range m.needles {
		if bytes.Contains(record, n) {
			return true
		}
	}
	return bytes.IndexByte(record, '\\') >= 0
}

// needle returns the part of a token that is fastest to look for: from its first
// letter on that is rare in records, so long as enough of it remains.
func needle(t string) []byte {
	i := strings.IndexAny(t, "ABCDEFGHIJKLMNOPQRSUVWXY")
	if i < 0 || len(t)-i < 20 {
		i = 0
	}
	return []byte(t[i:])
}

// entryMember is how package audit writes the entry of a request.
var entryMember = []byte(`"entry":"`)

// mayEnd reports whether a record can belong to one of the requests. Only
// package audit writes records of requests, and only in this spelling.
func (m *matcher) mayEnd(record []byte) bool {
	for {
		i := bytes.Index(record, entryMember)
		if i < 0 {
			return false
		}
		record = record[i+len(entryMember):]
		if end := bytes.IndexByte(record, '"'); end >= 0 && m.entries[string(record[:end])] != nil {
			return true
		}
	}
}

// within reports whether a time is asked for. A record without one is, always.
func (m *matcher) within(t int64) bool {
	return t == index.NoTime || t >= m.from && t < m.to
}

// match compares a record with the question.
func (m *matcher) match(r *token.Record) bool {
	if m.entries != nil {
		return m.entries[string(r.Entry)] != nil
	}
	if len(m.types) > 0 && !slices.Contains(m.types, string(r.Type)) {
		return false
	}
	if !m.within(timeOf(r, true)) {
		return false
	}
	// A record that names an actor is one of the actor's tenant. One that names
	// nobody is of the tenant whose patient it names, since a token is of one
	// tenant only, and else of none.
	nobody := len(r.Actor.ID) == 0 && len(r.Actor.Tenant) == 0
	if string(r.Actor.Tenant) != m.tenant && !(nobody && m.kind == AskWhoSaw) {
		return false
	}
	switch m.kind {
	case AskWhoSaw:
		return slices.ContainsFunc(r.Patients, m.asked)
	case AskOfType:
		return true
	}
	return string(r.Actor.ID) == m.actor || string(r.Actor.OnBehalfOf) == m.actor
}

// asked reports whether a token is one that is looked for.
func (m *matcher) asked(t []byte) bool {
	return slices.ContainsFunc(m.tokens, func(s string) bool { return s == string(t) })
}
