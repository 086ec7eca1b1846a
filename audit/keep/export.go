package keep

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// ExportOptions are the settings of [Export] and [ExportTar]. Nil is the zero
// value: everything.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.312(c)(1); NIST CSF 2.0 PR.DS-11, PR.DS-01.
type ExportOptions struct {
	// From and To choose whole segments: from the one that holds record From up
	// to the one that holds record To-1. Zero means from the first, and up to
	// the last. Parts of one ledger are restored together.
	From, To uint64
	// Progress, if set, is called now and then with how many bytes of all were
	// read and written; every byte is counted twice, since it is hashed first.
	Progress func(done, total int64)
}

// Export copies the ledger in dir, which may be open for writing, to the
// directory to, with a manifest that is written last. It takes whole batches
// up to what is there now, and the checkpoint that is signed now.
//
// An export that broke off is taken up again by the same call: files that are
// there and equal are not copied again. A directory that has a manifest, or
// anything that is no part of an export, is refused.
//
// The context says who exports; nobody is refused. That is recorded through
// noter (type log.exported) before the first byte is copied. The copy holds
// what the log holds, tokens and names of users, and is not encrypted.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.DS-11, PR.PS-04, PR.DS-01.
func Export(ctx context.Context, dir, verifierKey, to string, noter audit.Noter, opts *ExportOptions) (Manifest, error) {
	m, err := export(ctx, dir, verifierKey, noter, opts, "directory", func(x *exporter) error { return x.directory(ctx, to) })
	if err != nil {
		return Manifest{}, fmt.Errorf("keep: export: %w", err)
	}
	return m, nil
}

// ExportTar is [Export] to a stream in tar form, the manifest first. A stream
// that broke off is of no use: [RestoreTar] refuses it.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.DS-11, PR.PS-04, PR.DS-01.
func ExportTar(ctx context.Context, dir, verifierKey string, to io.Writer, noter audit.Noter, opts *ExportOptions) (Manifest, error) {
	m, err := export(ctx, dir, verifierKey, noter, opts, "tar", func(x *exporter) error { return x.tar(ctx, to) })
	if err != nil {
		return Manifest{}, fmt.Errorf("keep: export: %w", err)
	}
	return m, nil
}

// export takes a snapshot, records it, and has it written.
func export(ctx context.Context, dir, verifierKey string, noter audit.Noter, opts *ExportOptions,
	form string, write func(*exporter) error) (Manifest, error) {
	who, ok := safeguard.PrincipalFrom(ctx)
	if !ok || noter == nil {
		return Manifest{}, errors.New("the context says nobody, or there is no noter")
	}
	x, err := snapshot(ctx, dir, verifierKey, opts)
	if err != nil {
		return Manifest{}, err
	}
	defer x.root.Close()
	data, err := json.Marshal(map[string]any{"kind": "export", "form": form, "first": x.m.First, "end": x.m.End,
		"size": x.checkpoint.Size, "root": hex.EncodeToString(x.checkpoint.Root[:]), "bytes": x.m.Bytes()})
	if err != nil {
		return Manifest{}, err
	}
	if _, err := noter.Record(ctx, audit.Notice{Type: audit.TypeLogExported, Principal: who, Data: data}); err != nil {
		return Manifest{}, fmt.Errorf("record: %w", err)
	}
	return x.m, write(x)
}

// An exporter has one snapshot of a ledger.
type exporter struct {
	root       *os.Root
	m          Manifest
	checkpoint ledger.Checkpoint
	small      map[string][]byte // contents of files that are replaced as a whole
	tell       func(done, total int64)
	done, all  int64
}

// snapshot finds out what to copy and hashes it. The checkpoint comes first:
// what it covers is in the files that are listed after it.
func snapshot(ctx context.Context, dir, verifierKey string, opts *ExportOptions) (x *exporter, err error) {
	o := ExportOptions{}
	if opts != nil {
		o = *opts
	}
	reader, err := ledger.OpenReader(dir)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	x = &exporter{small: map[string][]byte{}, tell: o.Progress}
	if x.checkpoint, err = reader.Checkpoint(verifierKey); err != nil {
		return nil, err
	}
	if x.m.Floor, err = reader.Floor(); err != nil {
		return nil, err
	}
	list, err := reader.Segments(ctx)
	if err != nil {
		return nil, err
	}
	if x.root, err = os.OpenRoot(dir); err != nil {
		return nil, err
	}
	if err := x.list(ctx, list, o); err != nil {
		x.root.Close()
		return nil, err
	}
	return x, nil
}

// list fills in the manifest.
func (x *exporter) list(ctx context.Context, segments []ledger.Segment, o ExportOptions) error {
	x.m.Format, x.m.Checkpoint = manifestFormat, string(x.checkpoint.Note)
	var wanted []ExportedFile
	for _, s := range segments {
		if s.Bytes == 0 || s.End <= o.From && s.Sealed || o.To > 0 && s.First >= o.To {
			continue
		}
		if len(wanted) == 0 {
			x.m.First = s.First
		}
		x.m.End = s.End
		wanted = append(wanted, ExportedFile{Name: s.Name, Bytes: s.Bytes})
	}
	if len(wanted) == 0 {
		return errors.New("no segment holds what is asked for")
	}
	x.small[checkpointName] = x.checkpoint.Note
	if floor, err := readSmall(x.root, floorName, 32); err == nil {
		if string(floor) != fmt.Sprintf("%d\n", x.m.Floor) {
			return errors.New("records were pruned meanwhile; export again")
		}
		x.small[floorName] = floor
		wanted = append(wanted, ExportedFile{Name: floorName, Bytes: int64(len(floor))})
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	wanted = append(wanted, ExportedFile{Name: leavesName, Bytes: int64(x.checkpoint.Size) * 32},
		ExportedFile{Name: checkpointName, Bytes: int64(len(x.checkpoint.Note))})
	x.m.Files = wanted
	x.all = 2 * x.m.Bytes()
	for i := range x.m.Files {
		f := &x.m.Files[i]
		sum := sha256.New()
		if err := x.copy(ctx, sum, *f); err != nil {
			return err
		}
		f.SHA256 = hex.EncodeToString(sum.Sum(nil))
	}
	return x.m.check(x.checkpoint)
}

// readSmall reads a file of at most limit bytes.
func readSmall(root *os.Root, name string, limit int64) ([]byte, error) {
	f, err := openFile(root, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(p)) > limit {
		err = fmt.Errorf("%s is longer than %d bytes", name, limit)
	}
	return p, err
}

// copy writes the bytes of one file of the snapshot to w.
func (x *exporter) copy(ctx context.Context, w io.Writer, f ExportedFile) error {
	w = io.MultiWriter(w, meter{ctx, x})
	if p, ok := x.small[f.Name]; ok {
		_, err := w.Write(p)
		return err
	}
	file, err := openFile(x.root, f.Name)
	if err != nil {
		return err
	}
	defer file.Close()
	n, err := io.Copy(w, io.NewSectionReader(file, 0, f.Bytes))
	if err == nil && n != f.Bytes {
		err = fmt.Errorf("%s is shorter than it was", f.Name)
	}
	return err
}

// A meter counts bytes and stops when ctx is done.
type meter struct {
	ctx context.Context
	x   *exporter
}

func (m meter) Write(p []byte) (int, error) {
	m.x.done += int64(len(p))
	if m.x.tell != nil {
		m.x.tell(m.x.done, m.x.all)
	}
	return len(p), m.ctx.Err()
}

// checked copies a file and compares its hash: it must be what was listed.
func (x *exporter) checked(ctx context.Context, w io.Writer, f ExportedFile) error {
	sum := sha256.New()
	if err := x.copy(ctx, io.MultiWriter(w, sum), f); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
		return fmt.Errorf("%s changed while it was copied", f.Name)
	}
	return nil
}

// tar writes a stream.
func (x *exporter) tar(ctx context.Context, to io.Writer) error {
	manifest, err := x.m.encode()
	if err != nil {
		return err
	}
	w := tar.NewWriter(to)
	now := time.Now().UTC().Truncate(time.Second)
	head := func(name string, size int64) error {
		return w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: now})
	}
	if err := head(manifestName, int64(len(manifest))); err != nil {
		return err
	}
	if _, err := w.Write(manifest); err != nil {
		return err
	}
	for _, f := range x.m.Files {
		if err := head(f.Name, f.Bytes); err != nil {
			return err
		}
		if err := x.checked(ctx, w, f); err != nil {
			return err
		}
	}
	return w.Close()
}
