package audit_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/stretchr/testify/require"
)

// Whatever many goroutines do at once to many entries, no record shows what
// belongs into another entry, no id stands twice, and the ends count right.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestStormOfNotesMixesNothing(t *testing.T) {
	rec, log := recorder(t, &audit.Options{Deadline: 10 * time.Minute})
	want := map[string]string{} // entry to the token of its patient
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			ctx, e := rec.In(audit.Mode(i%3)).Begin(safeguard.WithPrincipal(context.Background(), nurse), "job", "192.0.2.1")
			p := safeguard.NewPatient(fmt.Sprint("MRN-", 1e8+i))
			mu.Lock()
			want[e.ID()] = tokens(t).FindPatient("clinic", p)[0]
			mu.Unlock()
			storm(ctx, e, p)
			_ = e.Commit(ctx)
			e.End(audit.Completed, 0, 0)
		})
	}
	wg.Wait()
	require.NoError(t, rec.Close(t.Context()))
	ids, parts := map[string]bool{}, map[string]int{}
	for _, e := range audittest.Events(t, log.Records()) {
		require.False(t, ids[e.ID], "an id that stands twice")
		ids[e.ID] = true
		if !audit.IsAccess(e.Type) || e.Type == audit.TypeIntent {
			continue
		}
		a, err := e.Access()
		require.NoError(t, err)
		parts[a.Entry]++
		for _, p := range a.Patients {
			require.Equal(t, want[a.Entry], p)
		}
	}
	ends := audittest.Data[audit.Ended](t, log.Records(), audit.TypeEnded)
	require.Len(t, ends, 24)
	for _, e := range ends {
		require.Equal(t, parts[e.Entry], e.Parts)
	}
}

// storm does everything to e at once.
func storm(ctx context.Context, e *audit.Entry, p safeguard.Patient) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for g := range 6 {
		wg.Go(func() {
			for k := range 20 {
				switch (g + k) % 6 {
				case 0:
					who := nurse
					who.ID = fmt.Sprint("u-", g%3)
					e.SetPrincipal(who)
				case 1:
					_ = e.NoteOpened("patients", fmt.Sprint("column", k), p)
				case 2:
					e.SetDecision(audit.Decision{Allowed: true, Rules: []string{"r1"}})
				case 3:
					e.NoteFields(fmt.Sprint("field", k))
				default:
					_ = e.Commit(ctx)
				}
			}
		})
	}
}

// keeper is a log that gives up at the deadline while it is still at work with
// the records that it got.
type keeper struct {
	mu   sync.Mutex
	kept [][][]byte
}

func (l *keeper) Append(ctx context.Context, records ...[]byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, records)
	if len(l.kept) == 1 {
		<-ctx.Done()
	}
	return ctx.Err()
}

// A log that gave up still sees its own records, and never those of another
// request in their place.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestLogThatGaveUpSeesNoOtherRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(keeper)
		rec, err := audit.New(log, tokens(t), &audit.Options{Deadline: time.Second})
		require.NoError(t, err)
		defer rec.Close(context.Background())
		for i := range 20 {
			_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), fmt.Sprint("job-", i), "")
			err := e.Commit(t.Context())
			require.Equal(t, i == 0, err != nil)
		}
		require.Contains(t, string(log.kept[0][0]), `"job-0"`)
	})
}

// awkward makes tokens of which every character has to be escaped.
type awkward struct{}

func (awkward) Patient(_ context.Context, _ string, p safeguard.Patient) (string, error) {
	n := binary.BigEndian.Uint64([]byte(p.Reveal()))
	return strings.NewReplacer("0", `\`, "1", `"`).Replace(fmt.Sprintf("%0128b", n)), nil
}
func (awkward) Source(context.Context, string) (string, error) { return `"`, nil }

// Tokens of a program's own fit into records whatever they are made of.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestAwkwardTokensFitIntoRecords(t *testing.T) {
	log := audittest.NewLog()
	rec, err := audit.New(log, awkward{}, nil)
	require.NoError(t, err)
	defer rec.Close(context.Background())
	_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "192.0.2.1")
	for i := range 1000 {
		e.AddPatient(safeguard.NewPatient(fmt.Sprintf("p%07d", i)))
	}
	require.NoError(t, e.Commit(t.Context()))
	n := 0
	for _, a := range audittest.Accesses(t, log.Records()) {
		n += len(a.Patients)
	}
	require.Equal(t, 1000, n)
}
