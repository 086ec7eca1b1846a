package workforce

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/memstate"
	"github.com/safeguard-sdk/safeguard/access/state"
	"github.com/safeguard-sdk/safeguard/audit"
)

// why is an act of an administrator.
var why = Act{By: person("admin"), Reason: "as asked for", Ticket: "T-1"}

func person(id string) safeguard.Principal {
	return safeguard.Principal{ID: id, Kind: safeguard.Person, Tenant: "mercy", Method: "test"}
}

// newRegistry returns a Registry that does not run yet.
func newRegistry(t testing.TB, s state.State, opts *Options) *Registry {
	t.Helper()
	r, err := New(s, opts)
	require.NoError(t, err)
	return r
}

// start runs r until the test ends.
func start(t testing.TB, r *Registry) (stop func()) {
	t.Helper()
	require.NoError(t, r.AddCutter(&hook{}))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx) //nolint:errcheck // the context's
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

// live starts r and waits until it decides. It is for use within synctest.
func live(t testing.TB, s state.State, opts *Options, cutters ...Cutter) *Registry {
	t.Helper()
	r := newRegistry(t, s, opts)
	for _, c := range cutters {
		require.NoError(t, r.AddCutter(c))
	}
	start(t, r)
	synctest.Wait()
	require.NoError(t, r.alive(time.Now()))
	return r
}

// hire opens accounts.
func hire(t testing.TB, r *Registry, ids ...string) {
	t.Helper()
	for _, id := range ids {
		require.NoError(t, r.Open(t.Context(), Opening{Tenant: "mercy", Account: id}, why))
	}
}

func fire(id string) Termination {
	return Termination{Tenant: "mercy", Account: id, By: person("admin"), Reason: "left", Ticket: "T-2"}
}

// allowed reports whether an account is active.
func allowed(r *Registry, id string) bool {
	s, err := r.Subject(context.Background(), person(id))
	return err == nil && s != nil && s.Active
}

// A hook is a Cutter and a Revoker that notes who was ended, and fails if told.
type hook struct {
	mu      sync.Mutex
	cut     []string
	revoked []string
	all     int
	fail    error
}

func (h *hook) Cut(ctx context.Context, tenant, id string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cut = append(h.cut, tenant+"/"+id)
	return ctx.Err()
}

func (h *hook) CutAll(context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all++
	return nil
}

func (h *hook) Revoke(ctx context.Context, tenant, id string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.revoked = append(h.revoked, tenant+"/"+id)
	return errors.Join(ctx.Err(), h.fail)
}

func (h *hook) set(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fail = err
}

func (h *hook) counts() (cut, revoked, all int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.cut), len(h.revoked), h.all
}

var errDown = errors.New("the state cannot be reached")

// A line is a State that can be cut off, and that can lose its answers.
type line struct {
	state.State
	mu   sync.Mutex
	down bool
	// lose is how many Appends are carried out without an answer.
	lose int
}

func (l *line) cutOff(down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = down
}

func (l *line) err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return errDown
	}
	return nil
}

func (l *line) Append(ctx context.Context, after uint64, facts ...state.Fact) (uint64, error) {
	if err := l.err(); err != nil {
		return 0, err
	}
	last, err := l.State.Append(ctx, after, facts...)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil && l.lose > 0 {
		l.lose--
		return 0, errDown
	}
	return last, err
}

func (l *line) Since(ctx context.Context, after uint64, limit int) ([]state.Fact, error) {
	if err := l.err(); err != nil {
		return nil, err
	}
	return l.State.Since(ctx, after, limit)
}

func (l *line) Wait(ctx context.Context, after uint64) error {
	if err := l.err(); err != nil {
		return err
	}
	return l.State.Wait(ctx, after)
}

func (l *line) Renew(ctx context.Context, replica string, acknowledged uint64, lease time.Duration) error {
	if err := l.err(); err != nil {
		return err
	}
	return l.State.Renew(ctx, replica, acknowledged, lease)
}

func (l *line) Replicas(ctx context.Context) ([]state.Replica, time.Time, error) {
	if err := l.err(); err != nil {
		return nil, time.Time{}, err
	}
	return l.State.Replicas(ctx)
}

func (l *line) Leave(ctx context.Context, replica string) error {
	if err := l.err(); err != nil {
		return err
	}
	return l.State.Leave(ctx, replica)
}

// A notebook is an audit log that keeps types, and fails if told.
type notebook struct {
	mu    sync.Mutex
	types []string
	fail  error
}

func (n *notebook) Record(_ context.Context, x audit.Notice) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fail != nil {
		return "", n.fail
	}
	n.types = append(n.types, x.Type)
	return "id", nil
}

func memory() *line { return &line{State: memstate.New()} }
