package pgsink_test

import (
	"context"
	"crypto"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/pgsink"
	"github.com/safeguard-sdk/safeguard/audit/relay"
)

// A service without a disk that lasts commits its records in PostgreSQL before
// it answers.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func ExampleOpenLog() {
	serve := func(ctx context.Context, url string, key crypto.Signer, tokens audit.Tokens) error {
		config, err := pgx.ParseConfig(url)
		if err != nil {
			return err
		}
		l, err := pgsink.OpenLog(ctx, config, "clinic.example/charts/3", key, nil)
		if err != nil {
			return err // another instance writes it, the server is unsafe, the log is damaged
		}
		recorder, err := audit.New(l, tokens, nil)
		if err != nil {
			return errors.Join(err, l.Close(ctx))
		}
		// ... http.ListenAndServe(address, recorder.Handler(mux)) ...
		_ = recorder
		return l.Close(ctx)
	}
	_ = serve
}

// A row and its record are committed together; the record is carried on later.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func ExampleOutbox() {
	discharge := func(ctx context.Context, db *pgxpool.Pool, o *pgsink.Outbox, stay int64, record []byte) error {
		tx, err := db.Begin(ctx)
		if err != nil {
			return err
		}
		defer tx.Rollback(ctx) //nolint:errcheck // an error or nothing to do
		if _, err := tx.Exec(ctx, "UPDATE stay SET ended = now() WHERE id = $1", stay); err != nil {
			return err
		}
		if err := o.Append(ctx, tx, "stay", record); err != nil {
			return err
		}
		return tx.Commit(ctx)
	}
	_ = discharge
}

// Another log's records are copied into a table, with the position beside them.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func ExampleSink() {
	copyTo := func(ctx context.Context, db *pgxpool.Pool, source relay.Source) error {
		s, err := pgsink.NewSink(db, "charts/3")
		if err != nil {
			return err
		}
		r, err := relay.New(source, s, nil, nil)
		if err != nil {
			return err
		}
		return r.Run(ctx)
	}
	_ = copyTo
}
