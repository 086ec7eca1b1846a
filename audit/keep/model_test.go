package keep

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	mrand "math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// Over random operations, in a time of their own, nothing goes that is younger
// than six years or held, and after every pruning every later proof holds. The
// model knows records and holds by itself, and asks nothing of the keeper.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestModel(t *testing.T) {
	runs, ops := 1, 300
	if soak() {
		runs, ops = 20, 5_000
	}
	var pruned, refused atomic.Uint64
	t.Run("runs", func(t *testing.T) {
		for seed := range runs {
			t.Run(strconv.Itoa(seed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					m := newModel(t, uint64(seed), max(2, ops/600))
					for range ops {
						m.step()
					}
					m.settle()
					pruned.Add(m.floor)
					refused.Add(m.refused)
				})
			})
		}
	})
	require.NotZero(t, pruned.Load(), "something went")
	if soak() {
		t.Logf("soak: keep model: %d operations, %d records pruned, %d prunings with nothing to do, 0 too early, 0 held, all proofs held",
			runs*ops, pruned.Load(), refused.Load())
	}
}

// A modelRecord is what the model knows of one record.
type modelRecord struct {
	created, expiry time.Time
	patient, actor  string
	set             string // the case of a hold that it sets
}

type model struct {
	*house
	t       *testing.T
	rng     *mrand.Rand
	pace    int // one in so many operations lets time pass, in thirds
	records []modelRecord
	holds   map[string]Hold
	floor   uint64
	kept    []ledger.Kept
	refused uint64
	cases   int
}

func newModel(t *testing.T, seed uint64, pace int) *model {
	m := &model{t: t, rng: mrand.New(mrand.NewPCG(seed, 3)), holds: map[string]Hold{}, pace: pace,
		house: &house{segment: 4 << 10, dir: filepath.Join(t.TempDir(), "ledger"), options: &Options{MaxGap: maxGap, MaxSpan: 3 * 366 * day}, noter: &noter{}}}
	if soak() {
		m.segment = 16 << 10
	}
	m.open(t)
	return m
}

// sync takes in what stands in the ledger behind what the model knows: records
// that the ledger wrote by itself.
func (m *model) sync() {
	for r, err := range m.ledger.Records(m.t.Context(), max(uint64(len(m.records)), m.floor)) {
		require.NoError(m.t, err)
		require.EqualValues(m.t, len(m.records), r.Index)
		m.records = append(m.records, modelRecord{created: time.Now()})
	}
}

func (m *model) step() {
	m.sync()
	switch n := m.rng.IntN(100); {
	case n < 60 || m.rng.IntN(m.pace) > 0 && n < 85:
		m.append()
	case n < 85:
		m.wait()
	case n < 89:
		m.hold()
	case n < 93:
		m.release()
	case n < 98:
		m.prune()
	default:
		m.prove()
	}
}

func (m *model) append() {
	for range 1 + m.rng.IntN(4) {
		r := modelRecord{created: time.Now(), patient: fmt.Sprintf("p1.%d", m.rng.IntN(8)), actor: fmt.Sprintf("user-%d", m.rng.IntN(5))}
		if m.rng.IntN(300) == 0 {
			r.expiry = time.Now().Add(time.Duration(m.rng.IntN(9*366)) * day)
		}
		data, err := json.Marshal(map[string]any{"principal": map[string]string{"id": r.actor}, "patients": []string{r.patient}})
		require.NoError(m.t, err)
		b, err := audit.Event{ID: rand.Text(), Source: "urn:test", Type: audit.TypeRead, Time: r.created, ExpiryTime: r.expiry, Data: data}.Append(nil)
		require.NoError(m.t, err)
		require.NoError(m.t, m.ledger.Append(m.t.Context(), b))
		m.records = append(m.records, r)
	}
}

// wait lets up to a quarter pass while the ledger is closed; now and then years,
// as if somebody had set the clock.
func (m *model) wait() {
	d := time.Duration(60+m.rng.IntN(31)) * day
	if m.rng.IntN(20) == 0 {
		d = 3 * 366 * day
	}
	m.close(m.t)
	time.Sleep(d)
	m.open(m.t)
	m.kept = append(m.kept, ledger.Kept{Name: "w", Note: m.ledger.Checkpoint().Note})
	if len(m.kept) > 20 {
		m.kept = slices.Delete(m.kept, 3, 4)
	}
}

func (m *model) hold() {
	m.cases++
	h := Hold{Case: fmt.Sprintf("case-%d", m.cases)}
	for range 1 + m.rng.IntN(2) {
		switch m.rng.IntN(3) {
		case 0:
			h.Patients = append(h.Patients, fmt.Sprintf("p1.%d", m.rng.IntN(8)))
		case 1:
			h.Actors = append(h.Actors, fmt.Sprintf("user-%d", m.rng.IntN(5)))
		case 2:
			h.From = time.Now().Add(-time.Duration(m.rng.IntN(8*366)) * day)
			h.To = h.From.Add(time.Duration(m.rng.IntN(200)) * day)
		}
	}
	m.records = append(m.records, modelRecord{created: time.Now(), set: h.Case})
	_, err := m.keeper.SetHold(as(m.t.Context(), "counsel"), h, "test")
	require.NoError(m.t, err)
	m.holds[h.Case] = h
}

func (m *model) release() {
	for name := range m.holds {
		if m.rng.IntN(4) == 0 && len(m.holds) < 3 {
			continue
		}
		m.records = append(m.records, modelRecord{created: time.Now()})
		_, err := m.keeper.ReleaseHold(as(m.t.Context(), "counsel"), name, "test")
		require.NoError(m.t, err)
		delete(m.holds, name)
	}
}

// prune lets the keeper prune, and looks at every record that is gone.
func (m *model) prune() {
	p, err := m.keeper.Plan(m.t.Context())
	require.NoError(m.t, err)
	if p.Records == 0 {
		m.refused++
		return
	}
	a, err := Approve(as(m.t.Context(), "ada"), p)
	require.NoError(m.t, err)
	done, err := m.keeper.Prune(as(m.t.Context(), "bob"), p, a)
	require.NoError(m.t, err)
	require.Equal(m.t, m.floor, done.From)
	for i := done.From; i < done.Floor; i++ {
		m.mayGo(i)
	}
	m.floor = done.Floor
	m.sync()
	m.prove()
}

// mayGo fails the test if a record went that had to stay.
func (m *model) mayGo(i uint64) {
	r := m.records[i]
	sixth := time.Date(r.created.Year()+6, r.created.Month(), r.created.Day(), r.created.Hour(), r.created.Minute(), 0, 0, time.UTC)
	require.True(m.t, time.Now().After(sixth), "record %d is younger than six years", i)
	require.False(m.t, r.expiry.After(time.Now()), "record %d was to be kept longer", i)
	for name, h := range m.holds {
		held := (len(h.Patients) == 0 || slices.Contains(h.Patients, r.patient)) && (len(h.Actors) == 0 || slices.Contains(h.Actors, r.actor)) &&
			(h.From.IsZero() || !r.created.Before(h.From)) && (h.To.IsZero() || !r.created.After(h.To))
		require.False(m.t, held || r.set == name, "record %d is held by %s", i, name)
	}
}

// prove verifies all, with every checkpoint that was kept, and proves a record
// and an old checkpoint.
func (m *model) prove() {
	v := m.verify(m.t, m.kept...)
	require.Equal(m.t, m.floor, v.Floor)
	reader, err := ledger.OpenReader(m.dir)
	require.NoError(m.t, err)
	defer reader.Close()
	if v.Checkpoint.Size > m.floor {
		p, err := reader.Prove(m.t.Context(), m.key, m.floor+m.rng.Uint64N(v.Checkpoint.Size-m.floor))
		require.NoError(m.t, err)
		require.NoError(m.t, p.Verify(m.key))
	}
	if len(m.kept) == 0 {
		return
	}
	old, err := ledger.ParseCheckpoint(m.kept[m.rng.IntN(len(m.kept))].Note, m.key)
	require.NoError(m.t, err)
	c, err := reader.ProveConsistency(m.t.Context(), m.key, old)
	require.NoError(m.t, err)
	require.NoError(m.t, c.Verify(m.key))
}

// settle releases everything, lets the years pass, and sees that what is left
// of the first years goes.
func (m *model) settle() {
	m.release()
	m.release()
	for range 6*4 + 14 {
		m.append()
		m.wait()
		m.sync()
	}
	m.prune()
	m.close(m.t)
}
