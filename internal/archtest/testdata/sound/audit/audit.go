package audit

import (
	"net/http"
	"sync"

	"example.test/sound"
)

var table = sync.OnceValue(func() error { return sound.ErrNothing })

// Abort may panic with the one value that net/http asks for.
func Abort() {
	if table() != nil {
		panic(http.ErrAbortHandler)
	}
}
