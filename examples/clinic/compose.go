package main

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"net/http"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/session"
	"github.com/safeguard-sdk/safeguard/session/memstore"
)

//go:embed policy.json
var policyJSON []byte

// compose joins the packages into the service, from the inside out. A request
// passes them the other way round: it is accounted for, then the session is
// checked, then the policy decides, and only then a handler opens columns.
func compose(ctx context.Context, db *sql.DB, v *vault, o options) (_ *clinic, err error) {
	sealer, errSealer := crypto.New(v.keys, v.subjects, nil)
	memory, errMemory := memstore.New(nil)
	policy, errPolicy := access.ParsePolicy(policyJSON)
	log, errLedger := ledger.Open(v.ledger, v.signer, nil)
	if err := errors.Join(errSealer, errMemory, errPolicy, errLedger); err != nil {
		return nil, err
	}
	c := &clinic{ledger: log, store: &store{db, sealer}, staff: &staff{db: db, cost: o.cost}}
	defer func() { err = c.closeAfter(ctx, err) }()
	if c.recorder, err = audit.New(log, v.tokens, &audit.Options{Source: o.source}); err != nil {
		return nil, err
	}
	if c.sessions, err = session.New(memory, &session.Options{Idle: o.idle, SignInPage: "/signin"}); err != nil {
		return nil, err
	}
	if c.guard, err = access.New(policy, &access.Options{Roles: c.staff}); err != nil {
		return nil, err
	}
	front, charts := c.guard.Mux(), c.guard.Mux() // without and with a session
	site, err := newSite(c, o.idle)
	if err != nil {
		return nil, err
	}
	site.routes(front, charts)
	if err := errors.Join(c.guard.VerifyRoutes(front), c.guard.VerifyRoutes(charts)); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", c.sessions.Handler(charts))
	for _, path := range site.outside() {
		mux.Handle(path, front)
	}
	c.handler = c.recorder.Handler(site.refusals(mux))
	return c, c.recorder.Watch(ctx, log, c.recorder, c.sessions, sealer, c.guard)
}
