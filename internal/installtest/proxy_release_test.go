package installtest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReleaseRequiresTheReleasedVersion(t *testing.T) {
	p, err := release("dir", []byte(`module github.com/safeguard-sdk/safeguard/examples/driver

go 1.26.0

require (
	example.test/other v1.2.3
	github.com/safeguard-sdk/safeguard v0.0.0
)

replace github.com/safeguard-sdk/safeguard => ../..
`))
	require.NoError(t, err)
	require.Equal(t, "github.com/safeguard-sdk/safeguard/examples/driver", p.path)
	require.Equal(t, `module github.com/safeguard-sdk/safeguard/examples/driver

go 1.26.0

require (
	example.test/other v1.2.3
	github.com/safeguard-sdk/safeguard v0.999.0
)
`, string(p.mod))
}

// A replaced foreign module works here and for nobody else.
func TestReleaseRefusesForeignReplace(t *testing.T) {
	_, err := release("dir", []byte(`module github.com/safeguard-sdk/safeguard

require example.test/other v1.2.3

replace example.test/other => ../fork
`))
	require.ErrorContains(t, err, "replaces example.test/other")
}
