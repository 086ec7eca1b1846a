package evidence_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/evidence"
)

func public() ed25519.PublicKey { return testKey.Public().(ed25519.PublicKey) }

func fsOf(t *testing.T, p *evidence.Pack) fstest.MapFS {
	files, err := p.Files(testKey)
	require.NoError(t, err)
	out := fstest.MapFS{}
	for _, f := range files {
		out[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return out
}

// A pack that was written verifies and says what it said.
//
// Controls: HIPAA 164.312(c)(2), 164.316(b)(1); NIST CSF 2.0 PR.DS-01.
func TestWriteAndVerify(t *testing.T) {
	p := build(t, input(collect(t, service(t))))
	dir := filepath.Join(t.TempDir(), "pack")
	require.NoError(t, p.WriteDir(dir, testKey))
	got, err := evidence.Verify(os.DirFS(dir), public())
	require.NoError(t, err)
	require.Equal(t, p.Summary, got.Summary)
	var a, b bytes.Buffer
	require.NoError(t, p.WriteJSON(&a))
	require.NoError(t, got.WriteJSON(&b))
	require.Equal(t, a.String(), b.String())

	require.ErrorIs(t, p.WriteDir(dir, testKey), os.ErrExist, "nothing is replaced")
	info, err := os.Stat(filepath.Join(dir, "index.md"))
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	siblings, err := os.ReadDir(filepath.Dir(dir))
	require.NoError(t, err)
	require.Len(t, siblings, 1, "nothing temporary is left")
}

// Strangers verify with sha256sum and openssl alone.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestStrangersVerify(t *testing.T) {
	for _, tool := range []string{"openssl", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("there is no " + tool)
		}
	}
	dir := filepath.Join(t.TempDir(), "pack")
	require.NoError(t, build(t, input()).WriteDir(dir, testKey))
	run := func(name string, args ...string) error {
		c := exec.CommandContext(t.Context(), name, args...)
		c.Dir = dir
		out, err := c.CombinedOutput()
		t.Logf("%s: %.60s", name, out)
		return err
	}
	signature := []string{"pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "public-key.pem", "-sigfile", "SHA256SUMS.sig", "-in", "SHA256SUMS"}
	require.NoError(t, run("openssl", signature...))
	require.NoError(t, run("sha256sum", "--quiet", "-c", "SHA256SUMS"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "index.md"), []byte("all is well"), 0o600))
	require.Error(t, run("sha256sum", "--quiet", "-c", "SHA256SUMS"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "SHA256SUMS"), []byte("x"), 0o600))
	require.Error(t, run("openssl", signature...))
}

// Whatever is changed after the signature is noticed.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestVerifyNoticesEveryChange(t *testing.T) {
	p := build(t, input())
	whole := fsOf(t, p)
	_, err := evidence.Verify(whole, public())
	require.NoError(t, err)
	for i, name := range slices.Sorted(maps.Keys(whole)) {
		if strings.HasPrefix(name, "requests/") && i%20 != 0 && os.Getenv("SAFEGUARD_SOAK") != "1" {
			continue
		}
		refuses(t, name+" changed", func(f fstest.MapFS) {
			data := bytes.Clone(f[name].Data)
			data[len(data)/2] ^= 1
			f[name] = &fstest.MapFile{Data: data}
		}, whole)
		refuses(t, name+" removed", func(f fstest.MapFS) { delete(f, name) }, whole)
	}
	refuses(t, "added", func(f fstest.MapFS) { f["requests/extra.md"] = &fstest.MapFile{Data: []byte("x")} }, whole)
	refuses(t, "swapped", func(f fstest.MapFS) {
		a, b := p.Artefacts[0].File, p.Artefacts[1].File
		f[a], f[b] = f[b], f[a]
	}, whole)
	_, err = evidence.Verify(whole, ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey))
	require.ErrorIs(t, err, evidence.ErrPack, "another key")
	_, err = evidence.Verify(whole, nil)
	require.ErrorIs(t, err, evidence.ErrInput)
}

// What is no file of the pack is refused, a name that claims something and a
// way out of the directory included.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestVerifyRefusesWhatIsNoFile(t *testing.T) {
	if _, err := exec.LookPath("mkfifo"); err != nil {
		t.Skip("there is no mkfifo")
	}
	p := build(t, input())
	name := p.Artefacts[0].File
	for attack, change := range map[string]func(dir string) error{
		"empty directory":  func(dir string) error { return os.Mkdir(filepath.Join(dir, "COMPLIANT - certified by HHS"), 0o700) },
		"directory within": func(dir string) error { return os.MkdirAll(filepath.Join(dir, "requests", "a", "b"), 0o700) },
		"link to outside":  func(dir string) error { return linked(dir, name) },
		"link as the list": func(dir string) error { return linked(dir, "SHA256SUMS") },
		"link to nothing":  func(dir string) error { return os.Symlink("nothing", filepath.Join(dir, "more")) },
		"linked directory": func(dir string) error { return linked(dir, "policies") },
		"pipe":             func(dir string) error { return piped(dir, name) },
		"pipe as the list": func(dir string) error { return piped(dir, "SHA256SUMS") },
	} {
		t.Run(attack, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "pack")
			require.NoError(t, p.WriteDir(dir, testKey))
			require.NoError(t, change(dir))
			got, err := evidence.Verify(os.DirFS(dir), public())
			require.ErrorIs(t, err, evidence.ErrPack)
			require.Nil(t, got)
		})
	}
}

// linked moves a file out of the directory and leaves a link to it.
func linked(dir, name string) error {
	out := dir + ".out"
	return errors.Join(os.Rename(filepath.Join(dir, name), out), os.Symlink(out, filepath.Join(dir, name)))
}

// piped puts a pipe in the place of a file. Nobody ever writes to it.
func piped(dir, name string) error {
	path := filepath.Join(dir, name)
	return errors.Join(os.Remove(path), exec.Command("mkfifo", path).Run())
}

func refuses(t *testing.T, name string, attack func(fstest.MapFS), whole fstest.MapFS) {
	t.Helper()
	f := fstest.MapFS{}
	for k, v := range whole {
		f[k] = v
	}
	attack(f)
	got, err := evidence.Verify(f, public())
	require.ErrorIs(t, err, evidence.ErrPack, name)
	require.Nil(t, got, name)
}

// A list that was signed and is not a pack is refused too.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestVerifyRefusesForeignLists(t *testing.T) {
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for name, sums := range map[string]string{
		"empty": "", "no hash": "x  a\n", "outside": empty + "  ../a\n", "no end": empty + "  a",
		"twice": empty + "  a\n" + empty + "  a\n", "not sorted": empty + "  b\n" + empty + "  a\n", "no data": empty + "  a\n",
	} {
		f := fstest.MapFS{
			"a": {}, "b": {}, "SHA256SUMS": {Data: []byte(sums)}, "SHA256SUMS.sig": {Data: ed25519.Sign(testKey, []byte(sums))},
		}
		if name == "no data" {
			delete(f, "b")
		}
		_, err := evidence.Verify(f, public())
		require.ErrorIs(t, err, evidence.ErrPack, name)
	}
}

// A signer that fails, lies or has another kind of key leaves nothing behind.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestSignerFails(t *testing.T) {
	p := build(t, input())
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	for name, s := range map[string]crypto.Signer{"nobody": nil, "ecdsa": other, "refuses": signer{err: errors.New("no")}, "lies": signer{}} {
		dir := filepath.Join(t.TempDir(), "pack")
		require.Error(t, p.WriteDir(dir, s), name)
		left, err := os.ReadDir(filepath.Dir(dir))
		require.NoError(t, err)
		require.Empty(t, left, name)
	}
	require.Error(t, p.WriteDir(filepath.Join(t.TempDir(), "no", "such", "parent"), testKey))
}

type signer struct{ err error }

func (signer) Public() crypto.PublicKey { return public() }

func (s signer) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return make([]byte, ed25519.SignatureSize), s.err
}
