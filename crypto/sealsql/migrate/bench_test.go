package migrate_test

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/sealsql/migrate"
)

// What a migration adds to a transaction that writes one row: nothing, the
// guard for a release that knows nothing of it, and entering, with both columns
// written.
//
// Controls: none, it measures time.
func BenchmarkWrite(b *testing.B) {
	for _, phase := range []migrate.Phase{migrate.Planned, migrate.DualWrite} {
		c := newClinic(b, 100)
		c.forward(b, phase)
		b.Run(string(phase)+"/old release", func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, c.tx(b.Context(), func(tx *sql.Tx) error {
					_, err := tx.Exec("UPDATE patient SET name = md5(random()::text) WHERE id = 3")
					return err
				}))
			}
		})
		b.Run(string(phase)+"/entered", func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, c.write(b.Context(), 3, "Ada"))
			}
		})
	}
}

// Controls: none, it measures time.
func BenchmarkBackfill(b *testing.B) {
	const rows = 5_000
	c := newClinic(b, rows)
	for b.Loop() {
		b.StopTimer()
		if c.phase(b) != migrate.Planned {
			require.NoError(b, c.m.RollBack(b.Context()))
		}
		require.NoError(b, c.m.Prepare(b.Context()))
		b.StartTimer()
		_, err := c.names.Backfill(b.Context(), nil)
		require.NoError(b, err)
		_, err = c.names.Compare(b.Context(), nil)
		require.NoError(b, err)
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
