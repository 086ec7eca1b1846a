package kmstest_test

import (
	"path/filepath"
	"testing"

	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/kmstest"
)

// The suite is a test of your own package. Each case gets a fresh Fixture.
// That of a driver serves the API of its service on loopback, and says how to
// count requests there and how to make it hang and fail; this one has no
// service.
func ExampleRun() {
	test := func(t *testing.T) { // func TestKEK(t *testing.T) in your package
		kmstest.Run(t, func(t *testing.T) kmstest.Fixture {
			mine, err := keyset.CreateFileKEK(filepath.Join(t.TempDir(), "mine"))
			if err != nil {
				t.Fatal(err)
			}
			other, err := keyset.CreateFileKEK(filepath.Join(t.TempDir(), "other"))
			if err != nil {
				t.Fatal(err)
			}
			return kmstest.Fixture{KEK: mine, Other: other, Embedded: true}
		})
	}
	_ = test
}
