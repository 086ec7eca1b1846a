package kmstest

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"
)

func roundTrip(t *testing.T, f Fixture) {
	sizes := []int{0, 1, 15, 16, 17, 32, 255, 1024, 4095, 4096, 4097, 16 << 10, f.max()}
	for _, n := range sizes {
		if n < f.Min || n > f.max() {
			continue
		}
		plaintext := bytes.Repeat([]byte{0, 0xff, '\n', '"', 'a'}, n/5+1)[:n]
		sealed := encrypt(t, f.KEK, plaintext, data("clinic-a"))
		if n >= 16 && bytes.Contains(sealed, plaintext) {
			t.Fatalf("%d bytes: the ciphertext holds the plaintext", n)
		}
		wantOpen(t, f.KEK, sealed, data("clinic-a"), string(plaintext))
	}
}

func limits(t *testing.T, f Fixture) {
	if f.Min == 0 && f.Max == 0 {
		t.Skip("the fixture states no limits")
	}
	try := func(n int) {
		got, err := f.KEK.EncryptWithContext(t.Context(), make([]byte, n), data("clinic-a"))
		wantError(t, got, err, fmt.Sprintf("%d bytes", n))
	}
	if f.Min > 0 {
		try(f.Min - 1)
	}
	if f.Max > 0 {
		try(f.Max + 1)
	}
}

func associatedData(t *testing.T, f Fixture) {
	long := data(string(bytes.Repeat([]byte("t"), 1024)))
	for _, bound := range [][]byte{data("clinic-a"), []byte("a"), {0}, {0xff, 0xfe, 0x80}, long} {
		sealed := encrypt(t, f.KEK, []byte("keyset"), bound)
		wantOpen(t, f.KEK, sealed, bound, "keyset")
		for what, other := range variants(bound) {
			wantRefused(t, f.KEK, sealed, other, what)
		}
	}
}

// variants returns associated data that is like ad and is not ad.
func variants(ad []byte) map[string][]byte {
	all := map[string][]byte{
		"another tenant": data("clinic-b"),
		"none":           nil,
		"cut in front":   ad[1:],
		"cut behind":     ad[:len(ad)-1],
		"zero in front":  append([]byte{0}, ad...),
		"zero behind":    append(slices.Clone(ad), 0),
		"space behind":   append(slices.Clone(ad), ' '),
		"twice":          append(slices.Clone(ad), ad...),
		"upper case":     bytes.ToUpper(ad),
	}
	for i := 0; i < len(ad); i += len(ad)/16 + 1 {
		other := slices.Clone(ad)
		other[i] ^= 1
		all[fmt.Sprintf("byte %d", i)] = other
	}
	for what, other := range all {
		if bytes.Equal(other, ad) {
			delete(all, what)
		}
	}
	return all
}

func noAssociatedData(t *testing.T, f Fixture) {
	for _, none := range [][]byte{nil, {}} {
		sealed := encrypt(t, f.KEK, []byte("keyset"), none)
		wantOpen(t, f.KEK, sealed, nil, "keyset")
		wantOpen(t, f.KEK, sealed, []byte{}, "keyset")
		wantRefused(t, f.KEK, sealed, []byte{0}, "a zero")
		wantRefused(t, f.KEK, sealed, data("clinic-a"), "a tenant")
	}
}

func altered(t *testing.T, f Fixture) {
	sealed := encrypt(t, f.KEK, []byte("keyset"), data("clinic-a"))
	for i := range sealed {
		for _, mask := range []byte{0x01, 0x20, 0x80} {
			other := slices.Clone(sealed)
			other[i] ^= mask
			wantRefused(t, f.KEK, other, data("clinic-a"), fmt.Sprintf("byte %d of %d", i, len(sealed)))
		}
	}
}

func cut(t *testing.T, f Fixture) {
	sealed := encrypt(t, f.KEK, []byte("keyset"), data("clinic-a"))
	for n := range sealed {
		wantRefused(t, f.KEK, sealed[:n], data("clinic-a"), fmt.Sprintf("cut to %d", n))
	}
	wantRefused(t, f.KEK, nil, data("clinic-a"), "nil")
	for _, more := range []byte{0, '\n', ' ', '='} {
		wantRefused(t, f.KEK, append(slices.Clone(sealed), more), data("clinic-a"), "extended")
		wantRefused(t, f.KEK, append([]byte{more}, sealed...), data("clinic-a"), "extended in front")
	}
	wantRefused(t, f.KEK, append(slices.Clone(sealed), sealed...), data("clinic-a"), "doubled")
}

func foreign(t *testing.T, f Fixture) {
	if f.Other == nil {
		t.Fatal("the fixture lacks Other")
	}
	sealed := encrypt(t, f.Other, []byte("keyset"), data("clinic-a"))
	wantOpen(t, f.Other, sealed, data("clinic-a"), "keyset")
	wantRefused(t, f.KEK, sealed, data("clinic-a"), "another key's")
	wantRefused(t, f.Other, encrypt(t, f.KEK, []byte("keyset"), nil), nil, "ours, under the other")
}

func fresh(t *testing.T, f Fixture) {
	seen := make(map[string]bool)
	for range 64 {
		seen[string(encrypt(t, f.KEK, []byte("keyset"), data("clinic-a")))] = true
	}
	if len(seen) != 64 {
		t.Fatalf("64 encryptions gave %d ciphertexts", len(seen))
	}
}

func ownSlices(t *testing.T, f Fixture) {
	plaintext, ad := []byte("keyset"), data("clinic-a")
	sealed := encrypt(t, f.KEK, plaintext, ad)
	if string(plaintext) != "keyset" || !bytes.Equal(ad, data("clinic-a")) {
		t.Fatal("encrypt altered its input")
	}
	clear(plaintext)
	clear(ad)
	stored := slices.Clone(sealed)
	opened, err := f.KEK.DecryptWithContext(t.Context(), sealed, data("clinic-a"))
	if err != nil || string(opened) != "keyset" {
		t.Fatalf("after the input was cleared: %d bytes, %v", len(opened), err)
	}
	if !bytes.Equal(sealed, stored) {
		t.Fatal("decrypt altered its input")
	}
	clear(opened)
	clear(sealed)
	wantOpen(t, f.KEK, stored, data("clinic-a"), "keyset")
}

func concurrent(t *testing.T, f Fixture) {
	const n = 32
	name := func(i int) string { return fmt.Sprintf("%02d", i) }
	sealed := make([][]byte, n)
	together(n, func(i int) {
		var err error
		sealed[i], err = f.KEK.EncryptWithContext(t.Context(), []byte("keyset "+name(i)), data(name(i)))
		if err != nil {
			t.Errorf("encrypt: %v", err)
		}
	})
	together(n, func(i int) {
		got, err := f.KEK.DecryptWithContext(t.Context(), sealed[i], data(name(i)))
		if err != nil || string(got) != "keyset "+name(i) {
			t.Errorf("got another call's plaintext, or %v", err)
		}
	})
}

// together calls f n times at once.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}
