package workforce

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
)

// modelGlass is a break-glass grant in the simplest words.
type modelGlass struct {
	id               string
	patient          int
	at               time.Time
	closed, reviewed bool
}

func (g *modelGlass) open() bool {
	return !g.closed && time.Now().Before(g.at.Add(30*time.Minute))
}

// model is the list of all that ada broke.
type model []*modelGlass

func (m model) of(patient int) string {
	for _, g := range m {
		if g.patient == patient && g.open() {
			return g.id
		}
	}
	return ""
}

func (m model) mayBreak() bool {
	waiting := 0
	for _, g := range m {
		if g.reviewed {
			continue
		}
		if waiting++; !time.Now().Before(g.at.Add(72 * time.Hour)) {
			return false
		}
	}
	return waiting < 3
}

// Whatever is opened, closed, reviewed and waited for, in whatever order, the
// Registry says what the simplest model says, in two processes.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.AA-05.
func TestBrokenGlassAgreesWithAModel(t *testing.T) {
	runs, soak := 12, os.Getenv("SAFEGUARD_SOAK") == "1"
	if soak {
		runs = 2000
	}
	steps := 0
	for seed := range runs {
		synctest.Test(t, func(t *testing.T) {
			s, random := memory(), rand.New(rand.NewPCG(7, uint64(seed)))
			registries := []*Registry{emergencyRoom(t, s, ruled(t)), live(t, s, ruled(t))}
			var m model
			for range 60 {
				steps++
				m = step(t, random, registries[random.IntN(2)], m)
				for patient := range 3 {
					for _, r := range registries {
						require.NoError(t, r.catchUp(t.Context()))
						require.Equal(t, m.of(patient), glassOf(t, r, person("ada"), modelPatient(patient)))
						require.Empty(t, glassOf(t, r, person("bo"), modelPatient(patient)))
					}
				}
			}
		})
	}
	if soak {
		fmt.Printf("soak: broken glass against a model %d steps\n", steps)
	}
}

func modelPatient(n int) safeguard.Patient { return safeguard.NewPatient(fmt.Sprint("model-", n)) }

// step does something to both, and compares what they say of it.
func step(t *testing.T, random *rand.Rand, r *Registry, m model) model {
	switch random.IntN(5) {
	case 0, 1:
		patient := random.IntN(3)
		e, err := r.BreakGlass(t.Context(), fresh("ada"), modelPatient(patient), unconscious)
		switch was := m.of(patient); {
		case was != "":
			require.NoError(t, err)
			require.Equal(t, was, e.ID)
		case m.mayBreak():
			require.NoError(t, err)
			m = append(m, &modelGlass{id: e.ID, patient: patient, at: time.Now()})
		default:
			require.ErrorIs(t, err, ErrRefused)
		}
	case 2:
		if g := m.any(random); g != nil {
			require.NoError(t, r.CloseGlass(t.Context(), "mercy", "ada", g.id, by(person("ada"))))
			g.closed = true
		}
	case 3:
		if g := m.any(random); g != nil {
			who := []string{"ada", "bo"}[random.IntN(2)]
			err := judge(r, g.id, person(who))
			require.Equal(t, who == "bo" && !g.reviewed && !g.open(), err == nil)
			g.reviewed = g.reviewed || err == nil
		}
	default:
		time.Sleep(time.Duration(random.Int64N(int64(24 * time.Hour >> (3 * random.IntN(5))))))
	}
	return m
}

func (m model) any(random *rand.Rand) *modelGlass {
	if len(m) == 0 {
		return nil
	}
	return m[len(m)-1-random.IntN(min(len(m), 4))]
}
