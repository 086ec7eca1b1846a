package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// A key that an object has already is found whatever the number of keys, and
// however either of the two is written.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestRepeatedKeysAreFoundAmongAnyNumber(t *testing.T) {
	d := seeing(t, "", "all")
	plain := func(i int) string { return fmt.Sprintf("key%02d", i) }
	escaped := func(i int) string { return fmt.Sprintf(`\u006bey%02d`, i) }
	for n := 1; n <= 20; n++ {
		for twice := range n {
			for _, first := range []func(int) string{plain, escaped} {
				for _, second := range []func(int) string{plain, escaped} {
					var members []string
					for i := range n {
						name := plain
						if i == twice {
							name = first
						}
						members = append(members, fmt.Sprintf(`"%s":1`, name(i)))
					}
					once := "{" + strings.Join(members, ",") + "}"
					_, err := d.Project(nil, []byte(once))
					require.NoError(t, err, once)
					again := "{" + strings.Join(append(members, fmt.Sprintf(`"%s":2`, second(twice))), ",") + "}"
					_, err = d.Project(nil, []byte(again))
					require.ErrorIs(t, err, access.ErrProjection, again)
				}
			}
		}
	}
}
