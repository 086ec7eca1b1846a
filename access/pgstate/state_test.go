package pgstate_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access/pgstate"
	"github.com/safeguard-sdk/safeguard/access/state"
	"github.com/safeguard-sdk/safeguard/access/statetest"
)

// PostgreSQL keeps the contract of a State.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestConformance(t *testing.T) {
	statetest.Run(t, func(t *testing.T) state.State { return open(t, tables(t), nil) })
}

// What a State cannot be made of is refused.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestOptionsAreChecked(t *testing.T) {
	_, err := pgstate.New(nil, nil)
	require.ErrorIs(t, err, pgstate.ErrOptions)
	p := pool(t, "postgres://nobody@127.0.0.1:1/none")
	for _, d := range []time.Duration{-1, time.Millisecond, time.Hour} {
		_, err = pgstate.New(p, &pgstate.Options{Timeout: d})
		require.ErrorIs(t, err, pgstate.ErrOptions)
	}
}

// Two processes see each other's facts and leases, and one hears of the other
// without looking.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestTwoProcesses(t *testing.T) {
	at := tables(t)
	a, b := open(t, at, nil), open(t, at, nil)
	heard := make(chan error, 1)
	go func() { heard <- b.Wait(t.Context(), 0) }()
	last, err := a.Append(t.Context(), 0, fact("a"))
	require.NoError(t, err)
	require.NoError(t, <-heard)
	_, err = b.Append(t.Context(), 0, fact("b"))
	require.ErrorIs(t, err, state.ErrMoved)
	_, err = b.Append(t.Context(), last, fact("b"))
	require.NoError(t, err)
	require.NoError(t, b.Renew(t.Context(), "b", 2, time.Minute))
	live, _, err := a.Replicas(t.Context())
	require.NoError(t, err)
	require.Len(t, live, 1)
}

// The tables can be made twice, and the program's role can add facts and do
// nothing else to them. Not even their owner can change one by mistake.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(c)(1); NIST CSF 2.0 PR.AA-05, PR.DS-01.
func TestFactsAreKept(t *testing.T) {
	at := tables(t)
	require.NoError(t, pgstate.CreateTables(t.Context(), pool(t, at)))
	s := open(t, at, nil)
	_, err := s.Append(t.Context(), 0, fact("a"))
	require.NoError(t, err)
	for _, sql := range []string{
		"UPDATE safeguard_access_fact SET kind = 'b'", "DELETE FROM safeguard_access_fact", "TRUNCATE safeguard_access_fact",
	} {
		require.ErrorContains(t, try(at, sql), "never changed", sql)
	}
	facts, err := s.Since(t.Context(), 0, 5)
	require.NoError(t, err)
	require.Equal(t, "a", facts[0].Kind)
}

// The privileges that the documentation grants are enough, and there are no
// others.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestPrivileges(t *testing.T) {
	at := tables(t)
	c, err := pgx.ParseConfig(at)
	require.NoError(t, err)
	schema := c.RuntimeParams["search_path"]
	role := schema + "_program"
	for _, sql := range []string{
		"CREATE ROLE " + role, "GRANT USAGE ON SCHEMA " + schema + " TO " + role,
		"GRANT SELECT, INSERT ON safeguard_access_fact TO " + role,
		"GRANT SELECT, INSERT, UPDATE, DELETE ON safeguard_access_replica TO " + role,
	} {
		statement(t, at, sql)
	}
	t.Cleanup(func() { statement(t, at, "DROP OWNED BY "+role); statement(t, at, "DROP ROLE "+role) })
	as := at + "&role=" + role
	s := open(t, as, nil)
	_, err = s.Append(t.Context(), 0, fact("a"))
	require.NoError(t, err)
	require.NoError(t, s.Renew(t.Context(), "r", 1, time.Minute))
	_, err = s.Since(t.Context(), 0, 1)
	require.NoError(t, err)
	require.NoError(t, s.Wait(t.Context(), 0))
	require.NoError(t, s.Leave(t.Context(), "r"))
	for _, sql := range []string{"UPDATE safeguard_access_fact SET kind = 'b'", "DELETE FROM safeguard_access_fact"} {
		require.ErrorContains(t, try(as, sql), "permission denied", sql)
	}
}

// No text of the server gets into an error.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestErrorsHaveCodesOnly(t *testing.T) {
	s := open(t, address(t), nil) // without tables
	_, err := s.Append(t.Context(), 0, fact("a"))
	server, ok := errors.AsType[*pgstate.ServerError](err)
	require.True(t, ok)
	require.Equal(t, "42P01", server.Code)
	require.NotContains(t, err.Error(), "safeguard_access_fact")
	require.Equal(t, "pgstate: append: the server reports SQLSTATE 42P01", err.Error())
}

// A server that nobody answers at costs the timeout and no more, and a State
// that is closed does not wait.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestNothingHangs(t *testing.T) {
	p := pool(t, "postgres://nobody@127.0.0.1:1/none")
	s, err := pgstate.New(p, &pgstate.Options{Timeout: 50 * time.Millisecond})
	require.NoError(t, err)
	_, err = s.Append(t.Context(), 0, fact("a"))
	require.Error(t, err)
	require.Error(t, s.Wait(t.Context(), 0))
	_, _, err = s.Replicas(t.Context())
	require.Error(t, err)

	s = open(t, tables(t), nil)
	ended := make(chan error, 1)
	go func() { ended <- s.Wait(context.Background(), 0) }()
	s.Close()
	require.Error(t, <-ended)
	require.Error(t, s.Wait(t.Context(), 0))
	_, err = s.Append(t.Context(), 0, fact("a"))
	require.NoError(t, err, "the rest can still be used")
}
