package main

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"github.com/safeguard-sdk/safeguard/access/throttle"
)

// freeAttempts is how often in a row somebody may mistype a password.
const freeAttempts = 5

// newSignIns slows down who guesses passwords: at one name after five failures
// to one attempt a minute, so that nobody is locked out for longer, and at all
// names from one address to a hundred in a quarter of an hour.
func newSignIns() (*throttle.SignIns, error) {
	return throttle.NewSignIns(&throttle.SignInOptions{
		Account: throttle.Limit{Events: 1, Per: time.Minute, Burst: freeAttempts},
	})
}

// source is where a request comes from. Behind a proxy that would be the proxy,
// and all of its clients one source.
func source(r *http.Request) netip.Addr {
	from, _ := netip.ParseAddrPort(r.RemoteAddr) // one that cannot be read is none
	return from.Addr()
}

// errBusy reports that too many people are signing in at once.
var errBusy = errors.New("clinic: sign-in: too many at once")

// hashing bounds how many passwords are hashed at once.
type hashing chan struct{}

func newHashing() hashing { return make(hashing, 2) }

// do runs f when there is room for another hash, and returns errBusy if that
// takes more than two seconds.
func (h hashing) do(ctx context.Context, f func() (bool, error)) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	select {
	case h <- struct{}{}:
	case <-ctx.Done():
		return false, errBusy
	}
	defer func() { <-h }()
	return f()
}
