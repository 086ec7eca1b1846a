// Command session shows automatic logoff on a service of its own: a sign-in, a
// page that polls while nobody sits before it, an account that is closed
// while a request of it is running, and the report of it all.
//
// The idle limit is one second here, so that the story ends soon; the default
// is 15 minutes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/session"
	"github.com/safeguard-sdk/safeguard/session/memstore"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	store, err := memstore.New(nil)
	if err != nil {
		return err
	}
	sessions, err := session.New(store, &session.Options{
		Idle:               time.Second,
		UnsafeWithoutEntry: true, // this service has no audit trail to show
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	busy := make(chan struct{})
	server := &http.Server{Handler: routes(sessions, busy), ReadHeaderTimeout: time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	visitor := &client{base: "http://" + listener.Addr().String()}
	err = errors.Join(unattended(visitor), closed(ctx, visitor, sessions, busy), report(ctx, sessions))
	err = errors.Join(err, server.Shutdown(ctx))
	if e := <-served; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// routes is the service: sign-in and sign-out stand outside Handler, what
// needs a session inside.
func routes(sessions *session.Manager, busy chan<- struct{}) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /signin", func(w http.ResponseWriter, r *http.Request) {
		who := session.SignIn{User: "dr.okafor", Kind: safeguard.Person, Method: "password+totp"} // verified by your sign-in
		token, _, err := sessions.Start(r.Context(), who)
		if err != nil {
			http.Error(w, "try again later", http.StatusServiceUnavailable)
			return
		}
		sessions.SetCookie(w, token)
	})
	mux.Handle("GET /chart", sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := safeguard.PrincipalFrom(r.Context())
		fmt.Fprintf(w, "a chart, for %s", p.ID)
	})))
	mux.Handle("GET /inbox/count", sessions.Passive(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "3 messages")
	})))
	mux.Handle("GET /slow", sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		busy <- struct{}{}
		busy <- struct{}{}
		fmt.Fprint(w, "a long report")
	})))
	return mux
}

// unattended signs in and leaves a page open.
func unattended(c *client) error {
	fmt.Println("1. A clinician signs in and leaves the desk. The page goes on polling.")
	if err := c.signIn(); err != nil {
		return err
	}
	fmt.Println("   cookie:", c.attributes)
	if err := c.get("/chart"); err != nil {
		return err
	}
	for range 3 {
		<-time.After(300 * time.Millisecond)
		if err := c.get("/inbox/count"); err != nil {
			return err
		}
	}
	<-time.After(150 * time.Millisecond)
	return c.get("/chart")
}

// closed ends all sessions of a user while one of them is in use.
func closed(ctx context.Context, c *client, sessions *session.Manager, busy <-chan struct{}) error {
	fmt.Println("2. The account is closed while a slow request of it is running.")
	if err := c.signIn(); err != nil {
		return err
	}
	slow := make(chan error, 1)
	go func() { slow <- c.get("/slow") }()
	select {
	case <-busy:
	case err := <-slow:
		return errors.Join(errors.New("the slow request did not wait"), err)
	}
	n, err := sessions.EndUser(ctx, "", "dr.okafor", session.Terminated)
	if err != nil {
		return err
	}
	fmt.Println("   sessions ended:", n)
	<-busy
	if err := <-slow; err != nil {
		return err
	}
	fmt.Println("   The slow request was let in before; behind audit.Handler its answer would be held back, too.")
	fmt.Println("   It brought nothing back to life:")
	return c.get("/chart")
}

func report(ctx context.Context, sessions *session.Manager) error {
	fmt.Println("3. What the service reports of itself:")
	observations, err := sessions.Report(ctx)
	if err != nil {
		return err
	}
	for _, o := range observations {
		fmt.Printf("   %s\n   settings: %v\n", o.Statement, o.Settings)
		for _, name := range slices.Sorted(maps.Keys(o.Counters)) {
			if o.Counters[name] > 0 {
				fmt.Printf("   %-28s %d\n", name, o.Counters[name])
			}
		}
	}
	return nil
}

// A client is a browser that speaks plain HTTP to loopback.
type client struct {
	base, cookie, attributes string
}

func (c *client) signIn() error {
	res, err := http.Post(c.base+"/signin", "", nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	name, rest, _ := strings.Cut(res.Header.Get("Set-Cookie"), "=")
	value, attributes, _ := strings.Cut(rest, ";")
	c.cookie, c.attributes = name+"="+value, name+"=(secret);"+attributes
	return nil
}

func (c *client) get(path string) error {
	r, err := http.NewRequest(http.MethodGet, c.base+path, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Cookie", c.cookie)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 4096))
	if err != nil {
		return err
	}
	fmt.Printf("   GET %-13s %d %s\n", path, res.StatusCode, body)
	return nil
}
