package access

import (
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/stretchr/testify/require"
)

// However many questions a caller thinks of, by the labels, the purposes and
// the patients that it asks about, the tree of what may be seen is kept once for
// the rules that give it: the memory of an engine does not grow with the fields
// of its policy times its questions.
//
// Controls: HIPAA 164.312(a)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestEffectsAreShared(t *testing.T) {
	p, err := ParsePolicy([]byte(`{"version":1,"labels":["PSY","HIV"],"resources":{"Patient":["read"]},"roles":{
		"nurse":{"allow":[{"id":"R-1","resource":"Patient","actions":["read"],"purposes":["TREAT","HOPERAT"],
			"fields":["Patient.name"],"labels":{"max":"V","sensitivity":["PSY","HIV"]},"because":"b"}]},
		"clerk":{"allow":[{"id":"R-2","resource":"Patient","actions":["read"],"purposes":["TREAT"],
			"fields":["Patient.id"],"because":"b"}]}}}`))
	require.NoError(t, err)
	e := newEngine(p)
	_, at := p.cell("Patient", "read")
	verdict := func(role string, purpose safeguard.Purpose, level uint8, codes uint64) *verdict {
		h := holding{}
		h.active.add(p.roles[role])
		q := question{purpose: purposeBit(purpose), level: uint32(level), codes: codes}
		q.holding, q.sum = e.holding(&h)
		return e.verdict(&q, at)
	}
	first := verdict("nurse", safeguard.Treatment, levelN, 0)
	require.Equal(t, []string{"Patient.name"}, first.fields)
	for level := levelU; level <= levelV; level++ {
		for codes := range uint64(4) {
			for _, purpose := range []safeguard.Purpose{safeguard.Treatment, safeguard.Operations} {
				v := verdict("nurse", purpose, level, codes)
				require.Equal(t, codeAllowed, v.code)
				require.Same(t, first.effect, v.effect)
			}
		}
	}
	other := verdict("clerk", safeguard.Treatment, levelN, 0)
	require.NotSame(t, first.effect, other.effect)
	require.Equal(t, []string{"Patient.id"}, other.fields)
	require.Nil(t, verdict("clerk", safeguard.Treatment, levelV, 0).mask, "denied")
}
