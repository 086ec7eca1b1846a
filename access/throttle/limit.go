package throttle

import (
	"errors"
	"fmt"
	"time"
)

// ErrLimit reports a limit or a size that cannot be kept.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
var ErrLimit = errors.New("throttle: not a usable limit")

// A Limit is so many events in so much time, with the meaning that
// golang.org/x/time/rate gives to a rate and a burst: a bucket of Burst tokens
// that fills at Events tokens each Per. The zero Limit stands for the default
// of where it is used, and is refused where there is none.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(5)(ii)(C); NIST CSF 2.0 PR.AA-05.
type Limit struct {
	// Events is how many tokens come back in Per. It must be positive.
	Events int
	// Per is the time in which they do. It must be at least a nanosecond
	// for each event.
	Per time.Duration
	// Burst is how many may be taken at once after a rest. The default is
	// Events.
	Burst int
}

// String says l in words, for instance "100 per 1h0m0s, burst 100".
func (l Limit) String() string {
	return fmt.Sprintf("%d per %s, burst %d", l.Events, l.Per, l.burst())
}

func (l Limit) burst() int {
	if l.Burst == 0 {
		return l.Events
	}
	return l.Burst
}

// bucket returns the arithmetic of l. Nobody waits longer than longest, 0 for
// 24 hours, or as long as the bucket takes to fill if that is more.
func (l Limit) bucket(longest time.Duration) (bucket, error) {
	burst := int64(l.burst())
	switch {
	case l.Events <= 0 || l.Per <= 0 || burst <= 0:
		return bucket{}, fmt.Errorf("%w: Events, Per and Burst must be positive", ErrLimit)
	case int64(l.Events) > int64(l.Per):
		return bucket{}, fmt.Errorf("%w: more than one event a nanosecond", ErrLimit)
	}
	// Rounded up, so that no more than Events come back in Per.
	every := (int64(l.Per)-1)/int64(l.Events) + 1
	if every > forever/burst {
		return bucket{}, fmt.Errorf("%w: the bucket takes more than 100 years to fill", ErrLimit)
	}
	fill := burst * every
	wait := int64(longest)
	if wait == 0 {
		wait = max(int64(24*time.Hour), fill)
	}
	if wait < fill || wait > forever {
		return bucket{}, fmt.Errorf("%w: Longest must be 100 years at most, and not less than the bucket takes to fill", ErrLimit)
	}
	return bucket{every: every, slack: fill - every, most: fill - every + wait}, nil
}

// forever bounds the time in which a bucket fills, and so that no sum of times
// overflows.
const forever = int64(100 * 365 * 24 * time.Hour)

// bucket is the generic cell rate algorithm (ITU-T I.371), which is a token
// bucket whose only state is one time: when the bucket will be full. Times are
// nanoseconds since the table was made.
type bucket struct {
	every int64 // how long one token takes to come back
	slack int64 // how far off full may be while a token is left
	most  int64 // how far off full may be at all
}

// wait returns how long until there is a token, 0 if there is one.
func (b bucket) wait(full, now int64) time.Duration {
	return time.Duration(max(0, full-now-b.slack))
}

// take returns when the bucket will be full after n more tokens were taken. It
// may take more than there are. n is not negative.
func (b bucket) take(full, now, n int64) int64 {
	full = max(full, now)
	if n > b.most/b.every {
		return now + b.most
	}
	return min(full+n*b.every, now+b.most)
}

// give returns when the bucket will be full after n tokens were given back.
func (b bucket) give(full, n int64) int64 {
	if n > full/b.every {
		return 0
	}
	return full - n*b.every
}
