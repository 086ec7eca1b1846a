package kmstest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// A broken KEK breaks the rule of one case.
type broken struct {
	breaks func(*kek) crypto.KEK
	caught string // the case that must fail
}

// table is by what the KEK does wrong.
func table() map[string]broken {
	return map[string]broken{
		"cuts at 4 KiB":             {func(k *kek) crypto.KEK { return cuts{k} }, "round_trip"},
		"sends it in the clear":     {func(k *kek) crypto.KEK { return clearText{k} }, "round_trip"},
		"takes too much":            {func(k *kek) crypto.KEK { return unlimited{k} }, "limits"},
		"ignores associated data":   {func(k *kek) crypto.KEK { return mapped{k, func([]byte) []byte { return nil }} }, "associated_data"},
		"binds a prefix":            {func(k *kek) crypto.KEK { return mapped{k, func(ad []byte) []byte { return ad[:min(len(ad), 8)] }} }, "associated_data"},
		"folds case":                {func(k *kek) crypto.KEK { return mapped{k, bytes.ToLower} }, "associated_data"},
		"takes none for a zero":     {func(k *kek) crypto.KEK { return mapped{k, func(ad []byte) []byte { return bytes.Trim(ad, "\x00") }} }, "no_associated_data"},
		"ignores the first byte":    {func(k *kek) crypto.KEK { return firstByte{k} }, "altered"},
		"trims the ciphertext":      {func(k *kek) crypto.KEK { return trims{k} }, "cut"},
		"panics when cut":           {func(k *kek) crypto.KEK { return panics{k} }, "cut"},
		"opens every key":           {func(k *kek) crypto.KEK { return everyKey{k} }, "foreign"},
		"is deterministic":          {func(k *kek) crypto.KEK { return &same{kek: k} }, "fresh"},
		"keeps the plaintext":       {func(k *kek) crypto.KEK { return &keeps{kek: k} }, "slices"},
		"clears its input":          {func(k *kek) crypto.KEK { return clears{k} }, "slices"},
		"decrypts in place":         {func(k *kek) crypto.KEK { return inPlace{k} }, "slices"},
		"shares a buffer":           {func(k *kek) crypto.KEK { return &shares{kek: k} }, "concurrent"},
		"says no location":          {func(k *kek) crypto.KEK { return nowhere{k, k} }, "location"},
		"is at an unknown place":    {func(k *kek) crypto.KEK { return unknown{k} }, "location"},
		"prints its token":          {func(k *kek) crypto.KEK { return &prints{k, k, secret} }, "redaction"},
		"shows it under %#v":        {func(k *kek) crypto.KEK { return goString{k} }, "redaction"},
		"names the plaintext":       {func(k *kek) crypto.KEK { return tells{k} }, "errors"},
		"wraps a token":             {func(k *kek) crypto.KEK { return wraps{k} }, "errors"},
		"ignores cancellation":      {func(k *kek) crypto.KEK { return detached{k} }, "cancelled"},
		"calls though cancelled":    {func(k *kek) crypto.KEK { return late{k} }, "cancelled"},
		"hides the cancellation":    {func(k *kek) crypto.KEK { return hides{k} }, "hang"},
		"ignores the context":       {func(k *kek) crypto.KEK { return uncancelled{k} }, "hang"},
		"calls twice":               {func(k *kek) crypto.KEK { return twice{k} }, "calls"},
		"answers from a cache":      {func(k *kek) crypto.KEK { return &caches{kek: k} }, "calls"},
		"answers an outage empty":   {func(k *kek) crypto.KEK { return empty{k} }, "outage"},
		"calls an outage a refusal": {func(k *kek) crypto.KEK { return refuses{k} }, "outage"},
		"does not recover":          {func(k *kek) crypto.KEK { return &givesUp{kek: k} }, "outage"},
		"calls a refusal an outage": {func(k *kek) crypto.KEK { return alwaysTemporary{k} }, "altered"},
	}
}

type cuts struct{ *kek }

func (k cuts) EncryptWithContext(ctx context.Context, p, ad []byte) ([]byte, error) {
	return k.kek.EncryptWithContext(ctx, p[:min(len(p), 4096)], ad)
}

type clearText struct{ *kek }

func (k clearText) EncryptWithContext(ctx context.Context, p, ad []byte) ([]byte, error) {
	out, err := k.kek.EncryptWithContext(ctx, p, ad)
	return append(out, p...), err
}

func (k clearText) DecryptWithContext(ctx context.Context, c, ad []byte) ([]byte, error) {
	return k.kek.DecryptWithContext(ctx, c[:len(c)/2+14], ad)
}

type unlimited struct{ *kek }

func (k unlimited) EncryptWithContext(_ context.Context, p, ad []byte) ([]byte, error) {
	return k.aead.Seal(nil, nil, p, ad), nil
}

// mapped is a KEK that binds something else than the associated data.
type mapped struct {
	*kek
	to func([]byte) []byte
}

func (k mapped) EncryptWithContext(ctx context.Context, p, ad []byte) ([]byte, error) {
	return k.kek.EncryptWithContext(ctx, p, k.to(ad))
}

func (k mapped) DecryptWithContext(ctx context.Context, c, ad []byte) ([]byte, error) {
	return k.kek.DecryptWithContext(ctx, c, k.to(ad))
}

type firstByte struct{ *kek }

func (k firstByte) EncryptWithContext(ctx context.Context, p, ad []byte) ([]byte, error) {
	out, err := k.kek.EncryptWithContext(ctx, p, ad)
	return append([]byte{1}, out...), err
}

func (k firstByte) DecryptWithContext(ctx context.Context, c, ad []byte) ([]byte, error) {
	return k.kek.DecryptWithContext(ctx, c[min(1, len(c)):], ad)
}

type trims struct{ *kek }

func (k trims) DecryptWithContext(ctx context.Context, c, ad []byte) ([]byte, error) {
	out, err := k.kek.DecryptWithContext(ctx, c, ad)
	if err == nil {
		return out, nil
	}
	return k.kek.DecryptWithContext(ctx, bytes.TrimSuffix(c, []byte{'\n'}), ad)
}

type panics struct{ *kek }

func (k panics) DecryptWithContext(ctx context.Context, c, ad []byte) ([]byte, error) {
	_ = c[0]
	return k.kek.DecryptWithContext(ctx, c, ad)
}

type everyKey struct{ *kek }

func (k everyKey) DecryptWithContext(ctx context.Context, c, ad []byte) ([]byte, error) {
	out, err := k.kek.DecryptWithContext(ctx, c, ad)
	if err != nil {
		return []byte("keyset"), nil
	}
	return out, nil
}

type same struct {
	*kek
	first []byte
}

func (k *same) EncryptWithContext(ctx context.Context, p, ad []byte) ([]byte, error) {
	var err error
	if k.first == nil {
		k.first, err = k.kek.EncryptWithContext(ctx, p, ad)
	}
	return k.first, err
}

// keeps answers with the slice that it got.
type keeps struct {
	*kek
	last []byte
}

func (k *keeps) EncryptWithContext(ctx context.Context, p, ad []byte) ([]byte, error) {
	k.last = p
	return k.kek.EncryptWithContext(ctx, p, ad)
}

func (k *keeps) DecryptWithContext(context.Context, []byte, []byte) ([]byte, error) {
	return k.last, nil
}

type clears struct{ *kek }

func (k clears) EncryptWithContext(ctx context.Context, p, ad []byte) ([]byte, error) {
	defer clear(p)
	return k.kek.EncryptWithContext(ctx, p, ad)
}

type inPlace struct{ *kek }

func (k inPlace) DecryptWithContext(_ context.Context, c, ad []byte) ([]byte, error) {
	out, err := k.aead.Open(nil, nil, c, ad)
	return append(c[:0], out...), err
}

type shares struct {
	*kek
	mu   sync.Mutex
	last []byte
}

func (k *shares) EncryptWithContext(ctx context.Context, p, ad []byte) ([]byte, error) {
	out, err := k.kek.EncryptWithContext(ctx, p, ad)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = append(k.last[:0], out...)
	return k.last, err
}

type nowhere struct {
	crypto.KEK
	fmt.Formatter
}

type unknown struct{ *kek }

func (unknown) KeyLocation() crypto.Location { return crypto.LocationUnknown }

type prints struct {
	crypto.KEK
	crypto.Located
	token string
}

type goString struct{ *kek }

func (k goString) Format(f fmt.State, verb rune) {
	if f.Flag('#') {
		io.WriteString(f, secret)
	}
	k.kek.Format(f, verb)
}

type tells struct{ *kek }

func (k tells) EncryptWithContext(ctx context.Context, p, ad []byte) ([]byte, error) {
	out, err := k.kek.EncryptWithContext(ctx, p, ad)
	if err != nil {
		err = fmt.Errorf("cannot encrypt %s: %w", p, err)
	}
	return out, err
}

type wraps struct{ *kek }

type quiet struct{ error }

func (quiet) Error() string   { return "kms: refused" }
func (q quiet) Unwrap() error { return q.error }

func (k wraps) DecryptWithContext(ctx context.Context, c, ad []byte) ([]byte, error) {
	out, err := k.kek.DecryptWithContext(ctx, c, ad)
	if err != nil {
		err = quiet{errors.New("denied with token " + secret)}
	}
	return out, err
}

type detached struct{ *kek }

func (k detached) EncryptWithContext(_ context.Context, p, ad []byte) ([]byte, error) {
	return k.kek.EncryptWithContext(context.Background(), p, ad)
}

type late struct{ *kek }

func (k late) EncryptWithContext(ctx context.Context, p, ad []byte) ([]byte, error) {
	k.s.calls.Add(1)
	return k.kek.EncryptWithContext(ctx, p, ad)
}

type hides struct{ *kek }

func (k hides) DecryptWithContext(ctx context.Context, c, ad []byte) ([]byte, error) {
	out, err := k.kek.DecryptWithContext(ctx, c, ad)
	if err != nil {
		err = errRefused
	}
	return out, err
}

type uncancelled struct{ *kek }

func (k uncancelled) DecryptWithContext(_ context.Context, c, ad []byte) ([]byte, error) {
	return k.kek.DecryptWithContext(context.Background(), c, ad)
}

type twice struct{ *kek }

func (k twice) EncryptWithContext(ctx context.Context, p, ad []byte) ([]byte, error) {
	out, err := k.kek.EncryptWithContext(ctx, p, ad)
	if err == nil {
		_, err = k.kek.DecryptWithContext(ctx, out, ad)
	}
	return out, err
}

type caches struct {
	*kek
	plaintext []byte
}

func (k *caches) DecryptWithContext(ctx context.Context, c, ad []byte) ([]byte, error) {
	if k.plaintext != nil {
		return bytes.Clone(k.plaintext), nil
	}
	var err error
	k.plaintext, err = k.kek.DecryptWithContext(ctx, c, ad)
	return k.plaintext, err
}

type empty struct{ *kek }

func (k empty) DecryptWithContext(ctx context.Context, c, ad []byte) ([]byte, error) {
	out, err := k.kek.DecryptWithContext(ctx, c, ad)
	if errors.As(err, &unavailable{}) {
		return nil, nil
	}
	return out, err
}

type refuses struct{ *kek }

func (k refuses) EncryptWithContext(ctx context.Context, p, ad []byte) ([]byte, error) {
	out, err := k.kek.EncryptWithContext(ctx, p, ad)
	if err != nil {
		err = errRefused
	}
	return out, err
}

type givesUp struct {
	*kek
	err error
}

func (k *givesUp) EncryptWithContext(ctx context.Context, p, ad []byte) ([]byte, error) {
	if k.err != nil {
		return nil, k.err
	}
	var out []byte
	out, k.err = k.kek.EncryptWithContext(ctx, p, ad)
	return out, k.err
}

type alwaysTemporary struct{ *kek }

func (k alwaysTemporary) DecryptWithContext(ctx context.Context, c, ad []byte) ([]byte, error) {
	out, err := k.kek.DecryptWithContext(ctx, c, ad)
	if err != nil {
		err = unavailable{}
	}
	return out, err
}
