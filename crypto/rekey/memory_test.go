package rekey_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
)

const tenant = "clinic-a"

var errDown = errors.New("the source is down")

// memory is a Source of two cells a row. Hooks stand for other writers and for
// outages.
type memory struct {
	mu      sync.Mutex
	rows    [][][]byte
	before  func(i int)  // before row i is replaced
	fail    func() error // asked at every call
	refuses map[int]bool // rows that a constraint guards
	passed  map[int]bool // rows that the pages pass over
	replace int          // calls
	reads   int          // rows given out
}

func (m *memory) Tenant() string { return tenant }

func at(text string) int {
	n, err := strconv.Atoi(text)
	if text == "" || err != nil {
		return 0
	}
	return n
}

func (m *memory) page(ctx context.Context, after string, max int, want func(rekey.Row) bool) (rekey.Page, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failure(ctx); err != nil {
		return rekey.Page{}, err
	}
	var page rekey.Page
	for i := at(after); i < len(m.rows); i++ {
		if len(page.Rows) == max {
			page.Next = strconv.Itoa(i)
			return page, nil
		}
		if row := m.row(i); want(row) && !m.passed[i] {
			m.reads++
			page.Rows = append(page.Rows, row)
		}
	}
	return page, nil
}

func (m *memory) failure(ctx context.Context) error {
	if m.fail != nil {
		if err := m.fail(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (m *memory) row(i int) rekey.Row {
	row := rekey.Row{Position: strconv.Itoa(i)}
	for c, sealed := range m.rows[i] {
		row.Cells = append(row.Cells, rekey.Cell{Ref: ref(i, c), Sealed: sealed})
	}
	return row
}

func (m *memory) All(ctx context.Context, after string, max int) (rekey.Page, error) {
	return m.page(ctx, after, max, func(rekey.Row) bool { return true })
}

func (m *memory) Stale(ctx context.Context, current uint32, after string, max int) (rekey.Page, error) {
	return m.page(ctx, after, max, func(row rekey.Row) bool {
		for _, c := range row.Cells {
			if id, ok := crypto.KeyID(c.Sealed); c.Sealed != nil && (!ok || id != current) {
				return true
			}
		}
		return false
	})
}

func (m *memory) Census(ctx context.Context) (census rekey.Census, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.rows {
		census.Add(m.row(i))
	}
	return census, m.failure(ctx)
}

func (m *memory) Replace(ctx context.Context, changes []rekey.Change) ([]bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.replace++
	if err := m.failure(ctx); err != nil {
		return nil, err
	}
	for _, c := range changes {
		if m.refuses[at(c.Row.Position)] {
			return nil, fmt.Errorf("closed chart: %w", rekey.ErrRefused)
		}
	}
	changed := make([]bool, len(changes))
	for n, c := range changes {
		i := at(c.Row.Position)
		if m.before != nil {
			m.before(i)
		}
		changed[n] = m.swap(i, c)
	}
	return changed, nil
}

func (m *memory) swap(i int, c rekey.Change) bool {
	for n, fresh := range c.Sealed {
		if fresh != nil && !bytes.Equal(m.rows[i][n], c.Row.Cells[n].Sealed) {
			return false
		}
	}
	for n, fresh := range c.Sealed {
		if fresh != nil {
			m.rows[i][n] = bytes.Clone(fresh)
		}
	}
	return true
}

// kept is a Checkpoint in memory.
type kept struct {
	state []byte
	saves int
}

func (k *kept) Load(context.Context) ([]byte, error) { return k.state, nil }
func (k *kept) Save(_ context.Context, state []byte) error {
	if !json.Valid(state) {
		return errors.New("no JSON")
	}
	k.state, k.saves = bytes.Clone(state), k.saves+1
	return nil
}

func ref(row, cell int) crypto.Ref {
	return crypto.Ref{Tenant: tenant, Table: "patient", Column: [...]string{"name", "mrn"}[cell], Row: strconv.Itoa(row),
		Subject: crypto.SubjectOf(safeguard.NewPatient(fmt.Sprintf("Patient/%d", row%20)))}
}

func plain(row, cell int) string { return fmt.Sprintf("value %d of row %d", cell, row) }

// world is a tenant whose keyset can be rotated, and the stored rows.
type world struct {
	*crypto.Sealer
	t     testing.TB
	keys  cryptotest.Keys
	ring  []*crypto.Key
	store *cryptotest.Subjects
	src   *memory
}

func newWorld(t testing.TB, rows int) *world {
	t.Helper()
	w := &world{t: t, keys: cryptotest.Keys{}, store: cryptotest.NewSubjects(), src: &memory{}}
	w.rotate()
	var err error
	w.Sealer, err = crypto.New(w.keys, w.store, &crypto.Options{UnsafeUnaudited: true})
	require.NoError(t, err)
	for i := range rows {
		w.src.rows = append(w.src.rows, [][]byte{w.seal(i, 0), w.seal(i, 1)})
	}
	return w
}

// rotate adds a key and makes it the primary.
func (w *world) rotate() {
	id := uint32(len(w.ring) + 1)
	key, err := crypto.NewKey(id, bytes.Repeat([]byte{byte(id)}, 32))
	require.NoError(w.t, err)
	w.use(id, append(w.ring, key)...)
}

func (w *world) use(primary uint32, keys ...*crypto.Key) {
	ks, err := crypto.NewKeyset(primary, keys...)
	require.NoError(w.t, err)
	w.ring, w.keys[tenant] = keys, ks
}

func (w *world) seal(row, cell int) []byte {
	w.t.Helper()
	sealed, err := w.AppendSeal(w.t.Context(), nil, []byte(plain(row, cell)), ref(row, cell))
	require.NoError(w.t, err)
	return sealed
}

// requireAll checks that every cell opens to what was sealed, under key id.
func (w *world) requireAll(id uint32) {
	w.t.Helper()
	for i, row := range w.src.rows {
		for c, sealed := range row {
			if sealed == nil {
				continue
			}
			got, _ := crypto.KeyID(sealed)
			require.Equal(w.t, id, got)
			text, err := w.AppendOpen(w.t.Context(), nil, sealed, ref(i, c))
			require.NoError(w.t, err)
			require.Equal(w.t, plain(i, c), string(text))
		}
	}
}
