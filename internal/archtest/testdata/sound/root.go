// Package sound keeps every rule.
package sound

import "errors"

// ErrNothing may be exported: it is an error.
var ErrNothing = errors.New("sound: nothing")
