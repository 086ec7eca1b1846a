package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/stretchr/testify/require"
)

// childEnv makes the test binary act as a program: "main" runs the quickstart
// with the arguments, "serve" the service of it until it is killed.
const childEnv = "SAFEGUARD_QUICKSTART_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childEnv) {
	case "main":
		main()
	case "full":
		serveOnAFullDisk(os.Args[1])
	case "serve":
		serveUntilKilled(os.Args[1])
	default:
		os.Exit(m.Run())
	}
}

func child(t *testing.T, kind string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), childEnv+"="+kind)
	return cmd
}

// planted returns every string of 8 characters or more by which the patients
// of a set could be known.
func planted(t *testing.T, dir fs.FS) []string {
	var values []string
	var collect func(v any)
	collect = func(v any) {
		switch v := v.(type) {
		case string:
			if len(v) >= 8 && !strings.Contains(v, "://") && !strings.HasPrefix(v, "urn:") && v != "official" {
				values = append(values, v)
			}
		case []any:
			for _, e := range v {
				collect(e)
			}
		case map[string]any:
			for _, e := range v {
				collect(e)
			}
		}
	}
	names, err := fs.Glob(dir, "*.json")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		src, err := fs.ReadFile(dir, name)
		require.NoError(t, err)
		var b struct {
			Entry []struct{ Resource map[string]any }
		}
		require.NoError(t, json.Unmarshal(src, &b))
		for _, e := range b.Entry {
			collect(e.Resource["id"])
			if e.Resource["resourceType"] == "Patient" {
				for _, member := range []string{"name", "telecom", "address", "birthDate"} {
					collect(e.Resource[member])
				}
				for _, id := range e.Resource["identifier"].([]any) {
					collect(id.(map[string]any)["value"])
				}
			}
		}
	}
	require.Greater(t, len(values), 30)
	return values
}

// requireFree fails if a planted value stands in any file below dir but the
// listed ones.
func requireFree(t *testing.T, dir string, values []string) {
	files := 0
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		for _, v := range values {
			require.NotContains(t, d.Name(), v)
		}
		if d.IsDir() {
			return nil
		}
		files++
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, v := range values {
			require.False(t, bytes.Contains(content, []byte(v)), "%s in %s", v, path)
		}
		return nil
	}))
	require.Greater(t, files, 10)
}

func builtIn(t *testing.T) fs.FS {
	dir, err := fs.Sub(patients, "patients")
	require.NoError(t, err)
	return dir
}

// Controls: HIPAA 164.312(a)(1), 164.312(a)(2)(iii), 164.312(a)(2)(iv), 164.312(b), 164.312(c)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05, PR.DS-01, PR.PS-04.
func TestStory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	for range 2 { // the second time over what the first has left
		var errout bytes.Buffer
		cmd := child(t, "main", "-dir", dir)
		cmd.Stderr = &errout
		out, err := cmd.Output()
		require.NoError(t, err, errout.String())
		require.Empty(t, errout.String())
		for _, part := range []string{
			"3 patients loaded and sealed", "74 FR 19006", "purpose HOPERAT: 200", "purpose none: 403",
			"has not signed in asks for /Patient/{id}, purpose TREAT: 401", "walks away for 2s",
			"before: intact", "after:  not intact", "coverage.html",
			"m.santos      chart       HOPERAT  denied: access.no-rule", "dr.lindqvist  chart       TREAT    allowed",
		} {
			require.Contains(t, string(out), part)
		}
		requireFree(t, dir, planted(t, builtIn(t)))
	}
	coverage, err := os.ReadFile(filepath.Join(dir, "coverage.md"))
	require.NoError(t, err)
	require.Contains(t, string(coverage), "does not imply or guarantee compliance")
	require.Contains(t, string(coverage), "164.312(a)(2)(iii)")
}

// Over bundles that somebody brings nothing of a patient is printed either,
// not even the name of a file.
//
// Controls: HIPAA 164.312(b), 164.502(b)(1); NIST CSF 2.0 PR.PS-04.
func TestStoryOverBundlesOfOthers(t *testing.T) {
	fhir, dir := t.TempDir(), t.TempDir()
	require.NoError(t, fs.WalkDir(builtIn(t), ".", func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		if d.IsDir() {
			return nil
		}
		src, err := fs.ReadFile(builtIn(t), path)
		require.NoError(t, err)
		return os.WriteFile(filepath.Join(fhir, "Thessalonia_Okonkwo-Brandt_"+path), src, 0o600)
	}))
	require.NoError(t, os.WriteFile(filepath.Join(fhir, "wards.json"), []byte(`{"resourceType":"Bundle","type":"batch","entry":[]}`), 0o600))
	out, err := child(t, "main", "-dir", dir, "-fhir", fhir).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "1 files without a patient")
	values := planted(t, builtIn(t))
	for _, v := range values {
		require.NotContains(t, string(out), v)
	}
	requireFree(t, dir, values)
}

func TestBadBundlesAreRefusedByPlace(t *testing.T) {
	const name = "Okonkwo-Brandt"
	good, err := fs.ReadFile(builtIn(t), "1.json")
	require.NoError(t, err)
	for want, src := range map[string]string{
		"malformed JSON at byte 17":          `{"a":"` + name[:8] + `" x`,
		"not a FHIR Bundle":                  `{"resourceType":"` + name + `"}`,
		"not of the form of a FHIR Bundle":   `{"resourceType":"Bundle","entry":"` + name + `"}`,
		"entry 0 is not a resource":          `{"resourceType":"Bundle","entry":[{"resource":{"name":"` + name + `"}}]}`,
		"entry 0 is a patient without an id": `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","name":"` + name + `"}}]}`,
		"more than one patient":              `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"1"}},{"resource":{"resourceType":"Patient","id":"2"}}]}`,
	} {
		_, _, err := load(fstest.MapFS{"1.json": {Data: good}, name + ".json": {Data: []byte(src)}})
		require.ErrorContains(t, err, "file 2 of 2")
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), name)
	}
	_, _, err = load(fstest.MapFS{})
	require.ErrorContains(t, err, "no *.json file")
	_, _, err = load(fstest.MapFS{"a.json": {Data: []byte(`{"resourceType":"Bundle"}`)}})
	require.ErrorContains(t, err, "no bundle with a patient")
}

func TestBadDirectories(t *testing.T) {
	people := newPeople(nil)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := open(t.Context(), filepath.Join(file, "data"), people, logoffAfter)
	require.ErrorContains(t, err, "quickstart: data directory")

	dir := t.TempDir()
	h, err := open(t.Context(), dir, people, logoffAfter)
	require.NoError(t, err)
	found, _, err := load(builtIn(t))
	require.NoError(t, err)
	require.NoError(t, h.charts.put(t.Context(), found))
	_, err = open(t.Context(), dir, people, logoffAfter)
	require.Error(t, err, "the ledger has one writer")
	require.NoError(t, h.close(t.Context()))

	// Another key-encryption key opens nothing, and destroys nothing.
	kek := filepath.Join(dir, "keys", "kek")
	mine, err := os.ReadFile(kek)
	require.NoError(t, err)
	require.NoError(t, os.Remove(kek))
	_, err = open(t.Context(), dir, people, logoffAfter)
	require.ErrorIs(t, err, keyset.ErrUnwrap)
	require.NoError(t, os.WriteFile(kek, mine, 0o600))
	h, err = open(t.Context(), dir, people, logoffAfter)
	require.NoError(t, err)
	require.Equal(t, len(found), h.charts.len())
	require.NoError(t, h.close(t.Context()))
}

// An unclean path is refused like any other, and not repeated.
//
// Controls: HIPAA 164.312(a)(1), 164.312(d); NIST CSF 2.0 PR.AA-05.
func TestUncleanPathIsNotEchoed(t *testing.T) {
	h, err := open(t.Context(), t.TempDir(), newPeople(nil), logoffAfter)
	require.NoError(t, err)
	defer h.close(t.Context())
	for _, path := range []string{"//Patient/p-12345678", "/a/../Patient/p-12345678", "/Patient/p-12345678/"} {
		w := httptest.NewRecorder()
		h.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path+"?name=p-12345678", nil))
		require.Equal(t, http.StatusUnauthorized, w.Code, path)
		require.NotContains(t, w.Body.String(), "p-12345678")
		require.Empty(t, w.Header().Get("Location"))
	}
}
