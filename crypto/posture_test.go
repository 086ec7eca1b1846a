package crypto_test

import (
	"context"
	"crypto/fips140"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

// factKeys are Keys that say what keys there are.
type factKeys struct {
	crypto.Keys
	facts []crypto.KeyFact
	err   error
}

func (k *factKeys) KeyFacts(context.Context) ([]crypto.KeyFact, error) { return k.facts, k.err }

// newFactKeys returns Keys of tenantA with the facts of keys of the given
// ages in years, of which the first is the primary.
func newFactKeys(t *testing.T, ages ...int) *factKeys {
	t.Helper()
	keys, err := cryptotest.NewKeys(tenantA)
	require.NoError(t, err)
	ks, err := keys.Keyset(t.Context(), tenantA)
	require.NoError(t, err)
	out := &factKeys{Keys: keys}
	for i, age := range ages {
		out.facts = append(out.facts, crypto.KeyFact{
			Tenant: tenantA, ID: ks.Primary().ID() + uint32(i), Primary: i == 0, Enabled: true,
			Created: time.Now().AddDate(-age, 0, -1), Location: crypto.LocationSeparate,
		})
	}
	return out
}

// The posture compares ages with the cryptoperiods and says what is not known.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.402(2); NIST CSF 2.0 PR.DS-01.
func TestPostureOfKeys(t *testing.T) {
	keys := newFactKeys(t, 2, 1, 4, 5)
	keys.facts = append(keys.facts, crypto.KeyFact{Tenant: tenantA, ID: 77, Enabled: true},
		crypto.KeyFact{Tenant: tenantA, ID: 78, Created: time.Now().AddDate(-9, 0, 0)})
	s, err := crypto.New(keys, cryptotest.NewSubjects(), &crypto.Options{SealLimit: 1 << 13})
	require.NoError(t, err)
	seal(t, s, refOf(crypto.NoSubject()), "x")
	p, err := s.Posture(t.Context())
	require.NoError(t, err)
	require.True(t, p.Known)
	want := []crypto.KeyState{crypto.KeyRotate, crypto.KeyInPeriod, crypto.KeyInPeriod, crypto.KeyReseal, crypto.KeyAgeUnknown, crypto.KeyDisabled}
	for i, state := range want {
		require.Equal(t, state, p.Keys[i].State, i)
	}
	require.EqualValues(t, 2, p.Keys[0].Leased, "one block")
	require.EqualValues(t, 1<<13, p.Keys[0].Limit)
	require.True(t, p.Keys[0].Shared)
	require.Equal(t, "separate", p.Keys[0].KEK)
	require.Contains(t, p.String(), "rotate")
	require.Contains(t, p.String(), "2 of 8192 messages leased (all processes)")

	data, err := json.Marshal(p)
	require.NoError(t, err)
	var back crypto.Posture
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, p.String(), back.String())
}

// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestPostureCountsAlone(t *testing.T) {
	keys := newFactKeys(t, 0)
	s, err := crypto.New(keys, nil, nil)
	require.NoError(t, err)
	seal(t, s, refOf(crypto.NoSubject()), "x")
	p, err := s.Posture(t.Context())
	require.NoError(t, err)
	require.False(t, p.Keys[0].Shared)
	require.EqualValues(t, 1, p.Keys[0].Leased)
	require.Contains(t, p.String(), "this process alone")
}

// Keys that do not say which keys there are are not reported as none.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestPostureUnknown(t *testing.T) {
	keys := newFactKeys(t, 0)
	s, err := crypto.New(keys.Keys, nil, nil)
	require.NoError(t, err)
	p, err := s.Posture(t.Context())
	require.NoError(t, err)
	require.False(t, p.Known)
	require.Contains(t, p.String(), "not known")
	require.Len(t, p.Observations(), 1)

	keys.err = errors.New("outage")
	s, err = crypto.New(keys, nil, nil)
	require.NoError(t, err)
	_, err = s.Posture(t.Context())
	require.ErrorIs(t, err, keys.err)
}

// The observations carry no tenant.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestPostureObservations(t *testing.T) {
	s, err := crypto.New(newFactKeys(t, 2, 6), cryptotest.NewSubjects(), &crypto.Options{SealLimit: 1})
	require.NoError(t, err)
	seal(t, s, refOf(crypto.NoSubject()), "x")
	p, err := s.Posture(t.Context())
	require.NoError(t, err)
	observations := p.Observations()
	data, err := json.Marshal(observations)
	require.NoError(t, err)
	require.NotContains(t, string(data), tenantA)
	counters := observations[1].Counters
	require.EqualValues(t, 2, counters["keys"])
	require.EqualValues(t, 1, counters["keys.rotate"])
	require.EqualValues(t, 1, counters["keys.reseal"])
	require.Equal(t, p.Module.Statement(), observations[0].Statement)
}

// What is claimed of the module is what the build and the run have, in every
// build that the toolchain can make.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestPostureOfModule(t *testing.T) {
	if testing.Short() || raceEnabled || strings.Contains(os.Getenv("GODEBUG"), "fips140=") {
		t.Skip("builds programs")
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command")
	}
	for _, tc := range []struct {
		build, godebug string
		want           []string
		claims         bool
	}{
		{"off", "", []string{"off not validated false false", "not a validated module"}, false},
		{"off", "fips140=on", []string{"off not validated true false", "not a validated module"}, false},
		{"off", "fips140=only", []string{"off not validated true true", "not a validated module"}, false},
		{"latest", "", []string{"latest not validated true false", "not a validated module"}, false},
		{"v1.0.0", "", []string{"v1.0.0-c2097c7c validated true false", "held certificate CMVP #5247"}, true},
		{"v1.0.0", "fips140=off", []string{"v1.0.0-c2097c7c validated false false", "does not cover this run"}, false},
		{"v1.26.0", "", []string{"v1.26.0 in process true false", "had no certificate"}, false},
	} {
		name := tc.build + " " + tc.godebug
		cmd := exec.CommandContext(t.Context(), goTool, "run", "./testdata/posture")
		cmd.Env = append(os.Environ(), "GOFIPS140="+tc.build, "GODEBUG="+tc.godebug)
		out, err := cmd.CombinedOutput()
		if err != nil && strings.Contains(string(out), "unknown GOFIPS140 version") {
			t.Logf("the toolchain has no module %s", tc.build)
			continue
		}
		require.NoError(t, err, "%s: %s", name, out)
		for _, want := range tc.want {
			require.Contains(t, string(out), want, name)
		}
		require.Equal(t, tc.claims, strings.Contains(string(out), "runs in FIPS 140-3 mode"), name)
	}
}

// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestPostureOfThisRun(t *testing.T) {
	p, err := newFixture(t, nil).Posture(t.Context())
	require.NoError(t, err)
	require.Equal(t, fips140.Enabled(), p.Module.Enabled)
	require.Equal(t, fips140.Version(), p.Module.Version)
	require.NotEmpty(t, p.Module.AsOf)
}
