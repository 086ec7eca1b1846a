package query

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// An Indexed says what [Log.Reindex] or [Log.CheckIndex] found.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type Indexed struct {
	// Sealed counts the sealed segments, Sound those that have an index which
	// can be believed, Built those that got one by the call.
	Sealed, Sound, Built int
	// Wrong names, as ledger and segment, the indexes that are not what the
	// segment gives, or cannot be believed at all.
	Wrong []string
}

// Reindex makes the index of every sealed segment that has none that can be
// believed, and replaces one that cannot. It reads the segments that it does
// this for, about half a million records a second and core, and keeps the index
// of one segment for each worker in memory, some 7 MiB for one of 64 MiB. Run
// it on a timer or as a job of its own; questions may be asked meanwhile.
//
// It removes the files of segments that were pruned.
//
// It is not a question and leaves no record: nothing is answered.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func (l *Log) Reindex(ctx context.Context) (Indexed, error) {
	out, err := l.eachSealed(ctx, func(v *view, s ledger.Segment) (sound, built bool, err error) {
		f, closeFile, err := v.open(ctx, s)
		if err == nil {
			err = f.Check()
			closeFile()
		}
		if err == nil {
			return true, false, nil
		}
		wrong := !errors.Is(err, fs.ErrNotExist)
		file, err := v.build(ctx, s)
		if err == nil && file != nil {
			err = v.index.write(s, file)
		}
		return !wrong, err == nil && file != nil, err
	})
	if err != nil {
		return out, err
	}
	for _, s := range l.shards {
		if err := s.index.sweep(s.reader); err != nil {
			return out, s.wrap(err)
		}
	}
	return out, nil
}

// CheckIndex builds every index again, in memory, and compares it byte for byte
// with the file: it finds an index that leaves records out though its tags are
// sound, because the holder of the key wrote it. It does not check the ledger
// itself; that is ledger.Verify.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func (l *Log) CheckIndex(ctx context.Context) (Indexed, error) {
	return l.eachSealed(ctx, func(v *view, s ledger.Segment) (sound, built bool, err error) {
		have, err := os.ReadFile(v.index.path(s))
		if errors.Is(err, fs.ErrNotExist) {
			return true, false, nil
		}
		if err != nil {
			return false, false, err
		}
		want, err := v.build(ctx, s)
		return err == nil && bytes.Equal(have, want), false, err
	})
}

// eachSealed visits the sealed segments of all ledgers, some at the same time.
// visit says whether what is there is sound, and whether it built it.
func (l *Log) eachSealed(ctx context.Context, visit func(*view, ledger.Segment) (sound, built bool, err error)) (Indexed, error) {
	var (
		out  Indexed
		mu   sync.Mutex
		errs []error
		wg   sync.WaitGroup
	)
	if l.opts.IndexDir == "" {
		return out, errors.New("query: index: no IndexDir")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	one := func(v *view, s ledger.Segment) {
		defer v.free()
		sound, built, err := visit(v, s)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			errs = append(errs, v.wrap(err))
			cancel()
			return
		}
		out.Sealed++
		if built || sound {
			out.Sound++
		}
		if built {
			out.Built++
		}
		if !sound {
			out.Wrong = append(out.Wrong, v.Name+" "+s.Name)
		}
	}
	for _, s := range l.shards {
		v, err := s.look(ctx, false)
		if err != nil {
			errs = append(errs, err)
			break
		}
		for _, seg := range v.segments {
			if !seg.Sealed || v.slot(ctx) != nil {
				continue
			}
			wg.Go(func() { one(v, seg) })
		}
	}
	wg.Wait()
	if len(errs) > 0 {
		return out, errs[0]
	}
	return out, ctx.Err()
}

// sweep removes the files of segments before the floor.
func (x *indexes) sweep(r reader) error {
	floor, err := r.Floor()
	if err != nil {
		return err
	}
	list, err := os.ReadDir(x.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	for _, entry := range list {
		name, isIndex := strings.CutSuffix(entry.Name(), ".seg.idx")
		first, err := strconv.ParseUint(name, 10, 64)
		if !isIndex || err != nil || first >= floor {
			continue
		}
		if err := os.Remove(filepath.Join(x.dir, entry.Name())); err != nil {
			return fmt.Errorf("index: %w", err)
		}
	}
	return nil
}

// build returns the index of a sealed segment, nil if it is too large for one.
func (v *view) build(ctx context.Context, s ledger.Segment) ([]byte, error) {
	var a adder
	var last []byte
	err := v.reader.Scan(ctx, s, s.First, func(rec ledger.Record) error {
		last = append(last[:0], rec.Data...)
		if !a.take(rec) {
			return errStop
		}
		return nil
	})
	if err == errStop {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return a.builder.Encode(v.index.key, v.index.of(s), sha256.Sum256(last)), nil
}

// write puts a file in its place, whole or not at all. What a power cut makes
// of it is not believed.
func (x *indexes) write(s ledger.Segment, file []byte) error {
	if err := os.MkdirAll(x.dir, 0o700); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	temp, err := os.CreateTemp(x.dir, s.Name+".*.tmp")
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	_, err = temp.Write(file)
	if closeErr := temp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temp.Name(), x.path(s))
	}
	if err != nil {
		os.Remove(temp.Name())
		return fmt.Errorf("index: %w", err)
	}
	return nil
}
