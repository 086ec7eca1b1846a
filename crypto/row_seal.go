package crypto

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"reflect"
	"unsafe"
)

var errRowSize = errors.New("crypto: row: values are longer than 16 MiB")

// Seal seals all fields of v for the place ref, of which Column names the row
// as a whole. Its errors are those of [Sealer.AppendSeal], and one for a value
// that would not come back the same (see [Seal]).
//
// A v that [Rows.Open] filled in part would lose the rest: use [Rows.Update].
func (r *Rows[S]) Seal(ctx context.Context, v *S, ref Ref) (SealedRow, error) {
	sealed, err := r.AppendSeal(ctx, nil, v, ref)
	return SealedRow{sealed}, err
}

// AppendSeal is [Rows.Seal] into dst, which it returns extended by the
// ciphertext. It allocates nothing where dst has room, the key is ready, and
// no field needs encoding/json; otherwise once, for the result.
func (r *Rows[S]) AppendSeal(ctx context.Context, dst []byte, v *S, ref Ref) ([]byte, error) {
	if err := ref.validate(); err != nil {
		return nil, err
	}
	row, err := r.target(v)
	if err != nil {
		return nil, err
	}
	return r.rows.seal(ctx, dst, row, &ref, nil, SealedRow{})
}

// Update returns row with those groups sealed anew from v of which the mask
// permits every field. The others stay as they are, unread, or are moved to
// the key that seals now. It serves a caller who may see a part of a row, and
// a v that [Rows.Open] filled with the same mask. Groups that row does not hold
// are added if they are permitted.
//
// It returns [ErrSchema] where a value would be lost or kept twice because
// fields have changed groups, and otherwise the errors of [Rows.Seal] and
// [Rows.Open]. Opening nothing for the caller, it notes nothing.
func (r *Rows[S]) Update(ctx context.Context, row SealedRow, v *S, ref Ref, mask Mask) (SealedRow, error) {
	target, err := r.target(v)
	if err != nil {
		return SealedRow{}, err
	}
	return r.rows.update(ctx, row, target, &ref, mask)
}

func (r *rows) update(ctx context.Context, row SealedRow, v reflect.Value, ref *Ref, mask Mask) (SealedRow, error) {
	if err := ref.validate(); err != nil {
		return SealedRow{}, err
	}
	if mask == nil {
		return SealedRow{}, errNoMask
	}
	renewed := make([]bool, len(r.groups))
	for i := range r.groups {
		renewed[i] = r.permitted(mask, r.groups[i].plan)
	}
	if err := row.items(func(item rowItem) error { return r.updatable(item, renewed) }); err != nil {
		return SealedRow{}, err
	}
	sealed, err := r.seal(ctx, nil, v, ref, renewed, row)
	return SealedRow{sealed}, err
}

// updatable refuses a stored group of which a value would be lost, or would
// stand in two groups.
func (r *rows) updatable(item rowItem, renewed []bool) error {
	plan, err := r.plan(item)
	if err != nil {
		return err
	}
	at := r.groupAt(string(item.name))
	for _, i := range plan {
		if i == gone || r.fields[i].group == string(item.name) {
			continue
		}
		// Both groups must be sealed anew, or the one that the value leaves
		// must be gone.
		if to := r.groupAt(r.fields[i].group); !renewed[to] || at >= 0 && !renewed[at] {
			return schemaError(r.fields[i].name, "has changed groups; seal the whole row")
		}
	}
	return nil
}

// seal seals the groups that are to be renewed, all if renewed is nil, and
// takes the others from old.
func (r *rows) seal(ctx context.Context, dst []byte, v reflect.Value, ref *Ref, renewed []bool, old SealedRow) ([]byte, error) {
	key, err := r.sealer.bindSeal(ctx, rowForm, ref, uint64(len(r.groups)))
	if err != nil {
		return nil, err
	}
	w := rowWriter{sealer: r.sealer, key: key, ref: *ref, aad: r.sealer.scratch.Get().(*[]byte)}
	defer r.sealer.scratch.Put(w.aad)
	w.place()
	plain := r.buffers.Get().(*[]byte)
	defer r.release(plain)
	if *plain, err = r.encode(*plain, v, renewed); err != nil {
		return nil, err
	}
	w.dst = append(room(dst, nil, r.size(len(*plain), len(old.sealed))), key.head()...)
	rest := *plain
	for i := range r.groups {
		g := &r.groups[i]
		if renewed != nil && !renewed[i] {
			if err := w.keep(ctx, old, g.name); err != nil {
				return nil, err
			}
			continue
		}
		n := binary.BigEndian.Uint32(rest)
		w.add(g.name, g.schema, rest[groupSize:groupSize+n])
		rest = rest[groupSize+n:]
	}
	return w.dst, nil
}

// groupSize is the length in front of each group while it is plaintext.
const groupSize = 4

// encode appends the values of each group that is to be renewed, with their
// length in front.
func (r *rows) encode(dst []byte, row reflect.Value, renewed []bool) ([]byte, error) {
	base := row.Addr().UnsafePointer()
	for i := range r.groups {
		if renewed != nil && !renewed[i] {
			continue
		}
		start := len(dst)
		dst = append(extend(dst, groupSize), 0, 0, 0, 0)
		for j := r.groups[i].first; j < r.groups[i].last; j++ {
			var err error
			if f := &r.fields[j]; f.text {
				dst = appendText(dst, *(*string)(unsafe.Add(base, f.offset)))
			} else if dst, err = f.append(dst, row); err != nil {
				return dst, err
			}
			if len(dst) > MaxPlaintext {
				return dst, errRowSize
			}
		}
		binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-groupSize))
	}
	return dst, nil
}

// size bounds the sealed row from above.
func (rt *rowType) size(plain, old int) int {
	n := subjectPrefix + plain + old
	for i := range rt.groups {
		g := &rt.groups[i]
		n += itemOverhead + len(g.name) + len(g.schema)
	}
	return n
}

// A rowWriter seals groups under one key.
type rowWriter struct {
	sealer *Sealer
	key    bound
	ref    Ref
	aad    *[]byte // the place, then the group
	fixed  int     // length of the place
	dst    []byte
}

func (w *rowWriter) place() {
	*w.aad = w.key.appendPlace((*w.aad)[:0], &w.ref)
	w.fixed = len(*w.aad)
}

// group returns the associated data of a group.
func (w *rowWriter) group(name string, schema []byte) []byte {
	*w.aad = appendSchema(appendPart((*w.aad)[:w.fixed], name), schema)
	return *w.aad
}

// add seals one group.
func (w *rowWriter) add(name string, schema []byte, plain []byte) {
	w.dst = appendItem(w.dst, name, schema, nonceSize+len(plain)+tagSize)
	w.dst = w.key.aead.Seal(w.dst, nil, plain, w.group(name, schema))
}

// keep takes a group of old as it is, or seals it again if that is under
// another key.
func (w *rowWriter) keep(ctx context.Context, old SealedRow, name string) error {
	item, ok := old.item(name)
	if !ok {
		return nil
	}
	if bytes.HasPrefix(old.sealed, w.key.head()) {
		w.dst = appendItem(w.dst, name, item.schema, len(item.sealed))
		w.dst = append(w.dst, item.sealed...)
		return nil
	}
	from, err := w.sealer.bindOpen(ctx, rowForm, old.sealed, &w.ref)
	if err != nil {
		return err
	}
	return w.move(&from, item, &w.ref)
}

// move seals again what was sealed for a place under another key.
func (w *rowWriter) move(from *bound, item rowItem, place *Ref) error {
	plain, err := from.openItem(item, place)
	if err != nil {
		return err
	}
	w.add(string(item.name), item.schema, plain)
	clear(plain)
	return nil
}

// openItem opens a group of a row at place. The caller clears it.
func (b *bound) openItem(item rowItem, place *Ref) ([]byte, error) {
	aad := b.appendPlace(nil, place)
	aad = appendSchema(appendPart(aad, string(item.name)), item.schema)
	plain, err := b.aead.Open(nil, nil, item.sealed, aad)
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}
