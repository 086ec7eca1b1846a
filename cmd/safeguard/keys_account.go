package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// The ways in which it is known who acts. The last two are words that whoever
// acts can choose: they are recorded, and count for an order only if the
// operators file says so.
const (
	byLogin  = "os-login"   // who signed in, as the kernel keeps it
	byOwn    = "os-account" // the account of the process
	bySudo   = "os-sudo"    // who called sudo, as a variable says
	byStated = "stated"     // what --operator says
)

// account is who started the command.
type account struct{ name, method string }

// osAccount asks the operating system. A login uid is set once, when a session
// begins, and stays through su and sudo. Where none was set, as in most
// containers, Linux lets any process set its own: os-login proves something only
// where logins set it. Without one there is sudo's variable, which a shell sets
// as well as sudo does, and else the account of the process.
func osAccount() (account, error) {
	if b, err := os.ReadFile("/proc/self/loginuid"); err == nil {
		if name, ok := nameOf(strings.TrimSpace(string(b))); ok {
			return account{name, byLogin}, nil
		}
	}
	if name, ok := nameOf(os.Getenv("SUDO_UID")); ok {
		return account{name, bySudo}, nil
	}
	if name, ok := nameOf(strconv.Itoa(os.Getuid())); ok {
		return account{name, byOwn}, nil
	}
	u, err := user.Current()
	if err != nil {
		return account{}, errors.New("the operating system does not say who acts")
	}
	return account{u.Username, byOwn}, nil
}

func nameOf(uid string) (string, bool) {
	if n, err := strconv.ParseUint(uid, 10, 32); err != nil || n == 1<<32-1 {
		return "", false
	}
	u, err := user.LookupId(uid)
	if err != nil {
		return "", false
	}
	return u.Username, true
}

// principal returns who acts. The account root names nobody in particular.
func (e *env) principal(stated string) (safeguard.Principal, error) {
	a, err := e.account()
	if err != nil {
		return safeguard.Principal{}, err
	}
	if stated != "" {
		a = account{stated, byStated}
	}
	if a.name == "root" && a.method != byStated {
		return safeguard.Principal{}, refused(errors.New("the account root names nobody in particular (164.312(a)(2)(i)): sign in as yourself and use sudo, or say who acts with --operator"))
	}
	p := safeguard.Principal{ID: a.name, Kind: safeguard.Person, Method: a.method, At: time.Now().UTC()}
	if err := p.Validate(); err != nil {
		return p, refused(fmt.Errorf("who acts: %w", err))
	}
	return p, nil
}
