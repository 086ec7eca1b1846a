package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/stretchr/testify/require"
)

// A hello is what a child tells its parent once it serves.
type hello struct {
	Base     string
	Secrets  map[string]string
	Verifier string
}

// readers are the users of the kill test.
const readers = 4

// serveUntilKilled runs the service over dir and ends only when it is killed.
func serveUntilKilled(dir string) {
	roles := map[string][]string{}
	for i := range readers {
		roles[fmt.Sprint("reader-", i)] = []string{"clinician"}
	}
	people := newPeople(roles)
	err := func() error {
		h, err := open(context.Background(), dir, people, time.Minute)
		if err != nil {
			return err
		}
		s, err := serve(h.handler)
		if err != nil {
			return err
		}
		if err := json.NewEncoder(os.Stdout).Encode(hello{s.base, people.secrets, h.ledger.VerifierKey()}); err != nil {
			return err
		}
		select {}
	}()
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// Killed at any moment under load, the service has lost no record of an answer
// that somebody got, and its ledger opens and verifies.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestKillLosesNoAcknowledgedRecord(t *testing.T) {
	rounds := 50
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		rounds = 1000
	}
	dir := t.TempDir()
	people := newPeople(nil)
	h, err := open(t.Context(), dir, people, time.Minute)
	require.NoError(t, err)
	source, err := fs.Sub(patients, "patients")
	require.NoError(t, err)
	found, _, err := load(source)
	require.NoError(t, err)
	require.NoError(t, h.charts.put(t.Context(), found))
	require.NoError(t, h.close(t.Context()))

	acknowledged := map[string]int{}
	for round := range rounds {
		for user, n := range killedRound(t, dir, found[0].id, time.Duration(round%10+1)*3*time.Millisecond) {
			acknowledged[user] += n
		}
	}

	h, err = open(t.Context(), dir, people, time.Minute)
	require.NoError(t, err)
	defer h.close(t.Context())
	recorded, recoveries := map[string]int{}, 0
	for record, err := range h.ledger.Records(t.Context(), 0) {
		require.NoError(t, err)
		var sdk cloudevents.Event
		require.NoError(t, sdk.UnmarshalJSON(record.Data))
		require.NoError(t, sdk.Validate())
		var e audit.Event
		require.NoError(t, json.Unmarshal(record.Data, &e))
		recoveries += strings.Count(e.Type, "recovered")
		if !audit.IsAccess(e.Type) {
			continue
		}
		var a audit.Access
		require.NoError(t, json.Unmarshal(e.Data, &a))
		if a.Principal != nil && a.Action == "read" {
			recorded[a.Principal.ID]++
		}
	}
	total := 0
	for user, n := range acknowledged {
		require.GreaterOrEqual(t, recorded[user], n, user)
		total += n
	}
	require.Greater(t, total, rounds, "hardly anything was acknowledged")
	t.Logf("%d kills, %d answers, all recorded; %d recoveries", rounds, total, recoveries)
}

// killedRound starts a child, reads from it until it is killed, and returns
// how many whole answers each user got.
func killedRound(t *testing.T, dir, id string, life time.Duration) map[string]int {
	cmd := child(t, "serve", dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	var told hello
	require.NoError(t, json.NewDecoder(bufio.NewReader(out)).Decode(&told))

	var mu sync.Mutex
	got := map[string]int{}
	var first sync.Once
	var wg sync.WaitGroup
	for i := range readers {
		user := "reader-" + strconv.Itoa(i)
		wg.Go(func() {
			s := &server{base: told.Base, client: newClient()}
			defer s.client.CloseIdleConnections()
			token, err := s.signIn(&people{secrets: told.Secrets}, user)
			if err != nil {
				return
			}
			for {
				a, err := s.get("/Patient/"+id, token, string(safeguard.Treatment))
				if err != nil {
					return
				}
				if a.status != 200 {
					t.Errorf("status %d", a.status)
					return
				}
				mu.Lock()
				got[user]++
				mu.Unlock()
				first.Do(func() { time.AfterFunc(life, func() { _ = cmd.Process.Kill() }) })
			}
		})
	}
	wg.Wait()
	require.Error(t, cmd.Wait(), "it was to be killed")
	verdict, err := ledger.Verify(t.Context(), filepath.Join(dir, "ledger"), told.Verifier, nil)
	require.NoError(t, err)
	require.True(t, verdict.OK, verdict.String())
	return got
}
