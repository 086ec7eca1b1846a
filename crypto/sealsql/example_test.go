package sealsql_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

// Patients' keys are in a table, sealed names in another, and the names are
// brought under a new tenant key.
//
// Controls: none, it is an example.
func Example() {
	dir, err := os.MkdirTemp("", "sealsql")
	must(err)
	defer os.RemoveAll(dir)                                         //nolint:errcheck // it is temporary
	db, err := sql.Open("sqlite", filepath.Join(dir, "example.db")) // in a service: pgx, and another database for the keys
	must(err)
	defer db.Close() //nolint:errcheck // it is temporary
	ctx := context.Background()

	subjects, err := sealsql.NewSubjects(db, sealsql.SQLite, nil)
	must(err)
	must(subjects.CreateTable(ctx))
	kek, err := keyset.CreateFileKEK(filepath.Join(dir, "kek.key")) // in a service: a key management service
	must(err)
	store, err := keyset.NewDirStore(filepath.Join(dir, "keysets"))
	must(err)
	ring, err := keyset.NewRing(store, kek, &keyset.Options{UnsafeSealAtOnce: true}) // one process
	must(err)
	must(ring.Create(ctx, "clinic"))
	sealer, err := crypto.New(ring, subjects, &crypto.Options{UnsafeUnaudited: true}) // a service keeps an account
	must(err)

	table, err := sealsql.ParseTable([]byte(`{
		"table":   "patient",
		"key":     ["id"],
		"tenant":  {"value": "clinic"},
		"subject": {"column": "id"},
		"columns": [{"column": "name"}]
	}`))
	must(err)
	indexes, err := table.Indexes(sealsql.SQLite)
	must(err)
	for _, statement := range append([]string{"CREATE TABLE patient (id TEXT PRIMARY KEY, name BLOB)"}, indexes...) {
		_, err := db.Exec(statement)
		must(err)
	}
	for id, name := range map[string]string{"ada": "Ada Lovelace", "bob": "Robert Fortune"} {
		place := crypto.Ref{Tenant: "clinic", Table: "patient", Column: "name", Row: id, Subject: crypto.SubjectOf(safeguard.NewPatient(id))}
		sealed, err := crypto.Seal(ctx, sealer, place, name)
		must(err)
		_, err = db.Exec("INSERT INTO patient VALUES ($1, $2)", id, sealed)
		must(err)
	}

	old, err := sealer.Current(ctx, "clinic")
	must(err)
	must(ring.Rotate(ctx, "clinic", old))
	rows, err := table.Source(db, sealsql.SQLite, "clinic")
	must(err)
	report, err := rekey.Rewrap(ctx, sealer, rows, nil)
	must(err)
	fmt.Println("rewrapped:", report.RowsChanged, report.Complete)
	report, err = rekey.Verify(ctx, sealer, rows, nil)
	must(err)
	fmt.Println("fresh:", report.Fresh, "stale:", report.Stale, report.SafeToDestroy(old))
	// Output:
	// rewrapped: 2 true
	// fresh: 2 stale: 0 <nil>
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
