package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/session"
)

// tenant is the one organisation that this service serves.
const tenant = "clinic"

// options are the choices of compose. The zero value of each is the default
// of the package that it is for.
type options struct {
	source string        // names the service in audit records
	idle   time.Duration // automatic logoff
	cost   int           // PBKDF2 iterations of new passwords
}

// A clinic is the composed service. Close it after the server has shut down.
type clinic struct {
	handler  http.Handler
	store    *store
	staff    *staff
	guard    *access.Guard
	sessions *session.Manager
	recorder *audit.Recorder
	ledger   *ledger.Ledger
}

// Close makes the last audit records durable, signs the ledger and lets it go.
func (c *clinic) Close(ctx context.Context) error {
	var err error
	if c.recorder != nil {
		err = c.recorder.Close(ctx)
	}
	return errors.Join(err, c.ledger.Close(ctx))
}

// closeAfter closes c if err says that it was not composed.
func (c *clinic) closeAfter(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	return errors.Join(err, c.Close(ctx))
}

// closeWithin closes c whatever happened, and says what went wrong first.
func (c *clinic) closeWithin(patience time.Duration, err error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return errors.Join(err, c.Close(ctx))
}
