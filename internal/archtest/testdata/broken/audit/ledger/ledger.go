package ledger

import (
	"C"

	_ "example.test/broken/audit"
	_ "example.test/client"
)
