package oscal

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The wanted value is what Python's uuid.uuid5 makes of the same name.
func TestUUIDIsVersion5(t *testing.T) {
	require.Equal(t, "16c1804c-ee46-54c0-9e40-b82f609b6b2e", uuid("map", "CSF 1.1x"))
	require.Equal(t, "48b2a398-a1c5-57c9-a20e-c48515291e0f", uuid())
	require.NotEqual(t, uuid("ab", "c"), uuid("a", "bc"), "names must not run together")
	require.NotEqual(t, uuid("a/1:b"), uuid("a", "b"))
	require.Regexp(t, uuidForm, uuid("x"))
}
