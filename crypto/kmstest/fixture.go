package kmstest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// A Fixture is a KEK under test and its service.
//
// Controls: none, it is test support.
type Fixture struct {
	// KEK is under test.
	KEK crypto.KEK
	// Other is another key of the same service. It must open nothing of KEK's.
	Other crypto.KEK
	// Min and Max are the shortest and the longest plaintext that the KEK
	// takes, in bytes. A Max of 0 is 64 KiB. One byte more or fewer than
	// stated must be an error, except where Min is 0 or Max is 0.
	Min, Max int
	// Secrets are texts that must not show in an error or a printed KEK:
	// tokens, credentials, key material.
	Secrets []string

	// Embedded says that the KEK calls no service. The cases that need one
	// are then skipped, and the hooks may be nil.
	Embedded bool
	// Calls returns how many requests the service has got.
	Calls func() int
	// Hang makes the service take requests and answer none, until resume.
	Hang func() (resume func())
	// Outage makes the service answer that it is not available, or refuse
	// connections, until end.
	Outage func() (end func())
}

// prompt is how soon a call must return once its context is done.
const prompt = 2 * time.Second

func (f Fixture) max() int {
	if f.Max == 0 {
		return 64 << 10
	}
	return f.Max
}

// service skips the case for an embedded KEK, and fails it for one whose
// fixture forgot a hook.
func (f Fixture) service(t *testing.T) {
	t.Helper()
	if f.Embedded {
		t.Skip("the KEK calls no service")
	}
	if f.Calls == nil || f.Hang == nil || f.Outage == nil {
		t.Fatal("the fixture lacks Calls, Hang or Outage; set Embedded if there is no service")
	}
}

// An operation is one of the two methods of a KEK with its input.
type operation struct {
	name string
	call func(ctx context.Context) ([]byte, error)
}

// operations returns both, each of which succeeds while the service is well.
func (f Fixture) operations(t *testing.T) []operation {
	t.Helper()
	sealed := encrypt(t, f.KEK, []byte("keyset"), data("clinic-a"))
	return []operation{
		{"encrypt", func(ctx context.Context) ([]byte, error) {
			return f.KEK.EncryptWithContext(ctx, []byte("keyset"), data("clinic-a"))
		}},
		{"decrypt", func(ctx context.Context) ([]byte, error) {
			return f.KEK.DecryptWithContext(ctx, sealed, data("clinic-a"))
		}},
	}
}

// run calls o and fails the test if it outlives its context by too much.
func (o operation) run(t *testing.T, ctx context.Context) ([]byte, error) {
	t.Helper()
	type result struct {
		out []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		out, err := o.call(ctx)
		done <- result{out, err}
	}()
	select {
	case r := <-done:
		return r.out, r.err
	case <-after(ctx, prompt):
		t.Fatalf("%s did not return when its context was done", o.name)
		return nil, nil
	}
}

// after returns a channel that is closed d after ctx is done.
func after(ctx context.Context, d time.Duration) <-chan struct{} {
	late := make(chan struct{})
	context.AfterFunc(ctx, func() {
		time.AfterFunc(d, func() { close(late) })
	})
	return late
}

func encrypt(t *testing.T, k crypto.KEK, plaintext, associatedData []byte) []byte {
	t.Helper()
	sealed, err := k.EncryptWithContext(t.Context(), plaintext, associatedData)
	if err != nil {
		t.Fatalf("encrypt: %v", err)
	}
	if len(sealed) == 0 {
		t.Fatal("encrypt returned nothing, and no error")
	}
	return sealed
}

func wantOpen(t *testing.T, k crypto.KEK, sealed, associatedData []byte, want string) {
	t.Helper()
	got, err := k.DecryptWithContext(t.Context(), sealed, associatedData)
	if err != nil {
		t.Fatalf("decrypt: %v", err)
	}
	if string(got) != want {
		t.Fatalf("decrypt returned another plaintext, of %d bytes", len(got))
	}
}

func wantRefused(t *testing.T, k crypto.KEK, sealed, associatedData []byte, what string) {
	t.Helper()
	got, err := k.DecryptWithContext(t.Context(), sealed, associatedData)
	wantError(t, got, err, what)
	if temporary(err) {
		t.Fatalf("%s: refused as if it were an outage: %v", what, err)
	}
}

func wantError(t *testing.T, got []byte, err error, what string) {
	t.Helper()
	if err == nil {
		t.Fatalf("%s: no error", what)
	}
	if len(got) != 0 {
		t.Fatalf("%s: an error, and yet an output", what)
	}
}

// temporary reports whether err says that the call may succeed later.
func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// data is associated data in the shape that package crypto's has: version,
// purpose, tenant with its length, time.
func data(tenant string) []byte {
	out := []byte{0x01, 0x04, byte(len(tenant) >> 8), byte(len(tenant))}
	return append(append(out, tenant...), 0, 0, 0, 0, 0x69, 0x21, 0, 0)
}
