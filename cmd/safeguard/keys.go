package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/custody"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

// keysCmd is about the keys of a service and what is sealed under them.
type keysCmd struct {
	Kek     keysKek     `cmd:"" help:"Make a key-encryption key in a file."`
	Create  keysCreate  `cmd:"" help:"Make the keyset of a tenant."`
	Rotate  keysRotate  `cmd:"" help:"Make a new primary; disable, enable or destroy an old key; replace the key-encryption key."`
	Inspect keysInspect `cmd:"" help:"Show what may be known of keysets or of a backup; exit 1 if a key is due. Needs no key."`
	Rewrap  keysRewrap  `cmd:"" help:"Seal what is stored under old keys anew, in tables and in the store of subjects' keys."`
	Verify  keysVerify  `cmd:"" help:"Open what is stored; exit 1 if something is stale or does not open."`
	Migrate keysMigrate `cmd:"" help:"Take a live plaintext column to sealed values, in steps."`
	Shred   keysShred   `cmd:"" help:"Destroy the keys of a patient or a tenant, on the order of two persons."`
	Backup  keysBackup  `cmd:"" help:"Back up the keys in split custody."`
	Restore keysRestore `cmd:"" help:"Restore the keys of a backup under another key-encryption key."`
	Drill   keysDrill   `cmd:"" help:"Restore a backup on a clean host, open a restored database with it, and sign a record of that."`

	DrillVerify keysDrillVerify `cmd:"" help:"Check the record of a drill with the signer's public key; exit 1 if it is not as it was signed."`
}

// Help is the long text of --help.
func (keysCmd) Help() string {
	return `Keysets are files in a directory (--keys), each encrypted under a key-encryption key (--kek), which is file:PATH, 32 bytes in a file, or exec:PROGRAM ARG…, a program at an absolute path that asks a key management service (go doc github.com/safeguard-sdk/safeguard/crypto/kekexec has the protocol). A file on the data's own host does not meet the key separation of HHS guidance 74 FR 19006.

Subjects' wrapped keys are in a directory or a table (--subjects), sealed values in the tables of a PostgreSQL database (--db, --tables). A password on the command line shows in the list of processes and is refused: use PGPASSWORD, PGPASSFILE or a service file. The same holds for patients: they are read from a file or standard input.

Whatever changes a key or opens data is entered in a ledger of this command (--ledger DIR --ledger-signer FILE), which is not the ledger of a running service. Who acts is the login of the session as the kernel keeps it, else the account that called sudo, else the account itself; how it was learned is recorded with it.

The run book is docs/keys.md.`
}

// keyFault marks what the packages refuse as the input's fault.
func keyFault(err error) error {
	var known *exitError
	if err == nil || errors.As(err, &known) {
		return err
	}
	for _, is := range []error{
		fs.ErrExist, fs.ErrNotExist, crypto.ErrTenant, crypto.ErrNotFound,
		keyset.ErrUnwrap, keyset.ErrFormat, keyset.ErrKey, keyset.ErrNoKey, keyset.ErrInUse, keyset.ErrConfirm, keyset.ErrDestroyed,
		custody.ErrBundle, custody.ErrShare, custody.ErrShares, custody.ErrDifferent, custody.ErrRegister, custody.ErrOtherRegister, custody.ErrEnded,
		shred.ErrOrder, shred.ErrUnknown, shred.ErrExpired, shred.ErrDenied, shred.ErrSamePerson, shred.ErrHeld,
		shred.ErrUnderway, shred.ErrNotHeld, shred.ErrCancelled, shred.ErrRegister, shred.ErrCertificate,
	} {
		if errors.Is(err, is) {
			return refused(err)
		}
	}
	return err
}

// keysetFlags name the keysets of a service and the key that opens them.
type keysetFlags struct {
	Keys string `required:"" placeholder:"DIR" help:"Directory of the keysets."`
	kekFlag
}

// store returns the keysets, which must be there.
func (f keysetFlags) store() (*keyset.DirStore, error) {
	s, err := keyset.OpenDirStore(f.Keys)
	if err != nil {
		return nil, refused(fmt.Errorf("--keys: there are no keysets in %s: %w", f.Keys, err))
	}
	return s, nil
}

// ring returns the keysets and opens them as they are needed.
func (f keysetFlags) ring(e *env, opts *keyset.Options) (*keyset.Ring, error) {
	s, err := f.store()
	if err != nil {
		return nil, err
	}
	kek, err := f.kek(e)
	if err != nil {
		return nil, err
	}
	r, err := keyset.NewRing(s, kek, opts)
	return r, refused(err)
}

// tenants returns the one tenant that is named, or all that have a keyset.
func tenants(ctx context.Context, s keyset.Store, named string) ([]string, error) {
	if named != "" {
		return []string{named}, nil
	}
	var all []string
	for after := ""; ; {
		page, err := s.Tenants(ctx, after, 1000)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < 1000 {
			break
		}
		after = page[len(page)-1]
	}
	if len(all) == 0 {
		return nil, refused(errors.New("there is no keyset"))
	}
	return all, nil
}

// A tenantName is the name of a tenant, and not the empty one of a variable that
// is not set.
type tenantName string

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *tenantName) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		return errors.New("must not be empty")
	}
	*t = tenantName(b)
	return nil
}

// A keyID is the id of a key. 0 is none and is not said.
type keyID uint32

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *keyID) UnmarshalText(b []byte) error {
	n, err := strconv.ParseUint(string(b), 10, 32)
	if err != nil || n == 0 {
		return errors.New("must be the id of a key")
	}
	*k = keyID(n)
	return nil
}
