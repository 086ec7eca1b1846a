package sealsql_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

// A misspelt name of a description is in the error, and nothing else of what
// the database said.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestErrorsNameWhatIsMisspelt(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		db := at.open(t)
		run(t, db, "CREATE TABLE patient (id INTEGER PRIMARY KEY, clinic TEXT, mrn "+map[sealsql.Dialect]string{sealsql.SQLite: "BLOB", sealsql.Postgres: "BYTEA"}[at.dialect]+")")
		good := sealsql.Table{
			Table: "patient", Key: []string{"id"}, Tenant: sealsql.Tenant{Column: "clinic"},
			Subject: sealsql.Owner{Column: "id"}, Columns: []sealsql.Column{{Column: "mrn"}},
		}
		for name, spoil := range map[string]func(*sealsql.Table){
			"pateint": func(d *sealsql.Table) { d.Table = "pateint" },
			"idd":     func(d *sealsql.Table) { d.Key = []string{"idd"} },
			"ro":      func(d *sealsql.Table) { d.Row = []string{"ro"} },
			"clinc":   func(d *sealsql.Table) { d.Tenant.Column = "clinc" },
			"owner":   func(d *sealsql.Table) { d.Subject.Column = "owner" },
			"nrm":     func(d *sealsql.Table) { d.Columns = []sealsql.Column{{Column: "nrm"}} },
		} {
			bad := good
			spoil(&bad)
			source, err := bad.Source(db, at.dialect, tenant)
			require.NoError(t, err)
			_, err = source.All(t.Context(), "", 10)
			require.Regexp(t, `^sealsql: source: all: (SQLSTATE 42\w{3}|SQLite error 1) about `+name+"$", err.Error())
		}
		source, err := good.Source(db, at.dialect, tenant)
		require.NoError(t, err)
		_, err = source.All(t.Context(), "", 10)
		require.NoError(t, err)
		require.NoError(t, db.Close())
		_, err = source.All(t.Context(), "", 10)
		require.NotContains(t, err.Error(), "about")
	})
}
