package kmstest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto"
)

func location(t *testing.T, f Fixture) {
	l, ok := f.KEK.(crypto.Located)
	if !ok {
		t.Fatal("the KEK is no crypto.Located")
	}
	if at := l.KeyLocation(); at != crypto.LocationSameHost && at != crypto.LocationSeparate {
		t.Fatalf("the KEK is at location %q", at)
	}
}

func redaction(t *testing.T, f Fixture) {
	want := fmt.Sprint(f.KEK)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T%v", "%p"} {
		got := fmt.Sprintf(verb, f.KEK)
		f.noSecrets(t, got)
		// %T names the type, and %p an address.
		if verb != "%T%v" && verb != "%p" && got != want {
			t.Fatalf("%s prints otherwise than %%v", verb)
		}
	}
	inside := struct{ K crypto.KEK }{f.KEK}
	if got := fmt.Sprintf("%+v", inside); got != "{K:"+want+"}" {
		t.Fatal("inside a struct it prints otherwise")
	}
	text, err := json.Marshal(inside)
	if err == nil {
		f.noSecrets(t, string(text))
	}
}

func (f Fixture) noSecrets(t *testing.T, text string) {
	t.Helper()
	for _, s := range f.Secrets {
		if s != "" && strings.Contains(text, s) {
			t.Fatal("a secret shows")
		}
	}
}

const marker = "MRN-7361-PLAINTEXT-MARKER"

func errorTexts(t *testing.T, f Fixture) {
	f.Secrets = append(f.Secrets, marker)
	sealed := encrypt(t, f.KEK, []byte(marker), data("clinic-a"))
	try := func(ctx context.Context) {
		t.Helper()
		out, err := f.KEK.DecryptWithContext(ctx, sealed, data("clinic-b"))
		wantError(t, out, err, "another tenant")
		f.noSecretsIn(t, err)
	}
	try(t.Context())
	done, cancel := context.WithCancel(t.Context())
	cancel()
	try(done)
	if f.Embedded {
		return
	}
	f.service(t)
	end := f.Outage()
	defer end()
	ctx, cancel := context.WithTimeout(t.Context(), prompt)
	defer cancel()
	try(ctx)
	out, err := f.KEK.EncryptWithContext(ctx, []byte(marker), data("clinic-a"))
	wantError(t, out, err, "outage")
	f.noSecretsIn(t, err)
}

// noSecretsIn looks into every error that err wraps.
func (f Fixture) noSecretsIn(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		f.noSecrets(t, fmt.Sprintf(verb, err))
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		f.noSecretsIn(t, e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			f.noSecretsIn(t, inner)
		}
	}
}

func cancelled(t *testing.T, f Fixture) {
	all := f.operations(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	before := f.count()
	for _, o := range all {
		out, err := o.run(t, ctx)
		wantError(t, out, err, o.name)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: got %v, which is not context.Canceled", o.name, err)
		}
	}
	if n := f.count() - before; n != 0 {
		t.Fatalf("the service got %d calls", n)
	}
}

func (f Fixture) count() int {
	if f.Calls == nil {
		return 0
	}
	return f.Calls()
}

func calls(t *testing.T, f Fixture) {
	f.service(t)
	for _, o := range f.operations(t) {
		for range 3 {
			before := f.count()
			if _, err := o.run(t, t.Context()); err != nil {
				t.Fatalf("%s: %v", o.name, err)
			}
			if n := f.count() - before; n != 1 {
				t.Fatalf("%s made %d calls", o.name, n)
			}
		}
	}
}

func hang(t *testing.T, f Fixture) {
	f.service(t)
	all := f.operations(t)
	resume := f.Hang()
	defer resume()
	for _, o := range all {
		ctx, cancel := context.WithCancel(t.Context())
		stop := time.AfterFunc(20*time.Millisecond, cancel)
		out, err := o.run(t, ctx)
		stop.Stop()
		cancel()
		wantDone(t, o, out, err, context.Canceled)

		ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
		out, err = o.run(t, ctx)
		cancel()
		wantDone(t, o, out, err, context.DeadlineExceeded)
	}
}

func wantDone(t *testing.T, o operation, out []byte, err, want error) {
	t.Helper()
	wantError(t, out, err, o.name)
	if !errors.Is(err, want) {
		t.Fatalf("%s: got %v, which is not %v", o.name, err, want)
	}
}

func outage(t *testing.T, f Fixture) {
	f.service(t)
	all := f.operations(t)
	sealed := encrypt(t, f.KEK, []byte("before"), data("clinic-a"))
	end := f.Outage()
	for _, o := range all {
		ctx, cancel := context.WithTimeout(t.Context(), prompt)
		out, err := o.run(t, ctx)
		cancel()
		wantError(t, out, err, o.name)
		if !temporary(err) {
			t.Fatalf("%s: the error does not say that it is temporary: %v", o.name, err)
		}
	}
	end()
	wantOpen(t, f.KEK, sealed, data("clinic-a"), "before")
	for _, o := range all {
		if _, err := o.run(t, t.Context()); err != nil {
			t.Fatalf("%s after the outage: %v", o.name, err)
		}
	}
}
