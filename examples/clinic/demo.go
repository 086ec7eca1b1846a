package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

//go:embed demo.json
var demoJSON []byte

// A login is a member of the demonstration's staff.
type login struct{ name, role, password string }

// populate makes demonstration staff where there is none, or with new
// passwords where renew says so, and synthetic patients where there is none.
// It returns the logins that it made; nothing but their hashes is kept.
func (c *clinic) populate(ctx context.Context, renew bool) ([]login, error) {
	ctx = safeguard.WithPrincipal(ctx, safeguard.Principal{ID: "clinic-demo", Kind: safeguard.Service, Tenant: tenant})
	ctx, e := c.recorder.Begin(ctx, "job:demonstration-data", "")
	logins, err := c.populateIn(ctx, e, renew)
	outcome := audit.Completed
	if err != nil {
		outcome = audit.Aborted
	}
	e.End(outcome, 0, 0)
	return logins, err
}

func (c *clinic) populateIn(ctx context.Context, e *audit.Entry, renew bool) ([]login, error) {
	if err := c.addPatients(ctx, e); err != nil {
		return nil, fmt.Errorf("clinic: demonstration: patients: %w", err)
	}
	none, err := c.staff.empty(ctx)
	if err != nil || !none && !renew {
		return nil, err
	}
	e.SetAction("Staff", "set", safeguard.Operations)
	if err := e.Commit(ctx); err != nil {
		return nil, err
	}
	logins := []login{{"maria.osei", "clinician", ""}, {"june.park", "scheduler", ""}, {"tom.reyes", "biller", ""}}
	for i := range logins {
		logins[i].password = newPassword()
		err = errors.Join(err, c.staff.set(ctx, logins[i].name, logins[i].role, logins[i].password))
	}
	return logins, err
}

// addPatients seals the synthetic patients into an empty table. As with every
// write, the account of it comes first.
func (c *clinic) addPatients(ctx context.Context, e *audit.Entry) error {
	empty, err := c.store.empty(ctx)
	if err != nil || !empty {
		return err
	}
	var charts []chart
	if err := json.Unmarshal(demoJSON, &charts); err != nil {
		return err
	}
	e.SetAction("Patient", "add", safeguard.Operations)
	for i := range charts {
		charts[i].ID = strings.ToLower(rand.Text())
		e.AddPatient(safeguard.NewPatient(charts[i].ID))
	}
	if err := e.Commit(ctx); err != nil {
		return err
	}
	return c.store.addAll(ctx, charts)
}
