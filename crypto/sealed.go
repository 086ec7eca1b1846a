package crypto

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// A Sealed holds one sealed value of type T, for a field of a struct or a
// column of a table. It carries ciphertext only: database/sql, JSON, XML, text
// and gob move the ciphertext (base64 where it must be text), fmt and log/slog
// show "[sealed]". Only [Sealed.Open] gives the value, and it needs the
// context, the Sealer and the place.
//
// The zero Sealed holds nothing and is NULL in a database and null in JSON. A
// sealed empty string is not NULL. Use a binary column (BYTEA, BLOB); a text
// column is refused. Copies share the ciphertext, which is never changed; a
// Sealed is safe for concurrent use except for the methods that fill it.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
type Sealed[T any] struct {
	sealed []byte
}

var (
	errEncode = errors.New("crypto: sealed: value does not survive encoding/json")
	errDecode = errors.New("crypto: sealed: value is not of the type asked for")
)

// Seal seals v for the place ref. Strings and byte slices, of any named type,
// are sealed as they are, other values as encoding/json writes them. A value
// that would not come back the same is refused: a type whose JSON is a
// redaction, such as [safeguard.Patient], or text that is not UTF-8 in a
// struct. Fields that JSON leaves out are left out here as well, without an
// error. Other errors are those of [Sealer.AppendSeal].
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func Seal[T any](ctx context.Context, s *Sealer, ref Ref, v T) (Sealed[T], error) {
	plaintext, err := encode(v)
	if err != nil {
		return Sealed[T]{}, err
	}
	sealed, err := s.AppendSeal(ctx, nil, plaintext, ref)
	if err != nil {
		return Sealed[T]{}, err
	}
	return Sealed[T]{sealed}, nil
}

// Open opens the value at the place ref and notes that in the Entry of ctx.
// It returns [ErrNull] if there is none, and otherwise the errors of
// [Sealer.AppendOpen].
func (x Sealed[T]) Open(ctx context.Context, s *Sealer, ref Ref) (T, error) {
	var v T
	if x.IsNull() {
		return v, ErrNull
	}
	plaintext, err := s.AppendOpen(ctx, nil, x.sealed, ref)
	if err != nil {
		return v, err
	}
	if err := decode(plaintext, &v); err != nil {
		var none T
		return none, err
	}
	return v, nil
}

// IsNull reports whether x holds nothing.
func (x Sealed[T]) IsNull() bool { return len(x.sealed) == 0 }

// encode returns the bytes of v. Errors of encoding/json are not passed on,
// since their text may hold parts of the value.
func encode[T any](v T) ([]byte, error) {
	rv := reflect.ValueOf(&v).Elem()
	switch {
	case rv.Kind() == reflect.String:
		return []byte(rv.String()), nil
	case isBytes(rv):
		return rv.Bytes(), nil
	}
	out, err := json.Marshal(v)
	if err != nil {
		return nil, errEncode
	}
	var back T
	if json.Unmarshal(out, &back) != nil {
		return nil, errEncode
	}
	if !lossless(rv, reflect.ValueOf(&back).Elem()) {
		return nil, errEncode
	}
	return out, nil
}

// decode is the inverse of encode. It clears or hands over plaintext.
func decode[T any](plaintext []byte, v *T) error {
	rv := reflect.ValueOf(v).Elem()
	if isBytes(rv) {
		if plaintext == nil {
			plaintext = []byte{}
		}
		rv.SetBytes(plaintext)
		return nil
	}
	defer clear(plaintext)
	if rv.Kind() == reflect.String {
		rv.SetString(string(plaintext))
		return nil
	}
	if json.Unmarshal(plaintext, v) != nil {
		return errDecode
	}
	return nil
}

func isBytes(v reflect.Value) bool {
	return v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8
}

// Format writes a redaction under every verb, so that no log says even how
// long the value is.
func (x Sealed[T]) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[sealed]") }
