package audittest_test

import (
	"testing"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
)

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestLogConforms(t *testing.T) {
	audittest.RunLog(t, func(*testing.T) (audit.Log, func() [][]byte) {
		log := audittest.NewLog()
		return log, log.Records
	})
}
