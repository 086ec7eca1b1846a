// Command shred destroys the keys of a patient, on the order of two people, and
// says what that reaches: other processes, certificates, old backups, and, when
// a contract ends, a whole tenant. It needs no flag and no service, and ends by
// itself:
//
//	go run ./examples/shred
//
// Controls: none, it is an example.
package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

const tenant = "clinic-a"

var ada, bob = safeguard.NewPatient("Patient/ada"), safeguard.NewPatient("Patient/bob")

func main() {
	dir, err := os.MkdirTemp("", "safeguard-shred-")
	if err == nil {
		err = run(context.Background(), os.Stdout, dir)
		os.RemoveAll(dir)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// run tells the story in dir.
func run(ctx context.Context, out io.Writer, dir string) error {
	s := &story{out: out, dir: dir}
	for _, chapter := range []func(context.Context) error{s.open, s.hold, s.destroy, s.backup, s.contract} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return errors.Join(s.recorder.Close(ctx), s.ledger.Close(ctx), s.log.Close())
}

type story struct {
	out      io.Writer
	dir      string
	ring     *keyset.Ring
	patients *crypto.DirSubjects
	log      *shred.DirLog
	register *shred.Register
	public   ed25519.PublicKey
	sealer   *crypto.Sealer
	recorder *audit.Recorder
	ledger   *ledger.Ledger
	*shred.Shredder

	adas, bobs []byte // sealed
}

func (s *story) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// open makes what a service has, and seals a value for each of two patients.
func (s *story) open(ctx context.Context) error {
	if err := s.account(); err != nil {
		return err
	}
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
	if s.patients, err = crypto.NewDirSubjects(filepath.Join(s.dir, "subjects")); err != nil {
		return err
	}
	if s.log, err = shred.NewDirLog(filepath.Join(s.dir, "register")); err != nil {
		return err
	}
	if s.register, err = shred.OpenRegister(ctx, s.log); err != nil {
		return err
	}
	if s.sealer, err = s.process(s.patients); err != nil {
		return err
	}
	public, private, err := ed25519.GenerateKey(nil) // a real one is kept where the register is not
	if err != nil {
		return err
	}
	s.public = public
	s.Shredder, err = shred.New(s.sealer, s.patients, s.register, private, &shred.Options{
		Authorize: authorize,
		Bound:     time.Second, // as process has it
		Keysets:   keyset.Destroyer{Ring: s.ring},
		Keys:      s.ring,
		Exporter:  exporter{},
	})
	if err != nil {
		return err
	}
	s.adas, err = s.sealer.AppendSeal(ctx, nil, []byte("123-45-6789"), place(ada))
	if err != nil {
		return err
	}
	s.bobs, err = s.sealer.AppendSeal(ctx, nil, []byte("987-65-4321"), place(bob))
	return err
}

// process is the Sealer of one process. What it has ready, it forgets after a
// second; the default is a minute.
func (s *story) process(patients crypto.SubjectKeys) (*crypto.Sealer, error) {
	return crypto.New(s.ring, patients, &crypto.Options{SubjectTTL: time.Second})
}

func place(p safeguard.Patient) crypto.Ref {
	return crypto.Ref{Tenant: tenant, Table: "charts", Column: "ssn", Row: "chart-1", Subject: crypto.SubjectOf(p)}
}

// authorize is the service's own rule of who may do this.
func authorize(_ context.Context, who safeguard.Principal, step shred.Step, _ shred.Order) error {
	may := []string{"dr.lee", "ms.ray"}
	if step == shred.StepHold {
		may = []string{"counsel"}
	}
	if !slices.Contains(may, who.ID) {
		return errors.New("no privacy officer")
	}
	return nil
}
