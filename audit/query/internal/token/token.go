// Package token reads from a record what one can ask for: its type and times,
// who acted, on whose records, in which request.
//
// [Reader.Read] goes once over the bytes of a record as package audit writes
// it, checks that they are JSON, and copies nothing. A record in any other
// spelling of JSON is read with encoding/json instead, and both agree.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
package token

// A Record is what was read of one record. Absent values are empty. The slices
// are valid until the next Read of the same Reader, and as long as the record.
type Record struct {
	Type     []byte
	Time     []byte // as RFC 3339 text
	Recorded []byte // as RFC 3339 text
	Entry    []byte
	Patients [][]byte
	Actor    Actor
}

// An Actor is who acted. The zero value is nobody.
type Actor struct {
	ID, Kind, Tenant, OnBehalfOf []byte
}

// A Reader reads one record after the other. It is for one goroutine; the zero
// value is ready for use.
type Reader struct {
	Record
	seen uint32
	data []byte // of the walk
	at   int
}

// The members that are read, as bits of Reader.seen: each may stand once.
const (
	seenType = 1 << iota
	seenTime
	seenRecorded
	seenData
	seenEntry
	seenPatients
	seenActor
	seenID
	seenKind
	seenTenant
	seenBehalf
)

// Read reads a record and reports whether it could: false for what is no JSON
// object, has a member twice that is read here, or of another kind than package
// audit writes. What is inside such a record must not be taken for absent.
func (r *Reader) Read(record []byte) bool {
	if r.walk(record) {
		return true
	}
	return r.decode(record)
}

// reset forgets the last record.
func (r *Reader) reset() {
	r.Record = Record{Patients: r.Patients[:0]}
	r.seen = 0
}
