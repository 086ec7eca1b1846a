// Package record is the encoding of what a store of subject keys holds under a
// name, except for the counts of tenant keys.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
package record

import (
	"encoding/binary"
	"errors"
	"time"
)

// A Record holds the wrapped keys of one subject, or of one root key of a
// tenant, and what was decreed about them. It is encoded as
//
//	0x02 | flags (1) | count (1) | count × key
//	key: version (4) | created (8) | born (4) | leased (8) | form (1) | n (2) | wrapped (n)
//
// all big-endian, versions ascending from 1 or more, created in Unix seconds.
// Format 1, which Parse reads and nothing writes, is
//
//	0x01 | count (1) | count × ( version (4) | created (8) | n (2) | wrapped (n) )
//
// Version, Created and Born of a key are authenticated by its Wrapped; the
// flags and Leased are not, so they are as good as the store's protection
// against writing.
type Record struct {
	// Held forbids the destruction of the keys (legal hold).
	Held bool
	// Shredding says that the keys are about to be destroyed: nobody uses them.
	Shredding bool
	// Keys are the versions, ascending; the last one seals. A record of format 1
	// has at least one; one of format 2 without any is what a hold leaves of a
	// subject that had none.
	Keys []Key
}

// A Key is one version of a subject's key.
type Key struct {
	Version uint32
	// Created is when the version was made, in whole seconds.
	Created time.Time
	// Born is the id of the tenant key under which the version was made, and
	// the one that the values sealed with it carry. It stays when the version is
	// wrapped anew.
	Born uint32
	// Leased is how many messages have been leased to processes.
	Leased uint64
	// Old says that Wrapped is of format 1, whose associated data does not name
	// Born.
	Old bool
	// Wrapped is the key, sealed under a tenant key.
	Wrapped []byte
}

// Wrapper returns the id of the tenant key that wraps k.
func (k *Key) Wrapper() uint32 {
	if len(k.Wrapped) < 5 {
		return 0
	}
	return binary.BigEndian.Uint32(k.Wrapped[1:])
}

const (
	format1 = 0x01
	format2 = 0x02
	head1   = 2
	item1   = 14
	head2   = 3
	item2   = 27

	flagHeld      = 0x01
	flagShredding = 0x02

	// Max bounds a record, in bytes.
	Max = 64 << 10
	// MaxKeys bounds the keys of a record.
	MaxKeys = 255
	// UnknownLease is what Parse gives as Leased for a key of format 1, which
	// was not counted: half of 2^32, so that a new version takes its place.
	UnknownLease = 1 << 31
)

// ErrMalformed reports what is not a record.
var ErrMalformed = errors.New("crypto: subject key: record is malformed")

// Encode returns the record in format 2. It fails on what Parse would refuse.
func (r *Record) Encode() ([]byte, error) {
	if len(r.Keys) > MaxKeys {
		return nil, ErrMalformed
	}
	out := []byte{format2, r.flags(), byte(len(r.Keys))}
	for _, k := range r.Keys {
		out = k.append(out)
	}
	if _, err := Parse(out); err != nil {
		return nil, err
	}
	return out, nil
}

func (r *Record) flags() byte {
	var f byte
	if r.Held {
		f |= flagHeld
	}
	if r.Shredding {
		f |= flagShredding
	}
	return f
}

func (k *Key) append(out []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, k.Version)
	out = binary.BigEndian.AppendUint64(out, uint64(k.Created.Unix()))
	out = binary.BigEndian.AppendUint32(out, k.Born)
	out = binary.BigEndian.AppendUint64(out, k.Leased)
	form := byte(format2)
	if k.Old {
		form = format1
	}
	out = append(out, form)
	out = binary.BigEndian.AppendUint16(out, uint16(len(k.Wrapped)))
	return append(out, k.Wrapped...)
}

// Parse reads format 1 and format 2, and nothing else: of every record there
// is one encoding of each format. The result shares memory with b.
func Parse(b []byte) (*Record, error) {
	if len(b) < head1 || len(b) > Max {
		return nil, ErrMalformed
	}
	switch b[0] {
	case format1:
		if b[1] == 0 {
			return nil, ErrMalformed
		}
		return parse(&Record{}, b[1], b[head1:], parseKey1)
	case format2:
		if len(b) < head2 || b[1]&^(flagHeld|flagShredding) != 0 {
			return nil, ErrMalformed
		}
		r := &Record{Held: b[1]&flagHeld != 0, Shredding: b[1]&flagShredding != 0}
		return parse(r, b[2], b[head2:], parseKey2)
	}
	return nil, ErrMalformed
}

func parse(r *Record, count byte, b []byte, key func([]byte) (Key, []byte, error)) (*Record, error) {
	var last uint32
	for range count {
		k, rest, err := key(b)
		if err != nil || k.Version <= last {
			return nil, ErrMalformed
		}
		r.Keys = append(r.Keys, k)
		b, last = rest, k.Version
	}
	if len(b) != 0 {
		return nil, ErrMalformed
	}
	return r, nil
}

func parseKey1(b []byte) (Key, []byte, error) {
	if len(b) < item1 {
		return Key{}, nil, ErrMalformed
	}
	k := Key{
		Version: binary.BigEndian.Uint32(b),
		Created: time.Unix(int64(binary.BigEndian.Uint64(b[4:])), 0),
		Leased:  UnknownLease,
		Old:     true,
	}
	rest, err := k.take(b[12:])
	k.Born = k.Wrapper()
	return k, rest, err
}

func parseKey2(b []byte) (Key, []byte, error) {
	if len(b) < item2 || b[24] != format1 && b[24] != format2 {
		return Key{}, nil, ErrMalformed
	}
	k := Key{
		Version: binary.BigEndian.Uint32(b),
		Created: time.Unix(int64(binary.BigEndian.Uint64(b[4:])), 0),
		Born:    binary.BigEndian.Uint32(b[12:]),
		Leased:  binary.BigEndian.Uint64(b[16:]),
		Old:     b[24] == format1,
	}
	rest, err := k.take(b[25:])
	return k, rest, err
}

// take sets Wrapped from its length and what follows, and returns the rest.
func (k *Key) take(b []byte) ([]byte, error) {
	n := int(binary.BigEndian.Uint16(b))
	b = b[2:]
	if n < 5 || n > len(b) {
		return nil, ErrMalformed
	}
	k.Wrapped = b[:n:n]
	return b[n:], nil
}
