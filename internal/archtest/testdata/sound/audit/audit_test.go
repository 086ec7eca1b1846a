package audit_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.test/sound/audit"
)

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { time.Sleep(time.Hour) })
	require.Panics(t, audit.Abort)
}

func FuzzAdd(f *testing.F) {
	f.Add("seed")
	f.Fuzz(func(*testing.T, string) {})
}

func FuzzCorpus(f *testing.F) {
	f.Fuzz(func(*testing.T, string) {})
}
