package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard/cmd/safeguard/internal/output"
	"github.com/safeguard-sdk/safeguard/crypto/custody"
)

type keysBackup struct {
	keysetFlags
	subjectsOrNone
	Shares                int      `placeholder:"N" help:"How many shares there are, named custodian-1 and so on."`
	Custodian             []string `sep:"none" placeholder:"NAME" help:"Who gets a share, instead of --shares; once for each."`
	Threshold             int      `required:"" placeholder:"N" help:"How many shares open the backup, at least two."`
	Register              string   `placeholder:"DIR" help:"The register of what was destroyed. Its head goes into the bundle, and a restore then refuses another one."`
	UnsafeWithoutRegister bool     `help:"Bind the backup to no register: a restore then takes any, an empty one too."`
	SubjectsApart         bool     `help:"The store of subjects' keys is backed up apart, with its database."`
	Out                   string   `required:"" short:"o" placeholder:"DIR" help:"New directory for the bundle and the shares."`
	actor
}

// Help is the long text of --help.
func (keysBackup) Help() string {
	return `It writes backup.bundle and share-1.txt, share-2.txt and so on. Print the shares on a printer that keeps nothing, hand one to each custodian, delete the files, and keep the bundle offline, apart from all of them: as long as bundle and shares lie together the directory is the keys. One of --subjects, --subjects-apart and --no-subjects says what becomes of the keys of subjects: without a copy of them, nothing that is sealed for a subject opens.

A backup that was never restored is none: keys drill.`
}

// Run backs up.
func (c *keysBackup) Run(e *env) error {
	if (c.Register == "") != c.UnsafeWithoutRegister {
		return refused(errors.New("say which register the backup belongs to: --register, or --unsafe-without-register"))
	}
	plan, err := c.plan()
	if err != nil {
		return err
	}
	return c.do(e, "backup", func(a *act) error {
		store, err := c.keysetFlags.store()
		if err != nil {
			return err
		}
		kek, err := c.kek(e)
		if err != nil {
			return err
		}
		subjects, closed, err := c.openSubjects(a.ctx, false)
		if err != nil {
			return err
		}
		defer closed()
		from := custody.Source{Keysets: store, KEK: kek}
		if subjects != nil {
			from.Subjects = subjects
		}
		if c.Register != "" {
			register, log, err := existingRegister(a.ctx, c.Register)
			if err != nil {
				return err
			}
			defer log.Close()
			from.Register = register
		}
		bundle, shares, err := custody.Backup(a.ctx, from, plan)
		if err != nil {
			return err
		}
		if err := c.save(plan, bundle, shares); err != nil {
			return err
		}
		a.note("Keys were backed up.", map[string]string{"sha256": custody.Hash(bundle), "shares": fmt.Sprint(len(shares)), "threshold": fmt.Sprint(plan.Threshold)})
		e.note("take the shares away from the bundle, and from each other")
		_, err = fmt.Fprintf(e.out, "%s  backup.bundle\n", custody.Hash(bundle))
		return err
	})
}

// plan says who gets a share.
func (c *keysBackup) plan() (custody.Plan, error) {
	p := custody.Plan{Threshold: c.Threshold, Custodians: c.Custodian, Subjects: custody.SubjectsIncluded}
	if (c.Shares == 0) == (len(c.Custodian) == 0) {
		return p, refused(errors.New("say who gets a share: --shares N, or --custodian NAME once for each"))
	}
	for i := range min(c.Shares, 256) {
		p.Custodians = append(p.Custodians, fmt.Sprintf("custodian-%d", i+1))
	}
	if n := len(p.Custodians); c.Threshold < 2 || c.Threshold > n || n > 255 {
		return p, refused(errors.New("--threshold: must be 2 to the number of shares, and those at most 255"))
	}
	if !c.SubjectsApart {
		if c.NoSubjects {
			p.Subjects = custody.SubjectsNone
		}
		return p, c.subjectsOrNone.check()
	}
	if c.Subjects != "" || c.NoSubjects {
		return p, refused(errors.New("--subjects-apart: the store is then not named, and there is one"))
	}
	p.Subjects = custody.SubjectsApart
	return p, nil
}

// save writes bundle and shares into a new directory.
func (c *keysBackup) save(plan custody.Plan, bundle []byte, shares []custody.Share) error {
	if err := newDir("--out", c.Out); err != nil {
		return err
	}
	var batch output.Batch
	defer batch.Discard()
	err := batch.Add(filepath.Join(c.Out, "backup.bundle"), bundle)
	for i, s := range shares {
		if err == nil {
			err = batch.Add(filepath.Join(c.Out, fmt.Sprintf("share-%d.txt", s.Number())), []byte(s.Text(plan.Custodians[i])))
		}
	}
	if err == nil {
		err = batch.Commit()
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(c.Out))
	}
	return nil
}

// readBundle reads a backup.
func readBundle(e *env, path string) ([]byte, error) {
	if err := regular(path); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > custody.MaxBundle {
		return nil, refused(fmt.Errorf("%s: larger than a bundle can be", path))
	}
	return os.ReadFile(path)
}
