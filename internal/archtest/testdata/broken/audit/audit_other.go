//go:build plan9

package audit

import _ "example.test/broken/session"
