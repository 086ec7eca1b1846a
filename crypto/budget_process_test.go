package crypto_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// What a child of the tests below is told.
const (
	budgetDir     = "SAFEGUARD_BUDGET_DIR"
	budgetSubject = "SAFEGUARD_BUDGET_SUBJECT"
	budgetLimit   = "SAFEGUARD_BUDGET_LIMIT"
	budgetSeals   = "SAFEGUARD_BUDGET_SEALS"
	budgetKillAt  = "SAFEGUARD_BUDGET_KILL_AT"
)

// A killing store kills the process after the lease with the number at: it is
// durable, and nothing of it was used.
type killing struct {
	crypto.SubjectKeys
	name   func(string) bool
	at, by int
}

func (k *killing) Put(ctx context.Context, tenant, name string, old, record []byte) error {
	err := k.SubjectKeys.Put(ctx, tenant, name, old, record)
	if err == nil && k.name(name) {
		if k.by++; k.by == k.at {
			self, _ := os.FindProcess(os.Getpid())
			_ = self.Kill()
			select {}
		}
	}
	return err
}

// child runs a process that seals, and returns the heads of what it sealed,
// in hex.
func child(t *testing.T, dir, subject string, limit, seals, killAt int) []string {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestBudgetProcess$", "-test.v")
	cmd.Env = append(os.Environ(), budgetDir+"="+dir, budgetSubject+"="+subject, budgetLimit+"="+strconv.Itoa(limit),
		budgetSeals+"="+strconv.Itoa(seals), budgetKillAt+"="+strconv.Itoa(killAt))
	out, err := cmd.CombinedOutput()
	if killAt == 0 {
		require.NoError(t, err, string(out))
	} else {
		require.ErrorContains(t, err, "killed", string(out))
	}
	return regexp.MustCompile(`(?m)^sealed ([0-9a-f]{18})$`).FindAllString(string(out), -1)
}

// TestBudgetProcess is one process of the tests below. It seals until the
// limit, or as often as it is told.
func TestBudgetProcess(t *testing.T) {
	dir := os.Getenv(budgetDir)
	if dir == "" {
		t.Skip("runs as a child of other tests")
	}
	number := func(name string) int {
		n, err := strconv.Atoi(os.Getenv(name))
		require.NoError(t, err)
		return n
	}
	store, err := crypto.NewDirSubjects(dir)
	require.NoError(t, err)
	subject, lease := crypto.NoSubject(), func(name string) bool { return strings.HasPrefix(name, "budget") }
	if os.Getenv(budgetSubject) != "" {
		subject, lease = patient(1), func(name string) bool { return len(name) == 64 }
	}
	s := newSealer(t, newRing(t, 1), &killing{store, lease, number(budgetKillAt), 0}, crypto.Options{SealLimit: uint64(number(budgetLimit))})
	for range number(budgetSeals) {
		sealed, err := s.AppendSeal(t.Context(), nil, []byte("value"), refOf(subject))
		if err != nil {
			require.Equal(t, crypto.ErrLimit, err)
			return
		}
		fmt.Printf("sealed %s\n", hex.EncodeToString(sealed[:9]))
	}
}

// Processes that seal under one tenant key at once use all of its limit and
// no more. One that is killed between a lease and its use loses that lease.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestProcessesShareTheLimitOfATenantKey(t *testing.T) {
	kills, limit := soak(3, 40), soak(600, 8192)
	block := max(1, limit>>12)
	dir := filepath.Join(t.TempDir(), "keys")
	total := 0
	for range kills {
		got := child(t, dir, "", limit, limit, 4)
		require.Len(t, got, 3*block, "the fourth lease is lost")
		total += len(got)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			n := len(child(t, dir, "", limit, limit, 0))
			mu.Lock()
			defer mu.Unlock()
			total += n
		})
	}
	wg.Wait()
	require.Equal(t, limit-kills*block, total)
	t.Logf("soak: %d kills, limit of %d messages in blocks of %d", kills, limit, block)
}

// The same of a subject's key, whose versions take turns: no version seals
// more than its limit in all processes together.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestProcessesShareTheLimitOfASubjectKey(t *testing.T) {
	const limit = 100 // of the tenant key too, which wraps the versions
	seals := soak(200, 1500)
	dir := filepath.Join(t.TempDir(), "keys")
	values := map[string]int{}
	var mu sync.Mutex
	add := func(heads []string) {
		mu.Lock()
		defer mu.Unlock()
		for _, h := range heads {
			values[h]++
		}
	}
	add(child(t, dir, "patient", limit, seals, 5))
	var wg sync.WaitGroup
	for _, killAt := range []int{0, 0, 7} {
		wg.Go(func() { add(child(t, dir, "patient", limit, seals, killAt)) })
	}
	wg.Wait()
	total := 0
	for version, n := range values {
		require.LessOrEqual(t, n, limit, version)
		total += n
	}
	require.GreaterOrEqual(t, total, 2*seals)
	require.Greater(t, len(values), total/limit)
	t.Logf("soak: %d messages under %d versions of at most %d", total, len(values), limit)
}
