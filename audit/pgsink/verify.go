package pgsink

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"github.com/safeguard-sdk/safeguard/audit/internal/merkle"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// VerifyLog reads the log called name, recomputes everything, and says whether
// it is what was written. It needs SELECT and the public key only, writes
// nothing, and may run beside the writer: it sees one moment. verifierKey is
// what [Log.VerifierKey] returned.
//
// The verdict means what that of [ledger.Verify] means, with its limits: what no
// checkpoint covers yet is held by hashes alone that stand in the same table,
// and only a checkpoint that was kept elsewhere (opts, which may be nil) shows
// that the tables were set back, or signed a second time by the key's holder.
// Every checkpoint of the log is compared, so that the index of a problem whose
// hashes were mended is that of the last checkpoint that agrees.
//
// The error is for what prevents a verdict: no server, a malformed key, ctx. It
// ends after one pass over what is there when it starts.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2), 164.312(b); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func VerifyLog(ctx context.Context, config *pgx.ConnConfig, name, verifierKey string, opts *ledger.VerifyOptions) (ledger.Verdict, error) {
	v, err := note.NewVerifier(verifierKey)
	if err != nil {
		return ledger.Verdict{}, fmt.Errorf("pgsink: verify: key: %w", err)
	}
	e := &exam{name: name, key: v}
	if err := e.know(opts); err != nil {
		return ledger.Verdict{}, wrap("verify", err)
	}
	conn, _, err := dial(ctx, config)
	if err != nil {
		return ledger.Verdict{}, wrap("verify", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // was only read
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return ledger.Verdict{}, wrap("verify", err)
	}
	e.conn = tx.Conn()
	return e.verdict(e.examine(ctx))
}

// An exam compares all records of a log with its checkpoints and with those
// that were kept elsewhere.
type exam struct {
	name     string
	key      note.Verifier
	conn     *pgx.Conn
	progress func(done, total uint64)

	tree     merkle.Tree
	signed   merkle.Checkpoint   // the newest
	queue    []merkle.Checkpoint // some that are next, in order
	agreed   uint64              // the largest that agrees
	known    []merkle.Checkpoint // those kept elsewhere that are next, by size
	anchored uint64
}

// know opens the checkpoints that were kept elsewhere.
func (e *exam) know(opts *ledger.VerifyOptions) error {
	if opts == nil {
		return nil
	}
	e.progress = opts.Progress
	notes := append([][]byte(nil), opts.Known...)
	for _, k := range opts.Anchors {
		notes = append(notes, k.Note)
	}
	for i, n := range notes {
		c, err := merkle.OpenCheckpoint(n, e.key)
		if err != nil {
			return fmt.Errorf("known checkpoint %d: %w", i, err)
		}
		e.known = append(e.known, c)
		e.anchored = max(e.anchored, c.Size)
	}
	slices.SortFunc(e.known, func(a, b merkle.Checkpoint) int { return cmp.Compare(a.Size, b.Size) })
	return nil
}

// examine goes over everything. It returns a *ledger.DamageError for the first
// entry that is not as it was written.
func (e *exam) examine(ctx context.Context) error {
	last, err := e.checkpoints(ctx, "ORDER BY size DESC LIMIT 1", 0)
	if err != nil {
		return err
	}
	if len(last) == 0 {
		return &ledger.DamageError{Reason: "the checkpoint is missing"}
	}
	e.signed = last[0]
	if err := e.compare(ctx); err != nil {
		return err
	}
	var total int64
	const totalSQL = `SELECT coalesce(max(idx) + 1, 0) FROM safeguard_audit_log WHERE log = $1`
	if err := e.conn.QueryRow(ctx, totalSQL, e.name).Scan(&total); err != nil {
		return err
	}
	for e.tree.Size < uint64(total) {
		if err := e.page(ctx, uint64(total)); err != nil {
			return err
		}
	}
	return e.complete()
}

// verifyPage is how many records are read at once.
const verifyPage = 2048

func (e *exam) page(ctx context.Context, total uint64) error {
	var list []merkle.Hash
	from := e.tree.Size
	damage := eachRow(ctx, e.conn, pageSQL, []any{e.name, int64(from), int64(verifyPage)}, from, func(r entry) error {
		if err := inPlace(r.data, from+uint64(len(list))); err != nil {
			return err
		}
		list = append(list, r.leaf)
		return nil
	})
	for _, leaf := range list {
		e.tree.Append(leaf)
		if err := e.compare(ctx); err != nil {
			return err
		}
	}
	if damage == nil && len(list) == 0 {
		return &ledger.DamageError{Index: from, Reason: "the record is missing"}
	}
	if e.progress != nil {
		e.progress(e.tree.Size, total)
	}
	return damage
}

const (
	sequenceAt = len(`{"specversion":"1.0","sequence":"`)
	sequenceN  = 20
	beginning  = `{"specversion":"1.0","sequence":"`
)

// inPlace refuses a record that says that its place is another one.
func inPlace(record []byte, index uint64) error {
	if len(record) < recordedAt || string(record[:sequenceAt]) != beginning {
		return nil
	}
	says, err := strconv.ParseUint(string(record[sequenceAt:sequenceAt+sequenceN]), 10, 64)
	if err == nil && says != index {
		return &ledger.DamageError{Index: index, Reason: "the record belongs to another place"}
	}
	return nil
}

// compare holds the tree, as far as it has come, against the checkpoints of
// that size.
func (e *exam) compare(ctx context.Context) error {
	if err := e.fetch(ctx); err != nil {
		return err
	}
	for len(e.queue) > 0 && e.queue[0].Size == e.tree.Size {
		if e.queue[0].Root != e.tree.Root() {
			return &ledger.DamageError{Index: e.agreed, Reason: fmt.Sprintf(
				"the records up to %d do not have the signed root, those before this one do", e.tree.Size)}
		}
		e.agreed = e.tree.Size
		e.queue = e.queue[1:]
	}
	for len(e.known) > 0 && e.known[0].Size == e.tree.Size {
		k := e.known[0]
		e.known = e.known[1:]
		if k.Root != e.tree.Root() {
			return &ledger.DamageError{Index: e.agreed, Reason: fmt.Sprintf(
				"the first %d records are not those of the checkpoint that was kept elsewhere", k.Size)}
		}
	}
	return nil
}

// fetch reads the next checkpoints, if there are more.
func (e *exam) fetch(ctx context.Context) (err error) {
	if len(e.queue) > 0 || e.tree.Size > e.signed.Size {
		return nil
	}
	e.queue, err = e.checkpoints(ctx, "AND size >= $2 ORDER BY size LIMIT 1000", e.tree.Size)
	return err
}

// checkpoints reads checkpoints and checks their signatures.
func (e *exam) checkpoints(ctx context.Context, which string, from uint64) ([]merkle.Checkpoint, error) {
	rows, err := e.conn.Query(ctx, "SELECT size, note FROM safeguard_audit_checkpoint WHERE log = $1 AND $2::bigint >= 0 "+which, e.name, int64(from))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []merkle.Checkpoint
	for rows.Next() {
		var size int64
		var signed []byte
		if err := rows.Scan(&size, &signed); err != nil {
			return nil, err
		}
		c, err := merkle.OpenCheckpoint(signed, e.key)
		if err != nil || c.Size != uint64(size) {
			return nil, &ledger.DamageError{Index: e.agreed, Reason: fmt.Sprintf("the checkpoint of %d records is not one that this key signed", size)}
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// complete refuses a log that is shorter than what was signed.
func (e *exam) complete() error {
	if e.tree.Size < e.signed.Size {
		return &ledger.DamageError{Index: e.tree.Size, Reason: fmt.Sprintf("the records end here, %d are signed", e.signed.Size)}
	}
	if e.tree.Size < e.anchored {
		return &ledger.DamageError{Index: e.tree.Size, Reason: fmt.Sprintf("the records end here, a checkpoint that was kept elsewhere covers %d", e.anchored)}
	}
	return nil
}

// verdict says what the exam that ended with err found.
func (e *exam) verdict(err error) (ledger.Verdict, error) {
	s := e.signed
	v := ledger.Verdict{Checkpoint: ledger.Checkpoint{Origin: s.Origin, Size: s.Size, Root: s.Root, Note: s.Note},
		Size: e.tree.Size, Root: e.tree.Root(), Anchored: min(e.anchored, e.tree.Size)}
	v.Unsigned = e.tree.Size - min(s.Size, e.tree.Size)
	v.Unanchored = e.tree.Size - v.Anchored
	if damage, ok := errors.AsType[*ledger.DamageError](err); ok {
		v.Problem = damage
		return v, nil
	}
	if err != nil {
		return ledger.Verdict{}, wrap("verify", err)
	}
	v.OK = true
	return v, nil
}
