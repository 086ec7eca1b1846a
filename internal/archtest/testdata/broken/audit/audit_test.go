package audit

import (
	"testing"
	"time"

	_ "example.test/broken/audit/ledger"
	_ "example.test/broken/session"
	_ "github.com/stretchr/testify/suite"
)

func TestSleep(*testing.T) { time.Sleep(time.Second) }

func FuzzNothing(f *testing.F) { f.Fuzz(func(*testing.T, string) {}) }
