// Command ledger tells the story of package audit/ledger: records that are on
// the disk before they count, a crash in the middle of a write, a forger who
// mends every checksum, and a rollback that only a checkpoint kept elsewhere
// gives away. It needs nothing and ends by itself.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01.
package main

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

const segment = "00000000000000000000.seg"

func main() {
	tmp, err := os.MkdirTemp("", "safeguard-ledger")
	if err != nil {
		log.Fatal(err)
	}
	err = story(context.Background(), tmp)
	if rmErr := os.RemoveAll(tmp); err == nil {
		err = rmErr
	}
	if err != nil {
		log.Fatal(err)
	}
}

func story(ctx context.Context, tmp string) error {
	key, err := ledger.CreateKey(filepath.Join(tmp, "key.pem"))
	if err != nil {
		return err
	}
	dir := filepath.Join(tmp, "records")
	chapters := []func(context.Context, string, ed25519.PrivateKey) error{write, crash, forge, rollBack}
	for _, chapter := range chapters {
		if err := chapter(ctx, dir, key); err != nil {
			return err
		}
	}
	return nil
}

// open opens the ledger of the story.
func open(dir string, key ed25519.PrivateKey) (*ledger.Ledger, error) {
	return ledger.Open(dir, key, &ledger.Options{Origin: "clinic.example/charts"})
}

// write appends from 32 goroutines, which share syncs.
func write(ctx context.Context, dir string, key ed25519.PrivateKey) error {
	fmt.Println("1. Thirty-two requests record at once; each goes on only when its record is on the disk.")
	l, err := open(dir, key)
	if err != nil {
		return err
	}
	const writers, each = 32, 20
	errs := make([]error, writers)
	start := time.Now()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				record := fmt.Appendf(nil, `{"who":"clinician-%02d","action":"read","patient":"p1.token%02d"}`, w, i)
				errs[w] = errors.Join(errs[w], l.Append(ctx, record))
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	if err := errors.Join(errs...); err != nil {
		return err
	}
	observed, err := l.Report(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("   %d records with %d syncs in %v\n", l.Size(), observed[0].Counters["syncs"], took.Round(time.Millisecond))
	if err := l.Close(ctx); err != nil {
		return err
	}
	fmt.Printf("   The signed checkpoint, fit to be copied anywhere:\n\n%s\n", l.Checkpoint().Note)
	return verify(ctx, dir, l.VerifierKey())
}

// crash leaves half a write at the end, as a power cut would.
func crash(ctx context.Context, dir string, key ed25519.PrivateKey) error {
	fmt.Println("\n2. The power fails in the middle of a write.")
	f, err := os.OpenFile(filepath.Join(dir, segment), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString("half a wri")
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	l, err := open(dir, key)
	if err != nil {
		return err
	}
	for r, err := range l.Records(ctx, l.Size()-1) {
		if err != nil {
			return err
		}
		fmt.Printf("   Record %d is the ledger's own account of it:\n   %s\n", r.Index, r.Data)
	}
	return l.Close(ctx)
}

// forge changes a record and mends every checksum over it.
func forge(ctx context.Context, dir string, key ed25519.PrivateKey) error {
	fmt.Println("\n3. Someone with the disk, but not the key, changes who read a chart, and mends the checksums.")
	l, err := open(dir, key)
	if err != nil {
		return err
	}
	for r, err := range l.Records(ctx, l.Size()-1) {
		if err != nil {
			return err
		}
		if err := l.Close(ctx); err != nil {
			return err
		}
		mend, err := forgeRecord(filepath.Join(dir, r.Segment), r)
		if err != nil {
			return err
		}
		if err := verify(ctx, dir, l.VerifierKey()); err != nil {
			return err
		}
		_, err = open(dir, key)
		fmt.Println("   Opening it to write on:", err)
		return mend()
	}
	return errors.New("no record")
}

// forgeRecord alters one byte of a record that stands alone in its batch; see
// FORMAT.md for the layout. The returned function undoes it.
func forgeRecord(path string, r ledger.Record) (undo func() error, err error) {
	good, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	data := append([]byte(nil), good...)
	crc := crc32.MakeTable(crc32.Castagnoli)
	batch, frame := data[r.Offset-32:r.Offset], data[r.Offset:r.Offset+8+int64(len(r.Data))]
	frame[len(frame)-2] ^= 1
	binary.LittleEndian.PutUint32(frame, crc32.Checksum(frame[4:], crc))
	binary.LittleEndian.PutUint32(batch[24:], crc32.Checksum(frame, crc))
	binary.LittleEndian.PutUint32(batch[28:], crc32.Checksum(batch[:28], crc))
	return func() error { return os.WriteFile(path, good, 0o600) }, os.WriteFile(path, data, 0o600)
}

// rollBack replaces the directory by an older copy of itself.
func rollBack(ctx context.Context, dir string, key ed25519.PrivateKey) error {
	fmt.Println("\n4. Someone puts yesterday's copy of the whole directory back.")
	yesterday := dir + ".yesterday"
	if err := os.CopyFS(yesterday, os.DirFS(dir)); err != nil {
		return err
	}
	l, err := open(dir, key)
	if err != nil {
		return err
	}
	err = errors.Join(l.Append(ctx, []byte(`{"who":"snoop","action":"export"}`)), l.Close(ctx))
	if err != nil {
		return err
	}
	kept := l.Checkpoint().Note
	fmt.Println("   By itself the copy is a sound ledger:")
	if err := verify(ctx, yesterday, l.VerifierKey()); err != nil {
		return err
	}
	fmt.Println("   With a checkpoint that was kept on another machine:")
	return verify(ctx, yesterday, l.VerifierKey(), kept)
}

// verify prints the verdict of someone who has the public key only.
func verify(ctx context.Context, dir, verifierKey string, kept ...[]byte) error {
	v, err := ledger.Verify(ctx, dir, verifierKey, &ledger.VerifyOptions{Known: kept})
	if err != nil {
		return err
	}
	fmt.Println("   Verdict:", v)
	return nil
}
