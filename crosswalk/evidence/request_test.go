package evidence_test

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/evidence"
)

// The requests are those of the audit protocol, word for word.
//
// Controls: HIPAA 164.316(b)(1).
func TestRequestsAreTheProtocols(t *testing.T) {
	text := sha256.New()
	kinds, sections, entries := map[evidence.Kind]int{}, map[string]int{}, map[string]bool{}
	n := 0
	for r := range evidence.Requests() {
		n++
		require.Equal(t, n, r.Number)
		kinds[r.Kind]++
		sections[r.Section[:7]]++
		entries[r.Section+r.Activity] = true
		text.Write([]byte(r.Section + "\n" + r.Text + "\n"))
		got, ok := evidence.GetRequest(n)
		require.True(t, ok)
		require.Equal(t, r, got)
	}
	require.Equal(t, 175, n)
	require.Equal(t, map[evidence.Kind]int{evidence.Policies: 60, evidence.Implementation: 110, evidence.List: 5}, kinds)
	require.Equal(t, map[string]int{"164.308": 81, "164.310": 35, "164.312": 35, "164.314": 13, "164.316": 11}, sections)
	require.Len(t, entries, 70, "72 entries, of which 164.306(a) and (b) ask for no document")
	require.Equal(t, "364af3da9f18ad7a47dec0a150323eb8d61957abeed4d19f0578059ce9af967f", hex.EncodeToString(text.Sum(nil)))
	_, ok := evidence.GetRequest(0)
	require.False(t, ok)
	_, ok = evidence.GetRequest(176)
	require.False(t, ok)
}

// Controls: HIPAA 164.316(b)(1).
func TestRequestsNameKnownThings(t *testing.T) {
	names, files, alternatives := map[string]bool{}, map[string]bool{}, map[string]bool{}
	policies := map[string]bool{}
	for _, p := range build(t, input()).Policies {
		policies[p.ID] = true
	}
	for r := range evidence.Requests() {
		require.False(t, names[r.Name], r.Name)
		names[r.Name] = true
		file := strings.ToLower(r.File(evidence.Markdown))
		require.False(t, files[file], "names differ by more than case: %s", file)
		require.Regexp(t, `^requests/\d{3}-164\.3\d\d(-[A-Za-z0-9]+)*\.md$`, r.File(evidence.Markdown))
		files[file] = true

		known, ok := crosswalk.Get(r.Control)
		require.True(t, ok, r.Control)
		require.Equal(t, r.Section[:7], known.Section())
		if known.Level == crosswalk.Specification {
			require.Equal(t, known.Designation, r.Designation, r.Section)
		}
		if r.Alternative {
			alternatives[r.Section+r.Activity] = true
			require.Equal(t, crosswalk.Addressable, r.Designation)
		}
		for _, s := range slices.Concat(r.Answers(), r.Supports()) {
			_, ok := evidence.GetSchema(s)
			require.True(t, ok, "%s in request %d", s, r.Number)
		}
		require.True(t, r.Policy == "" || policies[r.Policy], r.Policy)
		require.NotEmpty(t, r.Title())
	}
	require.Len(t, alternatives, 22)
}

// Requests that can be answered by a table or an adopted policy, once
// everything reports. The others are documents that only an entry can name.
//
// Controls: HIPAA 164.316(b)(1), 164.308(a)(8).
func TestWhatCanBeAnswered(t *testing.T) {
	byCode, byTable, byPolicy, other, technical := 0, 0, 0, 0, 0
	for r := range evidence.Requests() {
		code := slices.ContainsFunc(r.Answers(), func(name string) bool {
			s, _ := evidence.GetSchema(name)
			return s.Filler != evidence.FromPerson
		})
		switch {
		case code:
			byCode++
		case len(r.Answers()) > 0:
			byTable++
		case r.Policy != "":
			byPolicy++
		default:
			other++
		}
		if strings.HasPrefix(r.Section, "164.312") && (code || r.Policy != "") {
			technical++
		}
	}
	t.Logf("by code %d, by a person's table %d, by an adopted policy %d, by an entry only %d", byCode, byTable, byPolicy, other)
	require.Equal(t, 175, byCode+byTable+byPolicy+other)
	require.GreaterOrEqual(t, byCode+byTable+byPolicy, 105)
	require.Equal(t, 35, technical)
}

// Controls: HIPAA 164.316(b)(1).
func TestSchemas(t *testing.T) {
	used := map[string]bool{"gap.decisions": true}
	for r := range evidence.Requests() {
		for _, s := range slices.Concat(r.Answers(), r.Supports()) {
			used[s] = true
		}
	}
	last := ""
	for _, s := range evidence.Schemas() {
		require.Less(t, last, s.Name)
		last = s.Name
		require.NotEmpty(t, s.Title)
		require.NotContains(t, s.Columns, "")
		require.Equal(t, len(s.Columns), len(slices.Compact(slices.Sorted(slices.Values(s.Columns)))), s.Name)
		require.True(t, used[s.Name], "no request uses %s", s.Name)
		got, ok := evidence.GetSchema(s.Name)
		require.True(t, ok)
		require.Equal(t, s, got)
	}
	_, ok := evidence.GetSchema("access.everything")
	require.False(t, ok)
}
