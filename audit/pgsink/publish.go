package pgsink

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"github.com/safeguard-sdk/safeguard/audit/internal/merkle"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// PublishLog writes what the newest checkpoint of the log called name covers
// into the directory to, in the layout of C2SP tlog-tiles, so that anybody's
// software for such logs can verify it: tile/ with the hashes, tile/entries/
// with the records, and checkpoint, last. It needs SELECT and the public key
// only. Nothing is written to checkpoint unless the records have the signed
// root. It makes the directory, for its owner only, goes over everything each
// time, and does not sync.
//
// The directory holds every record in clear: who may read it may read the log.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func PublishLog(ctx context.Context, config *pgx.ConnConfig, name, verifierKey, to string) (ledger.Checkpoint, error) {
	v, err := note.NewVerifier(verifierKey)
	if err != nil {
		return ledger.Checkpoint{}, fmt.Errorf("pgsink: publish: key: %w", err)
	}
	conn, _, err := dial(ctx, config)
	if err != nil {
		return ledger.Checkpoint{}, wrap("publish", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // was only read
	e := &exam{name: name, key: v, conn: conn}
	last, err := e.checkpoints(ctx, "ORDER BY size DESC LIMIT 1", 0)
	if err == nil && len(last) == 0 {
		err = &ledger.DamageError{Reason: "the checkpoint is missing"}
	}
	if err != nil {
		return ledger.Checkpoint{}, wrap("publish", err)
	}
	p := &publisher{to: to, name: name}
	if err := p.publish(ctx, conn, last[0]); err != nil {
		return ledger.Checkpoint{}, wrap("publish", err)
	}
	c := last[0]
	return ledger.Checkpoint{Origin: c.Origin, Size: c.Size, Root: c.Root, Note: c.Note}, nil
}

// tileWidth is how many hashes or records a full tile has.
const tileWidth = 256

// A publisher writes tiles as it goes over the records.
type publisher struct {
	to, name string
	tree     merkle.Tree
	bundle   []byte   // of records
	levels   []*level // of hashes
}

// A level is the tile of a level that is being filled.
type level struct {
	hashes []merkle.Hash
	index  uint64 // of the tile
}

func (p *publisher) publish(ctx context.Context, conn *pgx.Conn, signed merkle.Checkpoint) error {
	for p.tree.Size < signed.Size {
		page, err := readPage(ctx, conn, p.name, p.tree.Size, signed.Size)
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := p.add(r.Data); err != nil {
				return err
			}
		}
	}
	if p.tree.Root() != signed.Root {
		return &ledger.DamageError{Reason: "the records do not have the signed root"}
	}
	if err := p.rest(); err != nil {
		return err
	}
	return p.write("checkpoint", signed.Note)
}

// add takes in the next record.
func (p *publisher) add(record []byte) error {
	index := p.tree.Size
	leaf := merkle.Leaf(record)
	p.tree.Append(leaf)
	p.bundle = binary.BigEndian.AppendUint16(p.bundle, uint16(len(record)))
	p.bundle = append(p.bundle, record...)
	if p.tree.Size%tileWidth == 0 {
		if err := p.write("tile/entries/"+tilePath(index/tileWidth), p.bundle); err != nil {
			return err
		}
		p.bundle = p.bundle[:0]
	}
	return p.hash(0, leaf)
}

// hash takes in the next hash of a level; a full tile is one of the next level.
func (p *publisher) hash(at int, h merkle.Hash) error {
	if at == len(p.levels) {
		p.levels = append(p.levels, new(level))
	}
	l := p.levels[at]
	if l.hashes = append(l.hashes, h); len(l.hashes) < tileWidth {
		return nil
	}
	if err := p.write(fmt.Sprintf("tile/%d/%s", at, tilePath(l.index)), joinHashes(l.hashes)); err != nil {
		return err
	}
	var t merkle.Tree
	for _, h := range l.hashes {
		t.Append(h)
	}
	l.hashes, l.index = l.hashes[:0], l.index+1
	return p.hash(at+1, t.Root())
}

// rest writes the tiles that are not full.
func (p *publisher) rest() error {
	if n := p.tree.Size % tileWidth; n > 0 {
		if err := p.write(fmt.Sprintf("tile/entries/%s.p/%d", tilePath(p.tree.Size/tileWidth), n), p.bundle); err != nil {
			return err
		}
	}
	for at, l := range p.levels {
		if len(l.hashes) == 0 {
			continue
		}
		if err := p.write(fmt.Sprintf("tile/%d/%s.p/%d", at, tilePath(l.index), len(l.hashes)), joinHashes(l.hashes)); err != nil {
			return err
		}
	}
	return nil
}

// tilePath spells the number of a tile: groups of three digits, all but the
// last behind an x.
func tilePath(n uint64) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	return path
}

// write replaces a file as a whole.
func (p *publisher) write(name string, data []byte) error {
	path := filepath.Join(p.to, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
