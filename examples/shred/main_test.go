package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The story ends well: nothing goes under a hold or on the word of one person,
// what was destroyed opens nowhere, and the living go on. Nothing of a patient
// is printed.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestStory(t *testing.T) {
	var out strings.Builder
	dir := t.TempDir()
	require.NoError(t, run(t.Context(), &out, dir))
	story := out.String()
	for _, want := range []string{
		"To destroy the patient's keys: shred: under legal hold",
		"release the case: <nil>",
		"Another process opens the value: <nil>",
		"dr.lee approves: shred: denied: needs a second person",
		"mx.khan approves: shred: denied",
		"ms.ray approves: <nil>",
		"This process: crypto: subject key: destroyed",
		"within the bound: crypto: subject key: destroyed",
		"Another patient: <nil>",
		"keys 1, requested by dr.lee, approved by ms.ray, forgotten 1s later",
		"another name in it: shred: certificate: not as it was signed",
		"it still opens the value: <nil>",
		"applied to it, names 1: crypto: subject key: destroyed",
		"none needs the old tenant key",
		"Another copy of the backup: crypto: ",
		"The living patient: <nil>",
		"Handed over: 2 records; destroyed: ",
		"The living patient: crypto: ",
	} {
		require.Contains(t, story, want)
	}
	for _, planted := range []string{"123-45", "987-65", "Patient/"} {
		require.NotContains(t, story, planted)
	}
	var account strings.Builder
	require.NoError(t, filepath.WalkDir(filepath.Join(dir, "ledger"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		account.Write(text)
		return err
	}))
	for _, want := range []string{"charts.ssn", "dr.lee", "ms.ray", "mx.khan", "counsel", "shred.denied", ".approve"} {
		require.Contains(t, account.String(), want, "the account")
	}
	require.NotContains(t, account.String(), "Patient/")
}
