package ledger

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// script verifies bundles without this package.
const script = "../../docs/verify-bundle.sh"

// testBundle is a bundle with everything in it.
func testBundle(t testing.TB) (b Bundle, text []byte, vkey string) {
	t.Helper()
	m := newMemFS()
	l := mustOpen(t, m)
	appendRange(t, l, 0, 5)
	require.NoError(t, l.sync(t.Context()))
	known := l.Checkpoint().Note
	appendRange(t, l, 5, 13)
	require.NoError(t, l.Close(t.Context()))
	b, err := newReader(m).Bundle(t.Context(), l.VerifierKey(), []uint64{2, 11, 12}, &BundleOptions{Known: known})
	require.NoError(t, err)
	return b, bundleText(t, b), l.VerifierKey()
}

func bundleText(t testing.TB, b Bundle) []byte {
	t.Helper()
	var out bytes.Buffer
	n, err := b.WriteTo(&out)
	require.NoError(t, err)
	require.EqualValues(t, out.Len(), n)
	return out.Bytes()
}

// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestBundle(t *testing.T) {
	b, text, vkey := testBundle(t)
	require.NoError(t, b.Verify(vkey))
	again, err := ReadBundle(bytes.NewReader(text))
	require.NoError(t, err)
	require.Equal(t, b, again)
	for i, p := range again.Entries {
		require.Equal(t, record([]int{2, 11, 12}[i]), p.Record)
	}
	require.ErrorIs(t, b.Verify(vkeyOf(t, 2)), ErrWrongKey)
	empty := bundleText(t, Bundle{Checkpoint: b.Checkpoint})
	again, err = ReadBundle(bytes.NewReader(empty))
	require.NoError(t, err)
	require.NoError(t, again.Verify(vkey))
	_, err = b.WriteTo(brokenWriter{})
	require.Error(t, err)
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }

// forgedBundles are bundles that show nothing, and what is wrong with each.
func forgedBundles(t testing.TB, b Bundle) map[string]Bundle {
	t.Helper()
	forge := func(f func(b *Bundle)) Bundle {
		c, err := ReadBundle(bytes.NewReader(bundleText(t, b)))
		require.NoError(t, err)
		f(&c)
		return c
	}
	return map[string]Bundle{
		"a changed record":         forge(func(b *Bundle) { b.Entries[1].Record[3] ^= 1 }),
		"a changed index":          forge(func(b *Bundle) { b.Entries[0].Index = 3 }),
		"an index beyond the end":  forge(func(b *Bundle) { b.Entries[2].Index = 13 }),
		"a changed hash":           forge(func(b *Bundle) { b.Entries[2].Hashes[0][5] ^= 1 }),
		"a missing hash":           forge(func(b *Bundle) { b.Entries[0].Hashes = b.Entries[0].Hashes[1:] }),
		"a hash too many":          forge(func(b *Bundle) { b.Entries[0].Hashes = append(b.Entries[0].Hashes, hash{}) }),
		"another size":             forge(func(b *Bundle) { b.Checkpoint = bytes.Replace(b.Checkpoint, []byte("\n13\n"), []byte("\n14\n"), 1) }),
		"a changed signature":      forge(func(b *Bundle) { b.Checkpoint[len(b.Checkpoint)-9] ^= 1 }),
		"a changed consistency":    forge(func(b *Bundle) { b.Consistency[1][0] ^= 1 }),
		"a missing consistency":    forge(func(b *Bundle) { b.Consistency = b.Consistency[1:] }),
		"no consistency":           forge(func(b *Bundle) { b.Consistency = nil }),
		"known and new exchanged":  forge(func(b *Bundle) { b.Known, b.Checkpoint = b.Checkpoint, b.Known }),
		"an unsigned known":        forge(func(b *Bundle) { b.Known = b.Known[:bytes.Index(b.Known, []byte("\n\n"))+2] }),
		"records of two exchanged": forge(func(b *Bundle) { b.Entries[1].Record, b.Entries[2].Record = b.Entries[2].Record, b.Entries[1].Record }),
	}
}

// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestForgedBundles(t *testing.T) {
	b, _, vkey := testBundle(t)
	for what, forged := range forgedBundles(t, b) {
		require.Error(t, forged.Verify(vkey), what)
	}
}

// Every line removed, doubled or exchanged with the next, and every byte
// changed, makes a bundle that is not read or does not hold.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestDamagedBundleText(t *testing.T) {
	_, text, vkey := testBundle(t)
	bad := func(what string, text []byte) {
		b, err := ReadBundle(bytes.NewReader(text))
		if err == nil {
			err = b.Verify(vkey)
		}
		require.Error(t, err, what)
	}
	for i := range text {
		changed := bytes.Clone(text)
		changed[i] ^= 1 << (i % 8)
		bad("changed", changed)
		if i%5 == 0 {
			bad("cut", text[:i])
		}
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	lines = lines[:len(lines)-1]
	for i := range lines {
		bad("removed", bytes.Join(append(append([][]byte{}, lines[:i]...), lines[i+1:]...), nil))
		bad("doubled", bytes.Join(append(append([][]byte{}, lines[:i+1]...), lines[i:]...), nil))
		if i > 0 && !bytes.Equal(lines[i], lines[i-1]) {
			swapped := append([][]byte{}, lines...)
			swapped[i], swapped[i-1] = swapped[i-1], swapped[i]
			bad("swapped", bytes.Join(swapped, nil))
		}
	}
	bad("added to", append(bytes.Clone(text), '\n'))
	bad("a long line", append([]byte(bundleMagic+"\ncheckpoint "), bytes.Repeat([]byte("A"), maxBundleLine)...))
}

// What is read has one spelling.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func FuzzReadBundle(f *testing.F) {
	_, text, _ := testBundle(f)
	f.Add(text)
	f.Add(text[:len(text)-1])
	f.Add([]byte(bundleMagic + "\ncheckpoint eA==\nend 0\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ReadBundle(bytes.NewReader(data))
		if err != nil {
			return
		}
		require.Equal(t, string(data), string(bundleText(t, b)))
	})
}

// runScript runs the script on a bundle.
func runScript(t *testing.T, text []byte, vkey string) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bundle")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	out, err := exec.CommandContext(t.Context(), "sh", script, "-r", path, vkey).CombinedOutput()
	return string(out), err
}

// needScript skips where the script cannot run.
func needScript(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"sh", "openssl", "od"} {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		if os.Getenv("SAFEGUARD_REQUIRE_SERVICES") == "1" {
			t.Fatalf("%s is not installed", tool)
		}
		t.Skipf("%s is not installed", tool)
	}
}

// A stranger with a shell and openssl comes to the same verdict.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestScript(t *testing.T) {
	needScript(t)
	lines, err := os.ReadFile(script)
	require.NoError(t, err)
	require.LessOrEqual(t, bytes.Count(lines, []byte("\n")), 150)

	b, text, vkey := testBundle(t)
	out, err := runScript(t, text, vkey)
	require.NoError(t, err, out)
	require.Contains(t, out, "GOOD: clinic.example/charts, 13 records signed, 3 of them proven here, an older checkpoint of 5 is of the same ledger")
	for _, p := range b.Entries {
		require.Contains(t, out, string(p.Record))
	}
	forgeries := forgedBundles(t, b)
	for i, what := range slices.Sorted(maps.Keys(forgeries)) {
		if !soak() && i%7 != 0 {
			continue
		}
		out, err := runScript(t, bundleText(t, forgeries[what]), vkey)
		require.Error(t, err, "%s: %s", what, out)
		require.Contains(t, out, "REFUSED", what)
		require.NotContains(t, out, "GOOD", what)
	}
	_, err = runScript(t, text, vkeyOf(t, 2))
	require.Error(t, err, "another key")
}

// Whatever one byte becomes, the script refuses it as this package does.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestScriptRefusesEveryChange(t *testing.T) {
	if !soak() {
		t.Skip("runs a thousand processes; set SAFEGUARD_SOAK=1")
	}
	needScript(t)
	_, text, vkey := testBundle(t)
	step := max(1, len(text)/400)
	n := 0
	for i := 0; i < len(text); i += step {
		changed := bytes.Clone(text)
		changed[i] ^= 1 << (i % 7)
		out, err := runScript(t, changed, vkey)
		require.Error(t, err, "byte %d: %s", i, out)
		require.NotContains(t, out, "GOOD")
		n++
	}
	t.Logf("soak: %d changed bundles refused by the script", n)
}

// Ledgers of every size up to 20 agree between script and package, and every
// older size is shown to be of the same ledger.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestScriptOnManySizes(t *testing.T) {
	needScript(t)
	sizes := []int{8, 11}
	if soak() {
		sizes = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17}
	}
	var kept [][]byte
	m := newMemFS()
	l := mustOpen(t, m)
	kept = append(kept, l.Checkpoint().Note)
	for _, n := range sizes {
		appendRange(t, l, int(l.Size()), n)
		require.NoError(t, l.sync(t.Context()))
		kept = append(kept, l.Checkpoint().Note)
		for i, known := range kept {
			if !soak() && (n != 11 || i != 1) {
				continue
			}
			b, err := newReader(m).Bundle(t.Context(), l.VerifierKey(), []uint64{0, uint64(n - 1)}, &BundleOptions{Known: known})
			require.NoError(t, err)
			out, err := runScript(t, bundleText(t, b), l.VerifierKey())
			require.NoError(t, err, out)
			require.True(t, strings.Contains(out, "GOOD"))
		}
	}
	require.NoError(t, l.Close(t.Context()))
}
