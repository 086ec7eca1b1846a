package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// errNoChart reports a patient without a chart.
var errNoChart = errors.New("quickstart: charts: no such patient")

// charts keeps every chart in two sealed files, what identifies the patient
// apart from the record, under names that say nothing. The catalogue that
// leads from a patient to the files is sealed as well.
type charts struct {
	dir    string
	sealer *crypto.Sealer

	mu   sync.RWMutex
	rows map[string]string // by patient id
}

// The columns of a chart.
const (
	columnPatient = "patient"
	columnRecord  = "record"
)

var catalogueRef = crypto.Ref{Tenant: tenant, Table: "charts", Column: "catalogue", Row: "1", Subject: crypto.NoSubject()}

func openCharts(ctx context.Context, dir string, sealer *crypto.Sealer) (*charts, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("quickstart: charts: %w", err)
	}
	c := &charts{dir: dir, sealer: sealer, rows: map[string]string{}}
	sealed, err := os.ReadFile(c.catalogue())
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("quickstart: charts: %w", err)
	}
	plain, err := sealer.AppendOpen(ctx, nil, sealed, catalogueRef)
	if err != nil {
		return nil, fmt.Errorf("quickstart: charts: catalogue: %w", err)
	}
	if json.Unmarshal(plain, &c.rows) != nil {
		return nil, errors.New("quickstart: charts: catalogue: malformed")
	}
	return c, nil
}

func (c *charts) catalogue() string { return filepath.Join(c.dir, "catalogue.sealed") }

func (c *charts) path(row, column string) string {
	return filepath.Join(c.dir, row+"."+column+".sealed")
}

func ref(row, column string, p safeguard.Patient) crypto.Ref {
	return crypto.Ref{Tenant: tenant, Table: "charts", Column: column, Row: row, Subject: crypto.SubjectOf(p)}
}

// put seals and stores charts; one of the same patient replaces the earlier.
func (c *charts) put(ctx context.Context, all []chart) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, chart := range all {
		row, known := c.rows[chart.id]
		if !known {
			row = rand.Text()
		}
		p := safeguard.NewPatient(chart.id)
		for column, plain := range map[string][]byte{columnPatient: chart.patient, columnRecord: chart.record} {
			sealed, err := c.sealer.AppendSeal(ctx, nil, plain, ref(row, column, p))
			if err != nil {
				return err
			}
			if err := writeFile(c.path(row, column), sealed); err != nil {
				return fmt.Errorf("quickstart: charts: %w", err)
			}
		}
		c.rows[chart.id] = row
	}
	plain, err := json.Marshal(c.rows)
	if err != nil {
		return errors.New("quickstart: charts: catalogue")
	}
	sealed, err := c.sealer.AppendSeal(ctx, nil, plain, catalogueRef)
	if err != nil {
		return err
	}
	return writeFile(c.catalogue(), sealed)
}

// get opens one column of a chart. The request's audit Entry notes it.
func (c *charts) get(ctx context.Context, id, column string) ([]byte, error) {
	c.mu.RLock()
	row, known := c.rows[id]
	c.mu.RUnlock()
	if !known {
		return nil, errNoChart
	}
	sealed, err := os.ReadFile(c.path(row, column))
	if err != nil {
		return nil, fmt.Errorf("quickstart: charts: %w", err)
	}
	return c.sealer.AppendOpen(ctx, nil, sealed, ref(row, column, safeguard.NewPatient(id)))
}

// lying returns a chart as it lies on disk, for the demonstration.
func (c *charts) lying(id string) (path string, sealed []byte, err error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	path = c.path(c.rows[id], columnPatient)
	sealed, err = os.ReadFile(path)
	return path, sealed, err
}

func (c *charts) len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.rows)
}
