package access

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// largePolicy returns a policy with so many rules about each of so many types,
// in 100 roles that inherit five deep.
func largePolicy(types, rules int) string {
	var b strings.Builder
	b.WriteString(`{"version":1,"resources":{`)
	for i := range types {
		fmt.Fprintf(&b, `%s"T%d":["read","search","create","update","delete"]`, comma(i), i)
	}
	b.WriteString(`},"roles":{`)
	purposeCodes := []string{"TREAT", "HPAYMT", "HOPERAT", "PATRQT", "PUBHLTH", "COVERAGE", "ETREAT", "ERTREAT", "TREAT", "HOPERAT"}
	for r := range 100 {
		inherits := ""
		if r%5 != 0 {
			inherits = fmt.Sprintf(`"role%d"`, r-1)
		}
		fmt.Fprintf(&b, `%s"role%d":{"inherits":[%s],"allow":[`, comma(r), r, inherits)
		for n := 0; r+100*n < types*rules; n++ {
			id := r + 100*n
			t := id % types
			fmt.Fprintf(&b, `%s{"id":"R%d","resource":"T%d","actions":["read",%q],"purposes":[%q,"TREAT"],"fields":["T%d.f%d","T%d.g%d"],"because":"r%d"}`,
				comma(n), id, t, []string{"search", "create", "update", "delete"}[id%4], purposeCodes[1+id%7], t, id%7, t, id%5, id)
		}
		b.WriteString(`]}`)
	}
	b.WriteString(`}}`)
	return b.String()
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

// The work of Lint is bounded on the largest policies that parse: all rules
// about one action, all of them comparable. It says that it was cut short.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestLintBound(t *testing.T) {
	p, err := ParsePolicy([]byte(largePolicy(1, 5500)))
	require.NoError(t, err)
	l := newLinter(p)
	for i, check := range lintChecks() {
		l.work = 0
		check(l)
		require.LessOrEqual(t, l.work, 2*maxLintWork, "check %d", i)
	}
	require.True(t, l.cut)
	require.LessOrEqual(t, len(l.found), maxMistakes)
}
