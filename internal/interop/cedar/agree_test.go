package cedar

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/internal/policygen"
)

// sources answers what a Guard asks as one drawn request says.
type sources struct{ now *policygen.Request }

func (s sources) failing(name string) error {
	if s.now.Failing(name) {
		return errors.New("down")
	}
	return nil
}

func (s sources) Roles(context.Context, safeguard.Principal) ([]string, error) {
	return s.now.Roles, s.failing("subjects")
}

func (s sources) Subject(context.Context, safeguard.Principal) (*access.Subject, error) {
	subject := &access.Subject{Active: !s.now.Suspended, Roles: s.now.Roles}
	if !s.now.Untrained {
		subject.Trained = map[string]time.Time{"hipaa": time.Now().Add(-24 * time.Hour)}
	}
	return subject, s.failing("subjects")
}

func (s sources) Relations(context.Context, safeguard.Principal, safeguard.Patient) ([]string, error) {
	return s.now.Relations, s.failing("relations")
}

func (s sources) Emergency(context.Context, safeguard.Principal, safeguard.Patient) (access.Emergency, error) {
	if !s.now.Emergency {
		return access.Emergency{}, s.failing("emergencies")
	}
	return access.Emergency{ID: "G-1", Until: time.Now().Add(time.Hour)}, s.failing("emergencies")
}

func (s sources) Consented(_ context.Context, id string, _ safeguard.Principal, _ *access.Request) (bool, error) {
	return slices.Contains(s.now.Consents, id), s.failing("consents")
}

func (s sources) Ready(safeguard.Principal) bool    { return !s.now.Exhausted }
func (s sources) Charge(safeguard.Principal, int)   {}
func (s sources) Permits(*access.Request) bool      { return !s.now.OutOfScope }
func (s sources) Filtered(string, string) bool      { return false }
func (s sources) Holds(string, string, []byte) bool { return true }

type condition struct {
	sources
	name string
}

func (c condition) Narrow(context.Context, safeguard.Principal, *access.Request) (bool, error) {
	return slices.Contains(c.now.Conditions, c.name), c.failing("conditions")
}

// guard returns a Guard over p that answers by *now.
func guard(tb testing.TB, p policygen.Policy, now *policygen.Request) *access.Guard {
	policy, err := access.ParsePolicy(p.JSON())
	if err != nil {
		tb.Fatal(err)
	}
	s, conditions := sources{now}, map[string]access.Condition{}
	for _, name := range policygen.Conditions() {
		conditions[name] = condition{s, name}
	}
	g, err := access.New(policy, &access.Options{
		Roles: s, Relationships: s, Emergencies: s, Consents: s, Throttle: s, Conditions: conditions,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

func decide(g *access.Guard, r policygen.Request) access.Decision {
	ctx := safeguard.WithPrincipal(context.Background(), safeguard.Principal{ID: "u", Kind: safeguard.Person, Tenant: r.CallerTenant})
	if r.Scoped {
		ctx = access.WithScope(ctx, sources{&r})
	}
	if r.Active != nil {
		ctx = access.WithActiveRoles(ctx, r.Active...)
	}
	request := access.Request{
		Resource: r.Resource, Action: r.Action, Purpose: safeguard.Purpose(r.Purpose), Tenant: r.Tenant,
		Labels: access.Labels{Confidentiality: r.Confidentiality, Sensitivity: r.Sensitivity},
	}
	if r.Patient {
		request.Patient = safeguard.NewPatient("MRN-1")
	}
	return g.Decide(ctx, request)
}

// cases is how many cases to try: SAFEGUARD_CASES, ten million where
// SAFEGUARD_SOAK is set, else a sample.
func cases() int {
	if n, err := strconv.Atoi(os.Getenv("SAFEGUARD_CASES")); err == nil && n > 0 {
		return n
	}
	if os.Getenv("SAFEGUARD_SOAK") != "" {
		return 10_000_000
	}
	return 20_000
}

const (
	shards            = 2
	requestsPerPolicy = 200
)

// On random policies and requests package access allows what cedar-go allows on
// the translated policy, by the same rules.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestDecideIsWhatCedarSays(t *testing.T) {
	n := cases()
	var tried, allowed atomic.Int64
	t.Run("shards", func(t *testing.T) {
		for shard := range shards {
			t.Run(strconv.Itoa(shard), func(t *testing.T) {
				t.Parallel()
				w := policygen.New(100 + uint64(shard))
				for i := 0; i < n/shards; i += requestsPerPolicy {
					agree(t, w, &tried, &allowed)
				}
			})
		}
	})
	if allowed.Load() < tried.Load()/50 {
		t.Fatalf("too few are allowed: %d of %d", allowed.Load(), tried.Load())
	}
	if n > 20_000 {
		fmt.Printf("soak: Decide agrees with cedar-go on %d cases, %d allowed\n", tried.Load(), allowed.Load())
	}
}

func agree(t *testing.T, w policygen.World, tried, allowed *atomic.Int64) {
	policy := w.Policy()
	var now policygen.Request
	g, cedar := guard(t, policy, &now), translate(t, policy)
	allows := map[string]bool{}
	for _, role := range policy.Roles {
		for _, r := range role.Rules {
			allows[r.ID] = !r.Deny
		}
	}
	for range requestsPerPolicy {
		now = w.Request()
		d := decide(g, now)
		want, permits := cedar.authorize(t, now)
		var mine []string
		for _, id := range d.Rules {
			if d.Allowed && allows[id] {
				mine = append(mine, id)
			}
		}
		if d.Allowed != want || !slices.Equal(mine, permits) {
			t.Fatalf("%+v\n decided %v %s %v\n cedar %v %v\n%s\n%s", now, d.Allowed, d.Code, mine, want, permits, policy.JSON(), cedar.set.MarshalCedar())
		}
		tried.Add(1)
		if want {
			allowed.Add(1)
		}
	}
}
