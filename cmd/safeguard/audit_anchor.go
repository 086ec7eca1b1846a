package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/anchor"
)

// auditAnchor keeps checkpoints outside the ledger's machine.
type auditAnchor struct {
	Once   auditAnchorOnce   `cmd:"" help:"Bring the newest checkpoint to every place."`
	Status auditAnchorStatus `cmd:"" help:"Say what each place has, and how much none has."`
}

type auditAnchorOnce struct {
	auditLedger
	State       string            `required:"" placeholder:"DIR" help:"Directory of its own in which it is remembered what each place has; made if it is missing."`
	File        map[string]string `mapsep:"none" placeholder:"NAME=PATH" help:"A file on other storage, to which a line is appended."`
	HTTP        map[string]string `name:"http" mapsep:"none" placeholder:"NAME=URL" help:"An https endpoint that takes CloudEvents, for instance of a SIEM."`
	HTTPToken   map[string]string `name:"http-token" mapsep:"none" placeholder:"NAME=FILE" help:"A file with the bearer token for the endpoint of that name."`
	Witness     map[string]string `mapsep:"none" placeholder:"NAME=URL" help:"A witness that speaks C2SP tlog-witness."`
	WitnessKey  map[string]string `mapsep:"none" placeholder:"NAME=VKEY" help:"The public key of the witness of that name."`
	Timeout     time.Duration     `default:"30s" help:"How long one place may take, 1s to 5m."`
	UnsafeLocal bool              `name:"unsafe-same-device" help:"Accept a file on the ledger's own device: who takes that disk has both."`
	UnsafePlain bool              `name:"unsafe-plain-http" help:"Accept http addresses: who is on the way can pretend that a checkpoint was kept."`
}

// Help is the long text of --help.
func (auditAnchorOnce) Help() string {
	return `Run it on a timer where the service does not anchor by itself (package audit/anchor). A checkpoint holds a name, a number and a hash, no record. Whoever rules the ledger, its key and all places can still rewrite everything: let somebody else have one of them.

Each place has a name (a-z, 0-9, '.' and '-') by which it is remembered. The address of a place may be seen in the list of processes; a token is read from a file. Exit code 1 says that the ledger was forked or set back, which does not pass by itself: keep both the directory and the place as they are. With 3 a place could not be reached, and is brought up to date by the next call.`
}

// Run anchors once.
func (c *auditAnchorOnce) Run(e *env) error {
	key, err := c.verifierKey(e)
	if err != nil {
		return err
	}
	source, err := anchor.Directory(c.Dir)
	if err != nil {
		return auditFault(err)
	}
	places, err := c.places(e, key)
	if err != nil {
		return err
	}
	runner, err := anchor.New(source, key, c.State, places, &anchor.Options{Timeout: c.Timeout})
	if err != nil {
		return refused(err)
	}
	e.step("anchoring at %d places", len(places))
	failed := runner.Once(e.ctx)
	status := runner.Status()
	if _, err := fmt.Fprintln(e.out, status); err != nil {
		return err
	}
	for _, a := range status.Anchors {
		word := "up to date"
		if a.Err != nil {
			word = "failed"
		}
		if _, err := fmt.Fprintf(e.out, "%s: %d, %s\n", a.Name, a.Size, word); err != nil {
			return err
		}
	}
	return anchorFault(failed)
}

// anchorFault marks a contradiction as what was found.
func anchorFault(err error) error {
	if errors.Is(err, anchor.ErrFork) || errors.Is(err, anchor.ErrRollback) {
		return findings("%w", err)
	}
	return auditFault(err)
}

// places returns the anchors, in order of their names.
func (c *auditAnchorOnce) places(e *env, key string) ([]anchor.Anchor, error) {
	var list []anchor.Anchor
	for _, name := range slices.Sorted(maps.Keys(c.File)) {
		a, err := anchor.NewFile(c.File[name], c.Dir, key, &anchor.FileOptions{Name: name, UnsafeSameDevice: c.UnsafeLocal})
		if err != nil {
			return nil, refused(fmt.Errorf("--file %s: %w", name, err))
		}
		list = append(list, a)
	}
	for _, name := range slices.Sorted(maps.Keys(c.HTTP)) {
		authorize, err := c.authorize(e, name)
		if err != nil {
			return nil, err
		}
		a, err := anchor.NewHTTP(c.HTTP[name], &anchor.HTTPOptions{Name: name, Authorize: authorize, UnsafePlainHTTP: c.UnsafePlain})
		if err != nil {
			return nil, refused(fmt.Errorf("--http %s: %w", name, err))
		}
		list = append(list, a)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Witness)) {
		a, err := anchor.NewWitness(c.Witness[name], c.WitnessKey[name], &anchor.WitnessOptions{Name: name, UnsafePlainHTTP: c.UnsafePlain})
		if err != nil {
			return nil, refused(fmt.Errorf("--witness %s and --witness-key: %w", name, err))
		}
		list = append(list, a)
	}
	if len(list) == 0 {
		return nil, refused(errors.New("say where checkpoints are kept: --file, --http or --witness"))
	}
	return list, c.unused()
}

// unused refuses a token or a key of a place that is not named: it may be a
// misspelt one.
func (c *auditAnchorOnce) unused() error {
	for name := range c.HTTPToken {
		if c.HTTP[name] == "" {
			return refused(fmt.Errorf("--http-token %s: there is no such --http", name))
		}
	}
	for name := range c.WitnessKey {
		if c.Witness[name] == "" {
			return refused(fmt.Errorf("--witness-key %s: there is no such --witness", name))
		}
	}
	return nil
}

// authorize returns what adds the token to a request, nil if there is none.
func (c *auditAnchorOnce) authorize(e *env, name string) (func(*http.Request) error, error) {
	path := c.HTTPToken[name]
	if path == "" {
		return nil, nil
	}
	b, err := e.read(path)
	if err != nil {
		return nil, err
	}
	token := bytes.TrimSpace(b)
	if len(token) == 0 || bytes.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, refused(fmt.Errorf("%s: holds no token", path))
	}
	return func(r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+string(token))
		return nil
	}, nil
}
