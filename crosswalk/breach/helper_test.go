package breach_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/breach"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sealed is a holding that is secured from 2026-01-10 to 2026-01-20.
func sealed(t testing.TB) breach.Holding {
	covers := breach.Period{First: day(t, "2026-01-01"), Last: day(t, "2026-01-31")}
	return breach.Holding{
		Name: "backup volume of the chart database", Kinds: []string{"name", "diagnosis"}, Form: breach.Encrypted,
		Process: "AES-256-GCM by field, keys wrapped", Consistent: breach.Yes, KeysApart: breach.Yes, KeyPlace: "key service in another account",
		KeysBreached: breach.No, Opened: breach.No,
		Evidence: []breach.Evidence{{Ref: "ledger/2026-01", Covers: covers, Collected: day(t, "2026-01-25"), Collector: "safeguard",
			Proves: []breach.Claim{breach.ClaimEncrypted, breach.ClaimKeysApart, breach.ClaimKeysIntact, breach.ClaimNotOpened}}},
	}
}

// incident is a file with every part of it: 3 individuals in two States, one
// of whom cannot be reached.
func incident(t testing.TB) *breach.File {
	open := sealed(t)
	open.Name, open.Opened = "charts seen in a stolen session", breach.Yes
	proof := []breach.Evidence{{Ref: "evidence/x.json", SHA256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Collected: day(t, "2026-01-25"), Collector: "privacy officer"}}
	content := []breach.Element{breach.WhatHappened, breach.KindsOfPHI, breach.ToDo, breach.Response, breach.Contact}
	return &breach.File{
		ID: "INC-7", Entity: "Example Clinic", Role: breach.CoveredEntity, Created: day(t, "2026-01-21"),
		Summary:   "A stolen session read three charts.",
		Occurred:  breach.Period{First: day(t, "2026-01-10"), Last: day(t, "2026-01-12")},
		Discovery: breach.Discovery{Known: day(t, "2026-01-20"), By: "night nurse", How: "activity review", Evidence: proof},
		Holdings:  []breach.Holding{sealed(t), open},
		Assessment: &breach.Assessment{
			Nature:    breach.Factor{Finding: "names with diagnoses", Points: breach.Raises, Evidence: proof},
			Recipient: breach.Factor{Finding: "unknown person", Points: breach.Raises, Evidence: proof},
			Acquired:  breach.Factor{Finding: "three charts were viewed", Points: breach.Raises, Evidence: proof}, Mitigation: breach.Factor{Finding: "session ended, no assurance", Points: breach.Neutral, Evidence: proof},
			LowProbability: breach.No, Rationale: "viewed by an unknown person", By: "privacy officer", On: day(t, "2026-01-28"),
		},
		Individuals: []breach.Individual{{Ref: "p-1", State: "OH"}, {Ref: "p-2", State: "OH"}, {Ref: "p-3", State: "MI", Unreachable: true}},
		Delays:      []breach.Statement{{Form: breach.Oral, Given: day(t, "2026-01-22"), Official: "Det. Doe, badge 4", Agency: "county sheriff", Recorded: "privacy officer", Evidence: proof}},
		Notices: []breach.Notice{
			{Audience: breach.ToIndividuals, Sent: day(t, "2026-03-02"), By: "privacy officer", Method: "first-class mail", To: []string{"p-1", "p-2"}, Content: content, Evidence: proof},
			{Audience: breach.ToIndividuals, Sent: day(t, "2026-03-05"), By: "privacy officer", Method: "telephone", To: []string{"p-3"}, Substitute: true, Content: content, Evidence: proof},
		},
	}
}

func report(t testing.TB, f *breach.File, asOf string) *breach.Report {
	t.Helper()
	r, err := f.Report(day(t, asOf))
	require.NoError(t, err)
	return r
}

// gaps returns the texts of a report's gaps.
func gaps(r *breach.Report) []string {
	texts := []string{}
	for _, g := range r.Gaps {
		texts = append(texts, g.Text)
	}
	return texts
}

func progress(t testing.TB, r *breach.Report, audience breach.Audience) breach.Progress {
	t.Helper()
	for _, p := range r.Deadlines {
		if p.Audience == audience {
			return p
		}
	}
	t.Fatalf("no deadline for %s", audience)
	return breach.Progress{}
}

func encoded(t testing.TB, f *breach.File) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, f.WriteJSON(&b))
	require.True(t, json.Valid(b.Bytes()))
	return b.Bytes()
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}
