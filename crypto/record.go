package crypto

import (
	"encoding/binary"
	"errors"
)

// A record of the store holds one subject's keys, each wrapped under the
// tenant's keyset:
//
//	0x01 | count (1) | count × ( version (4) | created (8) | n (2) | wrapped (n) )
//
// all big-endian, versions ascending from 1 or more, created in Unix seconds.
// Tenant, name, version and created are in the associated data of wrapped.
type wrappedKey struct {
	version uint32
	created int64
	wrapped []byte
}

const (
	recordVersion = 0x01
	recordHead    = 2
	recordItem    = 14
	// maxRecord bounds a record that is read, in bytes.
	maxRecord = 64 << 10
)

var errRecord = errors.New("crypto: subject key: record is malformed")

func encodeRecord(keys []wrappedKey) []byte {
	out := []byte{recordVersion, byte(len(keys))}
	for _, k := range keys {
		out = binary.BigEndian.AppendUint32(out, k.version)
		out = binary.BigEndian.AppendUint64(out, uint64(k.created))
		out = binary.BigEndian.AppendUint16(out, uint16(len(k.wrapped)))
		out = append(out, k.wrapped...)
	}
	return out
}

// parseRecord accepts what encodeRecord writes and nothing else.
func parseRecord(b []byte) ([]wrappedKey, error) {
	if len(b) < recordHead || len(b) > maxRecord || b[0] != recordVersion || b[1] == 0 {
		return nil, errRecord
	}
	count, b := int(b[1]), b[recordHead:]
	keys := make([]wrappedKey, 0, count)
	var last uint32
	for range count {
		if len(b) < recordItem {
			return nil, errRecord
		}
		k := wrappedKey{
			version: binary.BigEndian.Uint32(b),
			created: int64(binary.BigEndian.Uint64(b[4:])),
		}
		n := int(binary.BigEndian.Uint16(b[12:]))
		b = b[recordItem:]
		if n == 0 || n > len(b) || k.version <= last {
			return nil, errRecord
		}
		k.wrapped, b, last = b[:n], b[n:], k.version
		keys = append(keys, k)
	}
	if len(b) != 0 {
		return nil, errRecord
	}
	return keys, nil
}

// wrapAAD is the associated data of a wrapped key.
func wrapAAD(purpose byte, tenant, name string, version uint32, created int64) []byte {
	aad := []byte{aadVersion, purpose}
	aad = appendPart(aad, tenant)
	aad = appendPart(aad, name)
	aad = binary.BigEndian.AppendUint32(aad, version)
	return binary.BigEndian.AppendUint64(aad, uint64(created))
}
