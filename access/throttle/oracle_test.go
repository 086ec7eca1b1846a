package throttle

import _ "golang.org/x/time/rate"
