// Command rekey rotates the key of a tenant under a table of sealed values: the
// run is killed in the middle and goes on, the result is verified, and only
// then is the old key destroyed. Two charts of one person are merged and parted
// again. It needs no flag and no service, and ends by itself:
//
//	go run ./examples/rekey
//
// The table is in memory here. Package sealsql has the same over PostgreSQL and
// SQLite, where an index finds the stale rows.
//
// Controls: none, it is an example.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
)

const (
	tenant = "clinic-a"
	rows   = 2000
)

func main() {
	dir, err := os.MkdirTemp("", "safeguard-rekey-")
	if err == nil {
		err = run(context.Background(), os.Stdout, dir)
		os.RemoveAll(dir)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// run tells the story. Its keys are in dir.
func run(ctx context.Context, out io.Writer, dir string) error {
	s := &story{out: out, dir: dir}
	for _, chapter := range []func(context.Context) error{s.open, s.rotate, s.retire, s.merge} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return nil
}

type story struct {
	out    io.Writer
	dir    string
	ring   *keyset.Ring
	sealer *crypto.Sealer
	table  *table
	old    uint32 // tenant key
}

func (s *story) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// open makes the keys and a table of twenty patients.
func (s *story) open(ctx context.Context) error {
	kek, err := keyset.CreateFileKEK(filepath.Join(s.dir, "kek.key"))
	if err != nil {
		return err
	}
	keysets, err := keyset.NewDirStore(filepath.Join(s.dir, "keysets"))
	if err != nil {
		return err
	}
	if s.ring, err = keyset.NewRing(keysets, kek, &keyset.Options{UnsafeSealAtOnce: true, UnsafeDestroyAtOnce: true}); err != nil { // one process
		return err
	}
	if err := s.ring.Create(ctx, tenant); err != nil {
		return err
	}
	patients, err := crypto.NewDirSubjects(filepath.Join(s.dir, "subjects"))
	if err != nil {
		return err
	}
	if s.sealer, err = crypto.New(s.ring, patients, &crypto.Options{UnsafeUnaudited: true}); err != nil { // a service keeps an account: package audit
		return err
	}
	if s.old, err = s.sealer.Current(ctx, tenant); err != nil {
		return err
	}
	s.table = &table{journal: map[string][]int{}}
	for i := range rows {
		r := record{patient: patient(i % 20)}
		if r.note, err = s.sealer.AppendSeal(ctx, nil, []byte("shortness of breath"), r.place(i)); err != nil {
			return err
		}
		s.table.records = append(s.table.records, r)
	}
	return nil
}

func patient(i int) safeguard.Patient { return safeguard.NewPatient(fmt.Sprintf("Patient/%d", i)) }

// verify reads the whole table and prints what the report says.
func (s *story) verify(ctx context.Context) (rekey.Report, error) {
	report, err := rekey.Verify(ctx, s.sealer, s.table, nil)
	if err != nil {
		return report, err
	}
	s.say("   Verified: rows %d, fresh %d, stale %d, opened %d, complete %t",
		report.Rows, report.Fresh, report.Stale, report.Opened, report.Complete)
	return report, nil
}
