package access_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// A Guard decides and projects for many at once, and nobody gets what is
// another's to see.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestConcurrentUse(t *testing.T) {
	g := clinic(t)
	src := []byte(chart)
	var wg sync.WaitGroup
	wrong := make(chan string, 64)
	for i := range 64 {
		who, want := "sam", `{"resourceType":"Patient","id":"1",`+redactedMeta+`}`
		if i%2 == 0 {
			who, want = "carla", fmt.Sprintf(`{"resourceType":"Patient","id":"1","name":[{"family":%q}],"birthDate":"1970-01-01",`+redactedMeta+`}`, planted)
		}
		wg.Go(func() {
			for range 50 {
				d := g.Decide(as(who), access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment})
				out, err := d.Project(nil, src)
				if err != nil || string(out) != want {
					wrong <- who
					return
				}
			}
		})
	}
	wg.Wait()
	require.Empty(t, wrong)
	seen, err := g.Report(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(64*50), seen[0].Counters[access.CodeAllowed])
}
