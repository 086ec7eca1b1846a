package keyset

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// associatedData is that of an encrypted keyset, in the style of crypto's. Of
// format 1: version 1, purpose 4, tenant with its length, created in Unix
// seconds. Of format 2: version 2, the same, the terms if the file says any
// (each 4 bytes, in seconds), and the SHA-256 of the facts of its keys, so that
// it stays short enough for any key management service and its log still shows
// the tenant.
func (f *file) associatedData() []byte {
	out := []byte{0x01, 0x04}
	if f.Format == format2 {
		out[0] = 0x02
	}
	out = binary.BigEndian.AppendUint16(out, uint16(len(f.Tenant)))
	out = append(out, f.Tenant...)
	out = appendTime(out, f.Created)
	if f.Format == format2 {
		if f.Refresh != 0 {
			out = binary.BigEndian.AppendUint32(out, uint32(f.Refresh))
			out = binary.BigEndian.AppendUint32(out, uint32(f.Outage))
		}
		sum := f.sumKeys()
		out = append(out, sum[:]...)
	}
	return out
}

// sumKeys is the SHA-256 of the facts of all keys: fixed lengths, in order.
func (f *file) sumKeys() [sha256.Size]byte {
	out := binary.BigEndian.AppendUint32(nil, f.Primary)
	for _, k := range f.Keys {
		out = binary.BigEndian.AppendUint32(out, k.ID)
		out = append(out, k.State.code())
		for _, at := range []time.Time{k.Created, k.Active, k.Retired, k.Disabled, k.Destroyed} {
			out = appendTime(out, at)
		}
	}
	return sha256.Sum256(out)
}

func appendTime(out []byte, at time.Time) []byte {
	return binary.BigEndian.AppendUint64(out, uint64(at.Unix()))
}

// now returns the time as a file holds it.
func now() time.Time { return time.Now().UTC().Truncate(time.Second) }
