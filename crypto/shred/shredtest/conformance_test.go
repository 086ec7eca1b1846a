package shredtest_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/shred"
	"github.com/safeguard-sdk/safeguard/crypto/shred/shredtest"
)

// Both logs of this repository obey the rules.
//
// Controls: HIPAA 164.312(c)(1), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestLogs(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		logs := map[*testing.T]*shredtest.Log{}
		shredtest.TestLog(t, func(t *testing.T) shred.Log {
			if logs[t] == nil {
				logs[t] = new(shredtest.Log)
			}
			return logs[t]
		})
	})
	t.Run("directory", func(t *testing.T) {
		dirs := map[*testing.T]string{}
		shredtest.TestLog(t, func(t *testing.T) shred.Log {
			if dirs[t] == "" {
				dirs[t] = filepath.Join(t.TempDir(), "register")
			}
			log, err := shred.NewDirLog(dirs[t])
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, log.Close()) })
			return log
		})
	})
}
