package keep

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// full returns a house with a few segments, some records not signed yet.
func full(t testing.TB) *house {
	t.Helper()
	h := newHouse(t, 7*366*day, nil)
	t.Cleanup(func() { h.close(t) })
	for range 4 {
		h.seal(t)
	}
	h.sign(t)
	h.add(t, 2, "p1.unsigned", "late")
	return h
}

func exported(t testing.TB, h *house) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "export")
	_, err := Export(as(t.Context(), "op"), h.dir, h.key, to, h.noter, nil)
	require.NoError(t, err)
	return to
}

// An export of an open ledger restores to one that verifies, has every record,
// and opens for writing with its key.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.308(a)(7)(ii)(B), 164.312(c)(1); NIST CSF 2.0 PR.DS-11, PR.DS-01.
func TestExport(t *testing.T) {
	t.Parallel()
	h := full(t)
	dir := t.TempDir()
	var last, total int64
	m, err := Export(as(t.Context(), "op"), h.dir, h.key, filepath.Join(dir, "export"), h.noter, &ExportOptions{
		Progress: func(done, all int64) { require.LessOrEqual(t, last, done); last, total = done, all }})
	require.NoError(t, err)
	require.Equal(t, total, last)
	require.Equal(t, 2*m.Bytes(), total)
	require.Contains(t, h.last(t, audit.TypeLogExported), `"form":"directory"`)

	var stream bytes.Buffer
	_, err = ExportTar(as(t.Context(), "op"), h.dir, h.key, &stream, h.noter, nil)
	require.NoError(t, err)
	v, err := RestoreTar(t.Context(), &stream, filepath.Join(dir, "from-tar"), h.key, nil)
	require.NoError(t, err)
	require.True(t, v.OK)

	to := filepath.Join(dir, "restored")
	require.NoError(t, os.Mkdir(to, 0o700))
	v, err = Restore(t.Context(), to, h.key, nil, filepath.Join(dir, "export"))
	require.NoError(t, err)
	require.Equal(t, m.End, v.Size)
	records, behind, err := compare(t.Context(), h.dir, to, v)
	require.NoError(t, err)
	require.Equal(t, v.Size, records)
	require.EqualValues(t, 2, behind, "the accounts of both exports")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 3, "nothing else is left behind")

	l, err := ledger.Open(to, testKey, nil)
	require.NoError(t, err)
	require.NoError(t, l.Append(t.Context(), []byte(`{"n":1}`)))
	require.NoError(t, l.Close(context.Background()))
	again, err := ledger.Verify(t.Context(), to, h.key, &ledger.VerifyOptions{Known: [][]byte{v.Checkpoint.Note}})
	require.NoError(t, err)
	require.True(t, again.OK, again.String())

	_, err = Export(t.Context(), h.dir, h.key, filepath.Join(dir, "x"), h.noter, nil)
	require.ErrorContains(t, err, "nobody")
	_, err = Export(as(t.Context(), "op"), h.dir, h.key, filepath.Join(dir, "x"), &noter{err: errors.New("down")}, nil)
	require.ErrorContains(t, err, "down")
	require.NoDirExists(t, filepath.Join(dir, "x"), "nothing is copied before it is recorded")
}

// An export that broke off goes on where it was; one that is finished, or a
// directory with something else, is left alone.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-11.
func TestExportResumes(t *testing.T) {
	t.Parallel()
	h := full(t)
	to := filepath.Join(t.TempDir(), "export")
	ctx, cancel := context.WithCancel(as(t.Context(), "op"))
	defer cancel()
	_, err := Export(ctx, h.dir, h.key, to, h.noter, &ExportOptions{Progress: func(done, all int64) {
		if done > all*3/4 {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.NoFileExists(t, filepath.Join(to, manifestName))
	_, err = Restore(t.Context(), to+".r", h.key, nil, to)
	require.ErrorContains(t, err, "not finished")
	first := filepath.Join(to, "00000000000000000000.seg")
	before, err := os.Stat(first)
	require.NoError(t, err)
	h.seal(t)
	h.sign(t)
	_, err = Export(as(t.Context(), "op"), h.dir, h.key, to, h.noter, nil)
	require.NoError(t, err)
	after, err := os.Stat(first)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after), "not copied again")
	_, err = Restore(t.Context(), to+".r", h.key, nil, to)
	require.NoError(t, err)
	_, err = Export(as(t.Context(), "op"), h.dir, h.key, to, h.noter, nil)
	require.ErrorContains(t, err, "finished")
	_, err = Export(as(t.Context(), "op"), h.dir, h.key, h.dir, h.noter, nil)
	require.Error(t, err, "onto itself")
}

// Parts of one ledger, taken at different times, are restored together; a gap
// between them is found.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-11.
func TestParts(t *testing.T) {
	t.Parallel()
	h := full(t)
	dir := t.TempDir()
	part := func(name string, from, to uint64) string {
		path := filepath.Join(dir, name)
		_, err := Export(as(t.Context(), "op"), h.dir, h.key, path, h.noter, &ExportOptions{From: from, To: to})
		require.NoError(t, err)
		return path
	}
	a := part("a", 0, 20)
	h.seal(t)
	h.sign(t)
	b, c := part("b", 20, 0), part("c", 40, 0)
	v, err := Restore(t.Context(), filepath.Join(dir, "ab"), h.key, nil, b, a)
	require.NoError(t, err)
	_, _, err = compare(t.Context(), h.dir, filepath.Join(dir, "ab"), v)
	require.NoError(t, err)
	for _, list := range [][]string{{a}, {b}, {a, c}, {}} {
		_, err = Restore(t.Context(), filepath.Join(dir, "x"), h.key, nil, list...)
		require.Error(t, err)
		require.NoDirExists(t, filepath.Join(dir, "x"))
	}
	_, err = Export(as(t.Context(), "op"), h.dir, h.key, filepath.Join(dir, "y"), h.noter, &ExportOptions{From: 10_000, To: 1})
	require.Error(t, err)
}

// Whatever is done to an export, it is not restored: a byte, a file, the
// manifest, names that lead elsewhere, an older state, another ledger.
//
// Controls: HIPAA 164.308(a)(7)(ii)(B), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-11, PR.DS-01.
func TestExportAttacks(t *testing.T) {
	h := full(t)
	good := exported(t, h)
	segment := "00000000000000000000.seg"
	edit := func(name string, f func([]byte) []byte) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			p, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), f(p), 0o600))
		}
	}
	manifest := func(f func(*Manifest)) func(*testing.T, string) {
		return edit(manifestName, func(p []byte) []byte {
			var m Manifest
			require.NoError(t, json.Unmarshal(p, &m))
			f(&m)
			p, err := m.encode()
			require.NoError(t, err)
			return p
		})
	}
	flip := func(p []byte) []byte { p[len(p)/2] ^= 1; return p }
	for name, harm := range map[string]func(*testing.T, string){
		"bit in a segment":    edit(segment, flip),
		"bit in the leaves":   edit(leavesName, flip),
		"bit in a checkpoint": edit(checkpointName, flip),
		"segment cut":         edit(segment, func(p []byte) []byte { return p[:len(p)-1] }),
		"segment longer":      edit(segment, func(p []byte) []byte { return append(p, 0) }),
		"file missing":        func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, segment))) },
		"manifest missing":    func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, manifestName))) },
		"file extra":          func(t *testing.T, dir string) { require.NoError(t, os.WriteFile(filepath.Join(dir, "x"), nil, 0o600)) },
		"link": func(t *testing.T, dir string) {
			p := filepath.Join(dir, segment)
			require.NoError(t, os.Rename(p, p+"-real"))
			require.NoError(t, os.Symlink(p+"-real", p))
		},
		"path":           manifest(func(m *Manifest) { m.Files[0].Name = "../" + segment }),
		"absolute":       manifest(func(m *Manifest) { m.Files[0].Name = "/etc/passwd" }),
		"twice":          manifest(func(m *Manifest) { m.Files = append(m.Files, m.Files[0]) }),
		"no segments":    manifest(func(m *Manifest) { m.Files = m.Files[len(m.Files)-2:] }),
		"a segment less": manifest(func(m *Manifest) { m.Files = m.Files[1:] }),
		"hash":           manifest(func(m *Manifest) { m.Files[0].SHA256 = strings.Repeat("0", 64) }),
		"size":           manifest(func(m *Manifest) { m.Files[0].Bytes = 1 << 40 }),
		"floor":          manifest(func(m *Manifest) { m.Floor, m.First = 6, 6 }),
		"unknown field":  edit(manifestName, func(p []byte) []byte { return bytes.Replace(p, []byte(`"floor"`), []byte(`"flour"`), 1) }),
		"two manifests":  edit(manifestName, func(p []byte) []byte { return append(p, p...) }),
		"version":        manifest(func(m *Manifest) { m.Format = "x" }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "e")
			require.NoError(t, os.CopyFS(dir, os.DirFS(good)))
			harm(t, dir)
			to := filepath.Join(t.TempDir(), "restored")
			_, err := Restore(t.Context(), to, h.key, nil, dir)
			require.Error(t, err)
			require.NoDirExists(t, to)
		})
	}
	t.Run("rewritten with its manifest", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "e")
		require.NoError(t, os.CopyFS(dir, os.DirFS(good)))
		edit(segment, flip)(t, dir)
		root, err := os.OpenRoot(dir)
		require.NoError(t, err)
		defer root.Close()
		x := &exporter{root: root}
		manifest(func(m *Manifest) {
			sum := newSum()
			require.NoError(t, x.copy(t.Context(), sum, m.Files[0]))
			m.Files[0].SHA256 = sum.hex()
		})(t, dir)
		_, err = Restore(t.Context(), filepath.Join(t.TempDir(), "r"), h.key, nil, dir)
		require.ErrorContains(t, err, "not intact", "the signed root finds it")
	})
	t.Run("older than an anchor", func(t *testing.T) {
		h.seal(t)
		h.sign(t)
		kept := []ledger.Kept{{Name: "w", Note: h.ledger.Checkpoint().Note}}
		_, err := Restore(t.Context(), filepath.Join(t.TempDir(), "r"), h.key, &RestoreOptions{Anchors: kept}, good)
		require.ErrorContains(t, err, "rolled back")
	})
	t.Run("over a ledger", func(t *testing.T) {
		_, err := Restore(t.Context(), h.dir, h.key, nil, good)
		require.ErrorContains(t, err, "holds this ledger")
		h.verify(t)
	})
	t.Run("too large", func(t *testing.T) {
		_, err := Restore(t.Context(), filepath.Join(t.TempDir(), "r"), h.key, &RestoreOptions{MaxBytes: 1000}, good)
		require.ErrorContains(t, err, "MaxBytes")
	})
	t.Run("another key", func(t *testing.T) {
		other := strings.Replace(h.key, "clinic", "klinik", 1)
		_, err := Restore(t.Context(), filepath.Join(t.TempDir(), "r"), other, nil, good)
		require.Error(t, err)
	})
}

// A stream that is cut anywhere, or that has names of its own, is refused.
//
// Controls: HIPAA 164.308(a)(7)(ii)(B), 164.312(c)(1); NIST CSF 2.0 PR.DS-11, PR.DS-01.
func TestTarAttacks(t *testing.T) {
	t.Parallel()
	h := full(t)
	var stream bytes.Buffer
	_, err := ExportTar(as(t.Context(), "op"), h.dir, h.key, &stream, h.noter, nil)
	require.NoError(t, err)
	good := stream.Bytes()
	to := filepath.Join(t.TempDir(), "r")
	refuse := func(p []byte, why string) {
		t.Helper()
		_, err := RestoreTar(t.Context(), bytes.NewReader(p), to, h.key, nil)
		require.Error(t, err, why)
		require.NoDirExists(t, to)
	}
	for cut := 0; cut < len(good)-1024; cut += 1 + len(good)/16 {
		refuse(good[:cut], "cut")
	}
	rename := func(from, name string) []byte {
		var out bytes.Buffer
		w, r := tar.NewWriter(&out), tar.NewReader(bytes.NewReader(good))
		for {
			head, err := r.Next()
			if err == io.EOF {
				require.NoError(t, w.Close())
				return out.Bytes()
			}
			require.NoError(t, err)
			if head.Name == from {
				head.Name = name
			}
			require.NoError(t, w.WriteHeader(head))
			_, err = io.Copy(w, r)
			require.NoError(t, err)
		}
	}
	refuse(rename("00000000000000000000.seg", "../00000000000000000000.seg"), "path")
	refuse(rename(manifestName, "x"), "no manifest")
	refuse(rename(checkpointName, leavesName), "twice")
	v, err := RestoreTar(t.Context(), bytes.NewReader(rename("", "")), to, h.key, nil)
	require.NoError(t, err)
	require.True(t, v.OK)
}

// A drill restores and compares every record, and says so in the log; so it
// does of a backup that is not equal.
//
// Controls: HIPAA 164.308(a)(7)(ii)(D), 164.312(c)(2); NIST CSF 2.0 PR.DS-11.
func TestDrill(t *testing.T) {
	t.Parallel()
	h := full(t)
	anchors := []ledger.Kept{{Name: "w", Note: h.ledger.Checkpoint().Note}}
	temp := t.TempDir()
	d, err := Drill(t.Context(), h.dir, h.key, h.noter, &DrillOptions{Temp: temp, Anchors: anchors})
	require.NoError(t, err)
	require.True(t, d.Equal, "%v", d.Problem)
	require.Equal(t, d.Verdict.Size, d.Records)
	require.Contains(t, h.last(t, audit.TypeLogExported), `"equal":true`)
	left, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, left)

	backup := exported(t, h)
	d, err = Drill(t.Context(), h.dir, h.key, h.noter, &DrillOptions{From: []string{backup}})
	require.NoError(t, err)
	require.True(t, d.Equal)
	require.NotZero(t, d.Behind)
	h.sign(t)
	anchors[0].Note = h.ledger.Checkpoint().Note
	for _, o := range []*DrillOptions{{From: []string{backup}, Anchors: anchors}, {From: []string{t.TempDir()}}} {
		d, err = Drill(t.Context(), h.dir, h.key, h.noter, o)
		require.NoError(t, err)
		require.False(t, d.Equal)
		require.Error(t, d.Problem)
		require.Contains(t, h.last(t, audit.TypeLogExported), `"equal":false`)
	}
	_, err = Drill(t.Context(), h.dir, h.key, &noter{err: errors.New("down")}, nil)
	require.ErrorContains(t, err, "down", "what is not recorded did not happen")
}

// A pruned ledger exports and restores, and a drill of it is equal.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.316(b)(2)(i); NIST CSF 2.0 PR.DS-11.
func TestExportPruned(t *testing.T) {
	t.Parallel()
	h := full(t)
	h.catchUp(t)
	older := exported(t, h)
	p := h.plan(t)
	a, err := Approve(as(t.Context(), "ada"), p)
	require.NoError(t, err)
	_, err = h.keeper.Prune(as(t.Context(), "bob"), p, a)
	require.NoError(t, err)
	v, err := Restore(t.Context(), filepath.Join(t.TempDir(), "r"), h.key, nil, exported(t, h))
	require.NoError(t, err)
	require.Equal(t, p.KeepFrom, v.Floor)
	d, err := Drill(t.Context(), h.dir, h.key, h.noter, nil)
	require.NoError(t, err)
	require.True(t, d.Equal, "%v", d.Problem)
	d, err = Drill(t.Context(), h.dir, h.key, h.noter, &DrillOptions{From: []string{older}})
	require.NoError(t, err)
	require.True(t, d.Equal, "%v", d.Problem)
}

// FuzzManifest: no manifest panics, and an accepted one names only files that a
// ledger has.
func FuzzManifest(f *testing.F) {
	h := newHouse(f, 0, nil)
	defer h.close(f)
	dir := exported(f, h)
	p, err := os.ReadFile(filepath.Join(dir, manifestName))
	require.NoError(f, err)
	f.Add(p)
	f.Add(bytes.Replace(p, []byte("checkpoint\",\n"), []byte("../x\",\n"), 1))
	f.Fuzz(func(t *testing.T, p []byte) {
		m, _, err := readManifest(bytes.NewReader(p), h.key)
		if err != nil {
			return
		}
		for _, file := range m.Files {
			if filepath.Base(file.Name) != file.Name || strings.HasPrefix(file.Name, ".") {
				t.Fatal("a name that leads elsewhere")
			}
		}
	})
}

// FuzzRecord: no record panics what reads times, holds and words.
func FuzzRecord(f *testing.F) {
	f.Add(entry(audit.TypeHoldSet, "p1.x", "x", time.Now(), time.Now()))
	f.Add([]byte(`{"specversion":"1.0","sequence":"00000000000000000000","recordedtime":"2026-01-01T00:00:00.000000000Z","x":1}`))
	f.Add([]byte(`{"a":"Patient/p1.x"}`))
	f.Fuzz(func(t *testing.T, p []byte) {
		timeOf(p)
		mentions(p, map[string]bool{"p1.x": true})
		holdEventOf(ledger.Record{Data: p})
	})
}
