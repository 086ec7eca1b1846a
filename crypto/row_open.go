package crypto

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/safeguard-sdk/safeguard/audit"
)

var errNoMask = errors.New("crypto: row: no mask; UnsafeAllFields permits everything")

// A RowReport lists the fields that an opening left zero, in the order of
// their groups and names. Both lists are nil where everything was opened.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1), 164.312(c)(1); NIST CSF 2.0 PR.AA-05, PR.DS-01.
type RowReport struct {
	// Withheld are stored, in a group of which the mask does not permit every
	// field.
	Withheld []string
	// Absent are not stored: added to the type since, or in a group that the
	// row does not hold.
	Absent []string
}

// Open opens those groups of a row, sealed for the place ref, of which the
// mask permits every field that is stored in them, and sets their fields of
// dst. All other sealed fields of dst it sets to zero and reports; fields
// tagged "-" it leaves alone. A group that is not permitted is not decrypted. parts
// is the row, whole or as groups from several columns; null parts are left out.
//
// Each opened field is noted in the [audit.Entry] of ctx by its name, before
// it is set. After an error no sealed field is set, and nothing was opened for
// the caller: [ErrOpen], [ErrNull] if all parts are null, [ErrSchema], and
// otherwise the errors of [Sealer.AppendOpen].
func (r *Rows[S]) Open(ctx context.Context, dst *S, ref Ref, mask Mask, parts ...SealedRow) (RowReport, error) {
	row, err := r.target(dst)
	if err != nil {
		return RowReport{}, err
	}
	return r.rows.open(ctx, row, &ref, mask, parts)
}

func (r *rows) open(ctx context.Context, dst reflect.Value, ref *Ref, mask Mask, parts []SealedRow) (RowReport, error) {
	r.zero(dst)
	if mask == nil {
		return RowReport{}, errNoMask
	}
	entry, err := r.sealer.admit(ctx, ref)
	if err != nil {
		return RowReport{}, err
	}
	o := rowOpening{rows: r, row: dst, ref: *ref, mask: mask, entry: entry}
	if err := o.run(ctx, parts); err != nil {
		r.zero(dst)
		r.sealer.stats.refused.Add(1)
		return RowReport{}, err
	}
	r.sealer.stats.opened.Add(uint64(o.opened))
	return o.report(), nil
}

func (rt *rowType) zero(row reflect.Value) {
	for i := range rt.fields {
		rt.fields[i].at(row).SetZero()
	}
}

// permitted reports whether the mask permits all fields of a plan.
func (rt *rowType) permitted(mask Mask, plan []int) bool {
	for _, i := range plan {
		if i != gone && !mask.Permits(rt.fields[i].name) {
			return false
		}
	}
	return true
}

// A rowOpening is one call of Open.
type rowOpening struct {
	*rows
	row        reflect.Value
	ref        Ref
	mask       Mask
	entry      *audit.Entry
	plain, aad *[]byte

	stored, set rowSet
	opened      int
}

func (o *rowOpening) run(ctx context.Context, parts []SealedRow) error {
	o.plain, o.aad = o.buffers.Get().(*[]byte), o.sealer.scratch.Get().(*[]byte)
	defer o.release(o.plain)
	defer o.sealer.scratch.Put(o.aad)
	null := true
	for _, part := range parts {
		if part.IsNull() {
			continue
		}
		null = false
		if err := o.part(ctx, part); err != nil {
			return err
		}
	}
	if null {
		return ErrNull
	}
	return nil
}

// part opens the groups of one part.
func (o *rowOpening) part(ctx context.Context, part SealedRow) error {
	var key bound // found when the first group is opened
	fixed := 0
	return part.items(func(item rowItem) error {
		plan, err := o.plan(item)
		if err != nil {
			return err
		}
		if err := o.store(plan); err != nil {
			return err
		}
		if !o.permitted(o.mask, plan) {
			return nil
		}
		if key.aead == nil {
			if key, err = o.sealer.bindOpen(ctx, rowForm, part.sealed, &o.ref); err != nil {
				return err
			}
			*o.aad = key.appendPlace((*o.aad)[:0], &o.ref)
			fixed = len(*o.aad)
		}
		*o.aad = appendSchema(appendPart((*o.aad)[:fixed], string(item.name)), item.schema)
		*o.plain = extend((*o.plain)[:0], len(item.sealed))
		plain, err := key.aead.Open(*o.plain, nil, item.sealed, *o.aad)
		if err != nil {
			return ErrOpen
		}
		*o.plain = plain
		return o.take(plan)
	})
}

// store notes what is stored; no field may be twice.
func (o *rowOpening) store(plan []int) error {
	for _, i := range plan {
		if i != gone && !o.stored.add(i) {
			return schemaError(o.fields[i].name, "is stored twice")
		}
	}
	return nil
}

// take notes the fields of an opened group in the Entry, then sets them.
func (o *rowOpening) take(plan []int) error {
	if err := o.note(plan); err != nil {
		return fmt.Errorf("crypto: open: audit: %w", err)
	}
	rest := *o.plain
	for _, i := range plan {
		value, tail, ok := cutValue(rest)
		if !ok {
			return ErrOpen
		}
		rest = tail
		if i == gone {
			continue
		}
		if err := o.fields[i].set(o.row, value); err != nil {
			return err
		}
		o.set.add(i)
	}
	if len(rest) != 0 {
		return ErrOpen
	}
	o.opened++
	return nil
}

// note notes the fields of a plan in the Entry, all at once.
func (o *rowOpening) note(plan []int) error {
	names := make([]string, 0, 16) // on the stack, as a rule
	for _, i := range plan {
		if i != gone {
			names = append(names, o.fields[i].name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return o.entry.NoteOpenedAll(o.ref.Table, names, o.ref.Subject.patient)
}

func (o *rowOpening) report() (r RowReport) {
	for i := range o.fields {
		switch {
		case o.set.has(i):
		case o.stored.has(i):
			r.Withheld = append(r.Withheld, o.fields[i].name)
		default:
			r.Absent = append(r.Absent, o.fields[i].name)
		}
	}
	return r
}
