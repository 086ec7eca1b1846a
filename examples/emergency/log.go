package main

import (
	"context"
	"strings"
	"sync"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

func newRecorder(log audit.Log) (*audit.Recorder, error) {
	keys, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "1", Secret: random()})
	if err != nil {
		return nil, err
	}
	return audit.New(log, keys, nil)
}

// memory is a log for this example only: it survives nothing. A service uses
// package audit/ledger.
type memory struct {
	mu      sync.Mutex
	records []string
}

// Append keeps the records.
func (m *memory) Append(_ context.Context, records ...[]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range records {
		m.records = append(m.records, string(r))
	}
	return nil
}

// breakGlass returns the types of the records for the purpose of broken glass.
func (m *memory) breakGlass() (kinds []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.records {
		e, err := audit.ParseEvent([]byte(r))
		if err != nil || e.PurposeOfUse != string(safeguard.BreakGlass) || e.Type == audit.TypeEnded {
			continue
		}
		kind := strings.TrimSuffix(strings.TrimPrefix(e.Type, "io.github.safeguard-sdk.audit."), ".v1")
		kinds = append(kinds, strings.TrimSpace(kind+" "+e.Outcome))
	}
	return kinds
}
