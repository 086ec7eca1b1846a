package pgstate_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// A process that comes back after days, of a machine that slept, gets a lease
// like any other, though the same statement forgets who was away so long.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestReplicaReturnsAfterDays(t *testing.T) {
	at := tables(t)
	s := open(t, at, nil)
	for _, id := range []string{"a", "gone"} {
		require.NoError(t, s.Renew(t.Context(), id, 7, time.Minute))
	}
	conn, err := pgx.Connect(t.Context(), at)
	require.NoError(t, err)
	defer conn.Close(t.Context()) //nolint:errcheck // has done its work
	_, err = conn.Exec(t.Context(), "UPDATE safeguard_access_replica SET until = until - interval '3 days'")
	require.NoError(t, err)
	require.NoError(t, s.Renew(t.Context(), "a", 3, time.Minute))
	live, _, err := s.Replicas(t.Context())
	require.NoError(t, err)
	require.Len(t, live, 1)
	require.Equal(t, "a", live[0].ID)
	var rows int
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM safeguard_access_replica").Scan(&rows))
	require.Equal(t, 1, rows)
}
