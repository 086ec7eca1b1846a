package broken

import (
	"sync"
	"sync/atomic"

	_ "example.test/broken/audit"
)

var Limit = 3

var mu sync.Mutex

var last atomic.Pointer[int]

var done = make(chan bool)

func init() {}
