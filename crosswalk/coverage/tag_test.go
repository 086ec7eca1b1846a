package coverage_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

const good = "Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01."

// TestParseTag reads a right line and writes it back.
//
// Controls: HIPAA 164.316(b)(1).
func TestParseTag(t *testing.T) {
	tag, err := coverage.ParseTag(good)
	require.NoError(t, err)
	require.Equal(t, []safeguard.Control{safeguard.EncryptionAndDecryption, safeguard.Integrity}, tag.HIPAA)
	require.Equal(t, []string{"PR.DS-01"}, tag.CSF20)
	require.Equal(t, good, tag.String())
	require.True(t, tag.Serves(safeguard.Integrity))
	require.False(t, tag.Serves(safeguard.AuditControls))

	for _, line := range []string{
		"Controls: HIPAA 164.312(b).",
		"Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.",
		"Controls: none, it only formats dates; nothing else.",
		"Controls: none, none of them.",
		"Controls: none, cost.",
	} {
		tag, err := coverage.ParseTag(line)
		require.NoError(t, err, line)
		require.Equal(t, line, tag.String())
		require.False(t, tag.IsZero())
	}
	require.True(t, coverage.Tag{}.IsZero())
	require.Empty(t, coverage.Tag{}.String())
}

// Everything but the one form is refused, for the reason that it is wrong.
//
// Controls: HIPAA 164.316(b)(1).
func TestParseTagRefuses(t *testing.T) {
	for line, want := range map[string]coverage.ProblemKind{
		"":                                                  coverage.Malformed,
		"Controls:":                                         coverage.Malformed,
		"Controls: ":                                        coverage.Malformed,
		"Controls: .":                                       coverage.Malformed,
		"Control: HIPAA 164.312(b).":                        coverage.Malformed,
		"controls: HIPAA 164.312(b).":                       coverage.Malformed,
		"Controls : HIPAA 164.312(b).":                      coverage.Malformed,
		"Controls:HIPAA 164.312(b).":                        coverage.Malformed,
		"Controls:  HIPAA 164.312(b).":                      coverage.Malformed,
		" Controls: HIPAA 164.312(b).":                      coverage.Malformed,
		"Controls: HIPAA 164.312(b)":                        coverage.Malformed, // no full stop
		"Controls: HIPAA 164.312(b). ":                      coverage.Malformed,
		"Controls: 164.312(b).":                             coverage.Malformed,
		"Controls: hipaa 164.312(b).":                       coverage.Malformed,
		"Controls: HIPAA 164.312(b); HIPAA 164.312(d).":     coverage.Malformed,
		"Controls: HIPAA 164.312(b); NIST CSF PR.PS-04.":    coverage.Malformed,
		"Controls: HIPAA 164.312(b); NIST CSF 1.1 PR.PT-1.": coverage.Malformed,
		"Controls: HIPAA 164.312(b), 164.312(b).":           coverage.Malformed,
		"Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04, PR.PS-04.":            coverage.Malformed,
		"Controls: NIST CSF 2.0 PR.PS-04.":                                        coverage.Malformed,
		"Controls: HIPAA.":                                                        coverage.Malformed,
		"Controls: HIPAA .":                                                       coverage.UnknownID,
		"Controls: HIPAA 164.312(b)..":                                            coverage.UnknownID,
		"Controls: HIPAA 164.312(b);.":                                            coverage.UnknownID,
		"Controls: HIPAA 164.308 to 316.":                                         coverage.UnknownID,
		"Controls: HIPAA 164.308-316.":                                            coverage.UnknownID,
		"Controls: HIPAA 164.312.":                                                coverage.UnknownID,
		"Controls: HIPAA 164.308(a)(7).":                                          coverage.UnknownID,
		"Controls: HIPAA §164.312(b).":                                            coverage.UnknownID,
		"Controls: HIPAA 164.312(B).":                                             coverage.UnknownID,
		"Controls: HIPAA 164_312_b.":                                              coverage.UnknownID,
		"Controls: HIPAA 164.312(b) and 164.312(d).":                              coverage.UnknownID,
		"Controls: HIPAA 164.312(b),164.312(d).":                                  coverage.UnknownID,
		"Controls: HIPAA 164.312(b),  164.312(d).":                                coverage.UnknownID,
		"Controls: HIPAA 164.312(b), none, at all.":                               coverage.UnknownID,
		"Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.DS-1.":                       coverage.UnknownCSF, // edition 1.1
		"Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PT-01.":                      coverage.UnknownCSF,
		"Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.DS.":                         coverage.UnknownCSF, // a category
		"Controls: HIPAA 164.312(b); NIST CSF 2.0 .":                              coverage.UnknownCSF,
		"Controls: HIPAA 164.312(b); NIST CSF 2.0 pr.ps-04.":                      coverage.UnknownCSF,
		"Controls: HIPAA 164.312(a)(2)(i); NIST CSF 2.0 RC.RP-06.":                coverage.UnpairedCSF,
		"Controls: HIPAA 164.502(b)(1); NIST CSF 2.0 PR.AA-05.":                   coverage.UnpairedCSF,
		"Controls: none.":                                                         coverage.NoReason,
		"Controls: none, .":                                                       coverage.NoReason,
		"Controls: none,  a reason.":                                              coverage.NoReason,
		"Controls: none, n/a.":                                                    coverage.NoReason,
		"Controls: none, -- x y z.":                                               coverage.NoReason,
		"Controls: none, TODO.":                                                   coverage.NoReason,
		"Controls: none because of a reason.":                                     coverage.NoReason,
		"Controls: None, a good reason.":                                          coverage.Malformed,
		"Controls: HIPAA 164.312(b)" + strings.Repeat(", 164.312(b)", 1000) + ".": coverage.Malformed,
		"Controls: none, " + strings.Repeat("because ", 1000) + "of that.":        coverage.Malformed,
	} {
		tag, err := coverage.ParseTag(line)
		var typed *coverage.TagError
		require.ErrorAs(t, err, &typed, line)
		require.Equal(t, want, typed.Kind, "%s: %v", line, err)
		require.True(t, tag.IsZero(), line)
		require.NotContains(t, err.Error(), "\n")
	}
}

// The error carries the nearest right id, and where a CSF 1.1 id went.
//
// Controls: HIPAA 164.316(b)(1).
func TestParseTagSuggests(t *testing.T) {
	_, err := coverage.ParseTag("Controls: HIPAA 164.312(A)(2)(III).")
	var typed *crosswalk.IDError
	require.ErrorAs(t, err, &typed)
	require.Equal(t, safeguard.AutomaticLogoff, typed.Suggestion)
	_, err = coverage.ParseTag("Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PT-1.")
	require.ErrorContains(t, err, "PR.PS-04")
}

// Whatever parses is written back as the same line.
//
// Controls: HIPAA 164.316(b)(1).
func FuzzParseTag(f *testing.F) {
	f.Add(good)
	f.Add("Controls: none, it only formats dates.")
	f.Add("Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04, DE.AE-03.")
	f.Add("Controls: HIPAA 164.312(b), 164.312(d)\xff.")
	f.Fuzz(func(t *testing.T, line string) {
		tag, err := coverage.ParseTag(line)
		if err != nil {
			require.True(t, tag.IsZero())
			return
		}
		require.Equal(t, line, tag.String())
		require.NotEqual(t, len(tag.HIPAA) > 0, tag.None != "")
	})
}

// A wrong CSF id comes with the one that was probably meant.
func TestParseTagHintsCSF(t *testing.T) {
	for in, want := range map[string]string{
		"PR.DS-1":                      "in edition 2.0 the 1.1 id went to PR.DS-01",
		"PR.AA-5":                      "did you mean PR.AA-05?",
		"pr.aa-05":                     "did you mean PR.AA-05?",
		"PR.AA-005":                    "did you mean PR.AA-05?",
		"ID.AM-8":                      "did you mean ID.AM-08?",
		"PR.AC-01":                     "",
		"PR.AA":                        "",
		"XX.YY-99":                     "",
		strings.Repeat("PR.AA-5", 100): "",
	} {
		_, err := coverage.ParseTag("Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 " + in + ".")
		require.Error(t, err, in)
		require.Contains(t, err.Error(), want, in)
		require.Equal(t, want == "", strings.HasSuffix(err.Error(), "is not a NIST CSF 2.0 subcategory"), in)
	}
}
