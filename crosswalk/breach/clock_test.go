package breach_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk/breach"
)

func day(t testing.TB, s string) breach.Date {
	t.Helper()
	d, err := breach.ParseDate(s)
	require.NoError(t, err)
	return d
}

// deadlines returns the limits by audience and jurisdiction.
func deadlines(t testing.TB, f breach.Facts) map[string]breach.Deadline {
	t.Helper()
	list, err := breach.Deadlines(f)
	require.NoError(t, err)
	by := map[string]breach.Deadline{}
	for _, d := range list {
		key := string(d.Audience)
		if d.Jurisdiction != "" {
			key += " " + d.Jurisdiction
		}
		require.NotContains(t, by, key)
		by[key] = d
	}
	return by
}

// The vectors are dates counted by hand from the text of 164.404(b),
// 164.406(a) and (b), 164.408(b) and (c), 164.412(b).
//
// Controls: HIPAA 164.404(a)(1), 164.404(b), 164.406, 164.406(b), 164.408(b), 164.408(c), 164.412(b).
func TestDeadlineVectors(t *testing.T) {
	b, err := os.ReadFile("testdata/deadline_vectors.json")
	require.NoError(t, err)
	var file struct {
		Vectors []struct {
			Name                  string
			Discovered, Statement string
			Individuals           int
			MaxStateResidents     int     `json:"max_state_residents"`
			IndividualBy          string  `json:"individual_notice_by"`
			MediaRequired         bool    `json:"media_required"`
			MediaBy               *string `json:"media_by"`
			HHSMode               string  `json:"hhs_mode"`
			HHSBy                 string  `json:"hhs_by"`
			DelayNoLongerThan     string  `json:"delay_no_longer_than"`
		}
	}
	require.NoError(t, json.Unmarshal(b, &file))
	require.Len(t, file.Vectors, 8)
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			if v.Statement != "" {
				got := deadlines(t, breach.Facts{Role: breach.CoveredEntity, Discovered: day(t, "2025-12-01"), Individuals: 1, Residents: map[string]int{"OH": 1},
					Delays: []breach.Statement{{Form: breach.Oral, Given: day(t, v.Statement), Official: "o"}}})
				require.Equal(t, v.DelayNoLongerThan, got["individuals"].Held.String())
				return
			}
			residents := map[string]int{"OH": v.MaxStateResidents}
			if rest := v.Individuals - v.MaxStateResidents; rest > 0 {
				residents["MI"] = rest
			}
			got := deadlines(t, breach.Facts{Role: breach.CoveredEntity, Discovered: day(t, v.Discovered), Individuals: v.Individuals, Residents: residents})
			require.Equal(t, v.IndividualBy, got["individuals"].Due.String())
			require.Equal(t, v.HHSBy, got["secretary"].Due.String())
			annual := got["secretary"].Controls[0] == "164.408(c)"
			require.Equal(t, v.HHSMode == "annual log", annual)
			media, required := got["media OH"]
			require.Equal(t, v.MediaRequired, required)
			if required {
				require.Equal(t, *v.MediaBy, media.Due.String())
			}
		})
	}
}

// Controls: HIPAA 164.410, 164.404(a)(2).
func TestAssociateNotifiesTheCoveredEntity(t *testing.T) {
	got := deadlines(t, breach.Facts{Role: breach.BusinessAssociate, Discovered: day(t, "2027-12-31"), Individuals: 9000, Residents: map[string]int{"OH": 9000}})
	require.Len(t, got, 1)
	require.Equal(t, "2028-02-29", got["covered entity"].Due.String())
}

// A deadline cites the duty, and the paragraph that sets its time.
//
// Controls: HIPAA 164.404(b), 164.406(b), 164.410(b).
func TestDeadlinesCiteTheirTime(t *testing.T) {
	got := deadlines(t, breach.Facts{Role: breach.CoveredEntity, Discovered: day(t, "2026-01-15"), Individuals: 501, Residents: map[string]int{"OH": 501}})
	require.Equal(t, []safeguard.Control{"164.404(a)(1)", "164.404(b)"}, got["individuals"].Controls)
	require.Equal(t, []safeguard.Control{"164.406", "164.406(b)"}, got["media OH"].Controls)
	require.Equal(t, []safeguard.Control{"164.408(b)"}, got["secretary"].Controls)
	got = deadlines(t, breach.Facts{Role: breach.BusinessAssociate, Discovered: day(t, "2026-01-15")})
	require.Equal(t, []safeguard.Control{"164.410", "164.410(b)"}, got["covered entity"].Controls)
}

// What is not known counts against the entity.
//
// Controls: HIPAA 164.406, 164.408(b).
func TestUnknownNumbers(t *testing.T) {
	at := day(t, "2026-01-15")
	got := deadlines(t, breach.Facts{Role: breach.CoveredEntity, Discovered: at})
	require.Equal(t, "2026-03-16", got["secretary"].Due.String(), "an unknown number is 500 or more")
	require.Contains(t, got, "media")

	got = deadlines(t, breach.Facts{Role: breach.CoveredEntity, Discovered: at, Individuals: 600, Residents: map[string]int{"OH": 400, "MI": 50}, Unplaced: 150})
	require.Contains(t, got, "media OH", "400 and 150 who may live there")
	require.NotContains(t, got, "media MI")

	got = deadlines(t, breach.Facts{Role: breach.CoveredEntity, Discovered: at, Individuals: 500, Residents: map[string]int{"OH": 350}, Unplaced: 150})
	require.NotContains(t, got, "media OH", "500 are not more than 500")

	got = deadlines(t, breach.Facts{Role: breach.CoveredEntity, Discovered: at, Individuals: 501, Unplaced: 501})
	require.Contains(t, got, "media")

	got = deadlines(t, breach.Facts{Role: breach.CoveredEntity, Discovered: at, Individuals: 2000, Residents: map[string]int{"WA": 501}, Unplaced: 1499})
	require.Contains(t, got, "media WA")
	require.Contains(t, got, "media", "the others may all live in a State that nobody has named")

	got = deadlines(t, breach.Facts{Role: breach.CoveredEntity, Discovered: at, Individuals: 1001, Residents: map[string]int{"WA": 501}, Unplaced: 500})
	require.NotContains(t, got, "media", "500 are not more than 500")

	got = deadlines(t, breach.Facts{Role: breach.CoveredEntity, Discovered: at, Residents: map[string]int{"WA": math.MaxInt}, Unplaced: math.MaxInt})
	require.Contains(t, got, "media WA", "no sum is too large to count")

	got = deadlines(t, breach.Facts{Role: breach.CoveredEntity, Discovered: at, Individuals: 900, Residents: map[string]int{"ZZ": 900}})
	require.NotContains(t, got, "media ZZ", "elsewhere is no State")
}

// Controls: HIPAA 164.412(a), 164.412(b).
func TestLawEnforcementDelay(t *testing.T) {
	oral := func(given string) breach.Statement {
		return breach.Statement{Form: breach.Oral, Given: day(t, given), Official: "o"}
	}
	written := func(given, until string) breach.Statement {
		return breach.Statement{Form: breach.Written, Given: day(t, given), Until: day(t, until), Official: "o"}
	}
	for _, c := range []struct {
		name, due, held string
		delays          []breach.Statement
	}{
		{"none", "2026-03-16", "", nil},
		{"ends before the limit, which stays", "2026-03-16", "2026-02-01", []breach.Statement{written("2026-01-20", "2026-02-01")}},
		{"outlasts the limit", "2026-06-30", "2026-06-30", []breach.Statement{written("2026-01-20", "2026-06-30")}},
		{"oral, 30 days", "2026-04-14", "2026-04-14", []breach.Statement{oral("2026-03-15")}},
		{"oral on the last day", "2026-04-15", "2026-04-15", []breach.Statement{oral("2026-03-16")}},
		{"too late to matter", "2026-03-16", "2026-04-16", []breach.Statement{oral("2026-03-17")}},
		{"a second oral one does not prolong", "2026-03-31", "2026-03-31", []breach.Statement{oral("2026-03-20"), oral("2026-03-01")}},
		{"written within the 30 days takes over", "2026-07-01", "2026-07-01", []breach.Statement{oral("2026-03-01"), written("2026-03-30", "2026-07-01")}},
		{"written may end it sooner", "2026-03-18", "2026-03-18", []breach.Statement{oral("2026-03-10"), written("2026-03-12", "2026-03-18")}},
		{"one after the other", "2026-09-01", "2026-09-01", []breach.Statement{written("2026-04-20", "2026-09-01"), written("2026-03-01", "2026-05-01")}},
		{"a gap between them", "2026-05-01", "2026-09-01", []breach.Statement{written("2026-05-02", "2026-09-01"), written("2026-03-01", "2026-05-01")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := breach.Facts{Role: breach.CoveredEntity, Discovered: day(t, "2026-01-15"), Individuals: 600, Residents: map[string]int{"OH": 600}, Delays: c.delays}
			for who, d := range deadlines(t, f) {
				require.Equal(t, "2026-03-16", d.Limit.String(), who)
				require.Equal(t, c.due, d.Due.String(), who)
				require.Equal(t, c.held, d.Held.String(), who)
			}
		})
	}
}

// Laws that hold for every day and number.
//
// Controls: HIPAA 164.404(a)(1), 164.406, 164.408(b), 164.408(c).
func TestDeadlineLaws(t *testing.T) {
	n := 2000
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		n = 200000
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range n {
		discovered := breach.DateOf(time.Date(1996+r.IntN(200), time.Month(1+r.IntN(12)), 1+r.IntN(31), 0, 0, 0, 0, time.UTC))
		oh, mi := r.IntN(1002), r.IntN(1002)
		if oh+mi == 0 {
			continue
		}
		got := deadlines(t, breach.Facts{Role: breach.CoveredEntity, Discovered: discovered, Individuals: oh + mi, Residents: map[string]int{"OH": oh, "MI": mi}})
		require.Equal(t, 60, got["individuals"].Due.DaysSince(discovered))
		_, media := got["media OH"]
		require.Equal(t, oh > 500, media)
		hhs := got["secretary"].Due
		if oh+mi >= 500 {
			require.Equal(t, got["individuals"].Due, hhs)
			continue
		}
		year := day(t, discovered.String()[:4]+"-12-31")
		require.Equal(t, 60, hhs.DaysSince(year))
		require.False(t, hhs.Before(got["individuals"].Due), "the yearly report never comes first")
		require.Contains(t, []string{"03-01", "02-29"}, hhs.String()[5:])
	}
}

func TestDeadlinesRefuse(t *testing.T) {
	good := breach.Facts{Role: breach.CoveredEntity, Discovered: day(t, "2026-01-15"), Individuals: 1}
	for name, spoil := range map[string]func(*breach.Facts){
		"no role":         func(f *breach.Facts) { f.Role = "" },
		"no day":          func(f *breach.Facts) { f.Discovered = breach.Date{} },
		"negative":        func(f *breach.Facts) { f.Individuals = -1 },
		"negative places": func(f *breach.Facts) { f.Residents = map[string]int{"OH": -1} },
		"no State":        func(f *breach.Facts) { f.Residents = map[string]int{"Ohio": 1} },
		"lower case":      func(f *breach.Facts) { f.Residents = map[string]int{"oh": 1} },
		"between States":  func(f *breach.Facts) { f.Residents = map[string]int{"L A": 1} },
		"no official":     func(f *breach.Facts) { f.Delays = []breach.Statement{{Form: breach.Oral, Given: f.Discovered}} },
		"no time": func(f *breach.Facts) {
			f.Delays = []breach.Statement{{Form: breach.Written, Given: f.Discovered, Official: "o"}}
		},
		"oral with time": func(f *breach.Facts) {
			f.Delays = []breach.Statement{{Form: breach.Oral, Given: f.Discovered, Until: f.Discovered, Official: "o"}}
		},
		"ends first": func(f *breach.Facts) {
			f.Delays = []breach.Statement{{Form: breach.Written, Given: f.Discovered, Until: f.Discovered.AddDays(-1), Official: "o"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := good
			spoil(&f)
			_, err := breach.Deadlines(f)
			require.ErrorIs(t, err, breach.ErrFile)
		})
	}
}

// Nobody lives in two States at once, and not more people than there are.
//
// Controls: HIPAA 164.406.
func TestMoreResidentsThanIndividualsAreRefused(t *testing.T) {
	d, err := breach.ParseDate("2026-01-15")
	require.NoError(t, err)
	for name, f := range map[string]breach.Facts{
		"residents":         {Individuals: 3, Residents: map[string]int{"WA": 2, "OR": 2}},
		"unplaced":          {Individuals: 3, Unplaced: 4},
		"both":              {Individuals: 3, Residents: map[string]int{"WA": 2}, Unplaced: 2},
		"more than a count": {Individuals: 3, Residents: map[string]int{"WA": 2, "OR": math.MaxInt}, Unplaced: 1},
	} {
		f.Role, f.Discovered = breach.CoveredEntity, d
		_, err := breach.Deadlines(f)
		require.ErrorIs(t, err, breach.ErrFile, name)
	}
	_, err = breach.Deadlines(breach.Facts{Role: breach.CoveredEntity, Discovered: d, Individuals: 4, Residents: map[string]int{"WA": 2, "OR": 2}})
	require.NoError(t, err)
}
