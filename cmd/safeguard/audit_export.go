package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard/audit/keep"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

type auditExport struct {
	auditLedger
	auditKept
	To          string   `placeholder:"DIR|FILE|-" help:"The new directory; a file for --cloudevents; - for a stream (tar) on standard output."`
	From        uint64   `placeholder:"N" help:"Export from the segment that holds record N on."`
	Before      uint64   `placeholder:"N" help:"Export up to the segment that holds the record before N."`
	Tlog        bool     `help:"Publish the ledger in the layout of C2SP tlog-tiles instead, which the software of others verifies. DIR may be there, and is brought up to date."`
	Cloudevents bool     `help:"Write the signed records instead, one CloudEvent (JSON) in each line."`
	Drill       bool     `help:"Instead prove that the ledger can be restored: export, restore, compare every record, and remove the copy."`
	Backup      []string `sep:"none" placeholder:"DIR" help:"With --drill: the exports to restore, instead of a fresh one."`
	Temp        string   `placeholder:"DIR" help:"With --drill: where the copy is made. Default: the system's directory for temporary files."`
	JSON        bool     `name:"json" help:"Say what was done as JSON."`
	recording
}

// Help is the long text of --help.
func (auditExport) Help() string {
	return `An export is a copy that 'audit restore' brings back: files, a manifest, and the checkpoint that signs them. It may be made beside the service. One that broke off is taken up again by the same command. Who exports is recorded before the first byte is copied.

What is exported holds what the ledger holds, tokens of patients and names of users, and is not encrypted: protect it like the ledger. A data backup plan (164.308(a)(7)(ii)(A)) is required, and testing it (164.308(a)(7)(ii)(D)) is addressable: hold a --drill, over the backup that there is (--backup). Its result is recorded too; exit code 1 says that the copy is not equal.

--cloudevents verifies the ledger first, and refuses records that are no valid CloudEvents. Records that are not signed yet are left out. On standard output nothing counts until the exit code is 0.`
}

// Run exports.
func (c *auditExport) Run(e *env) error {
	if err := c.check(); err != nil {
		return err
	}
	key, err := c.verifierKey(e)
	if err != nil {
		return err
	}
	anchors, err := c.read(e, key)
	if err != nil {
		return err
	}
	return c.do(e, func(r *recorded) error {
		switch {
		case c.Drill:
			return c.drill(e, r, key, anchors)
		case c.Tlog:
			return c.publish(e, r, key, anchors)
		case c.Cloudevents:
			return c.events(e, r, key, anchors)
		}
		return c.copy(e, r, key, anchors)
	})
}

// check refuses flags that do not go together.
func (c *auditExport) check() error {
	ways := 0
	for _, way := range []bool{c.Drill, c.Tlog, c.Cloudevents} {
		if way {
			ways++
		}
	}
	parts := c.From > 0 || c.Before > 0
	switch {
	case ways > 1:
		return refused(errors.New("choose one of --drill, --tlog and --cloudevents"))
	case c.Drill == (c.To != ""):
		return refused(errors.New("say where to: --to; or --drill, which leaves nothing behind"))
	case !c.Drill && (len(c.Backup) > 0 || c.Temp != ""):
		return refused(errors.New("--backup and --temp go with --drill"))
	case parts && ways > 0:
		return refused(errors.New("--from and --before choose segments of a plain export"))
	case c.Tlog && c.To == "-":
		return refused(errors.New("--tlog needs a directory"))
	case c.To == "-" && c.JSON:
		return refused(errors.New("--json would stand in the stream"))
	}
	return nil
}

// exported is what is said of an export.
type exported struct {
	Ledger string `json:"ledger"`
	To     string `json:"to"`
	First  uint64 `json:"first"`
	End    uint64 `json:"end"`
	Files  int    `json:"files,omitempty"`
	Bytes  int64  `json:"bytes,omitempty"`
}

// say writes what was done, unless standard output has the records.
func (c *auditExport) say(e *env, x exported) error {
	switch {
	case c.To == "-":
		e.note("records %d to %d", x.First, x.End)
		return nil
	case c.JSON:
		return indented(x)(e.out)
	}
	_, err := fmt.Fprintf(e.out, "%s: records from %d up to, not including, %d, in %s\n", x.Ledger, x.First, x.End, x.To)
	return err
}

// copy makes a plain export.
func (c *auditExport) copy(e *env, r *recorded, key string, anchors []ledger.Kept) error {
	if err := unfinished(c.To); err != nil {
		return err
	}
	if err := intact(e, c.Dir, key, anchors); err != nil {
		return err
	}
	tell := e.counted(c.Dir + ": bytes")
	opts := &keep.ExportOptions{From: c.From, To: c.Before, Progress: func(done, total int64) { tell(uint64(done), uint64(total)) }} //nolint:gosec // sizes
	var m keep.Manifest
	var err error
	if c.To == "-" {
		m, err = keep.ExportTar(r.ctx, c.Dir, key, e.out, r.recorder, opts)
	} else {
		m, err = keep.Export(r.ctx, c.Dir, key, c.To, r.recorder, opts)
	}
	if err != nil {
		return err
	}
	return c.say(e, exported{Ledger: c.Dir, To: c.To, First: m.First, End: m.End, Files: len(m.Files), Bytes: m.Bytes()})
}

// unfinished refuses a directory that is neither empty nor an export that broke
// off.
func unfinished(to string) error {
	if to == "-" {
		return nil
	}
	if _, err := os.Stat(filepath.Join(to, "manifest.json.tmp")); err == nil {
		return nil
	}
	return emptyDir(to)
}

// publish brings a directory of tiles up to date.
func (c *auditExport) publish(e *env, r *recorded, key string, anchors []ledger.Kept) error {
	if err := intact(e, c.Dir, key, anchors); err != nil {
		return err
	}
	reader, err := ledger.OpenReader(c.Dir)
	if err != nil {
		return err
	}
	defer reader.Close()
	point, err := reader.Checkpoint(key)
	if err != nil {
		return err
	}
	floor, err := reader.Floor()
	if err != nil {
		return err
	}
	if err := r.handsOut("tiles", point.Note, map[string]any{"records": point.Size - floor}); err != nil {
		return err
	}
	e.step("publishing %d records", point.Size)
	if point, err = ledger.Publish(e.ctx, c.Dir, c.To, key); err != nil {
		return err
	}
	return c.say(e, exported{Ledger: c.Dir, To: c.To, First: floor, End: point.Size})
}

// drilled is what is said of a drill.
type drilled struct {
	Equal   bool    `json:"equal"`
	Records uint64  `json:"records"`
	Behind  uint64  `json:"behind"`
	Seconds float64 `json:"seconds"`
	Verdict verdict `json:"verdict"`
	Problem string  `json:"problem,omitempty"`
}

// drill proves that the ledger can be restored.
func (c *auditExport) drill(e *env, r *recorded, key string, anchors []ledger.Kept) error {
	e.step("restoring %s", c.Dir)
	d, err := keep.Drill(r.ctx, c.Dir, key, r.recorder, &keep.DrillOptions{Temp: c.Temp, From: c.Backup, Anchors: anchors})
	if err != nil {
		return err
	}
	out := drilled{Equal: d.Equal, Records: d.Records, Behind: d.Behind, Seconds: d.Took.Seconds(), Verdict: describe(d.Verdict)}
	if d.Problem != nil {
		out.Problem = d.Problem.Error()
	}
	write := out.write
	if c.JSON {
		write = indented(out)
	}
	if err := write(e.out); err != nil {
		return err
	}
	if !d.Equal {
		return findings("%s: the restored copy is not equal", c.Dir)
	}
	return nil
}

func (d drilled) write(w io.Writer) error {
	word := "NOT EQUAL"
	if d.Equal {
		word = "equal"
	}
	_, err := fmt.Fprintf(w, "%s: %d records compared, the ledger has %d more, %.1f s to restore and verify\n", word, d.Records, d.Behind, d.Seconds)
	if err == nil && d.Problem != "" {
		_, err = fmt.Fprintln(w, d.Problem)
	}
	return err
}

type auditRestore struct {
	From []string `arg:"" help:"Exports: one of all, or parts that together have every record; - for a stream on standard input."`
	auditKey
	auditKept
	To   string `required:"" placeholder:"DIR" help:"The new directory."`
	JSON bool   `name:"json" help:"Write the verdict as JSON."`
}

// Help is the long text of --help.
func (auditRestore) Help() string {
	return `Everything is checked before DIR appears: each file against the manifest, and the whole against the public key, which must not come with the export. Give what was kept elsewhere as well (--known, --anchor-file, --anchor-state): an export that is older than that is refused, and without it an old one passes.

The ledger can then be opened for writing with its key. See to it that the old one is not.`
}

// Run restores.
func (c *auditRestore) Run(e *env) error {
	key, err := c.verifierKey(e)
	if err != nil {
		return err
	}
	anchors, err := c.read(e, key)
	if err != nil {
		return err
	}
	if err := emptyDir(c.To); err != nil {
		return err
	}
	e.step("restoring into %s", c.To)
	opts := &keep.RestoreOptions{Anchors: anchors, Progress: e.counted(c.To + ": records")}
	var v ledger.Verdict
	if len(c.From) == 1 && c.From[0] == "-" {
		v, err = keep.RestoreTar(e.ctx, e.in, c.To, key, opts)
	} else {
		v, err = keep.Restore(e.ctx, c.To, key, opts, c.From...)
	}
	if err != nil {
		return restoreFault(e, err)
	}
	if c.JSON {
		return indented(describe(v))(e.out)
	}
	return writeVerdict(e.out, describe(v))
}

// restoreFault marks an export that is not what was signed as a finding, and
// what else it is that cannot be restored as the input's fault.
func restoreFault(e *env, err error) error {
	fault := auditFault(err)
	var known *exitError
	if e.ctx.Err() != nil || errors.As(fault, &known) {
		return fault
	}
	return openFault("restore", err)
}

// emptyDir refuses a directory that has something in it.
func emptyDir(path string) error {
	list, err := os.ReadDir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return refused(err)
	case len(list) > 0:
		return refused(fmt.Errorf("%s: is not empty", path))
	}
	return nil
}
