package audit

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// A payload is the data of a record.
type payload interface {
	append(dst []byte) []byte
}

// render makes one record of the log.
func (r *Recorder) render(id, subject, kind string, now time.Time, data payload) ([]byte, error) {
	b := data.append(make([]byte, 0, 512))
	hipaa, csf := serves(kind)
	e := Event{ID: id, Source: r.source, Type: kind, Subject: subject, Time: now, HIPAAControl: hipaa, NISTCSF: csf, AuthType: "system", Data: b}
	return e.Append(make([]byte, 0, len(b)+512))
}

// newID returns a UUID version 7 (RFC 9562, section 5.7).
func newID(now time.Time) (id [36]byte) {
	var u [16]byte
	rand.Read(u[6:])
	ms := uint64(now.UnixMilli())
	for i := range 6 {
		u[i] = byte(ms >> (40 - 8*i))
	}
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	hex.Encode(id[0:], u[:4])
	hex.Encode(id[9:], u[4:6])
	hex.Encode(id[14:], u[6:8])
	hex.Encode(id[19:], u[8:10])
	hex.Encode(id[24:], u[10:])
	id[8], id[13], id[18], id[23] = '-', '-', '-', '-'
	return id
}
