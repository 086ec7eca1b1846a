package review

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrState reports a saved state that was not written by the same rules, or
// was changed since. The engine then starts anew from a record of the caller's
// choice.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D).
var ErrState = errors.New("review: state: not usable")

// strict decodes one JSON value without unknown members and without anything
// behind it.
func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%w: not the JSON that was written", ErrState)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("%w: more than one value", ErrState)
	}
	return nil
}

// saved is the state of one actor.
type saved[V any] struct {
	Actor Actor `json:"actor"`
	Value V     `json:"value"`
}

// saveTables writes what each actor's value is converted to.
func saveTables[V, S any](t tables[V], convert func(*V) S) []saved[S] {
	out := []saved[S]{}
	t.each(func(key Actor, v *V) { out = append(out, saved[S]{key, convert(v)}) })
	return out
}

// restoreTables fills empty tables; check converts back and refuses.
func restoreTables[V, S any](t tables[V], list []saved[S], check func(S) (V, bool)) error {
	for _, s := range list {
		v, ok := check(s.Value)
		switch {
		case !ok || s.Actor.Kind == "" || s.Actor.ID == "":
			return fmt.Errorf("%w: an actor's values cannot be", ErrState)
		case t.has(s.Actor) || !t.room(s.Actor):
			return fmt.Errorf("%w: an actor twice, or too many", ErrState)
		}
		*t.get(s.Actor) = v
	}
	return nil
}
