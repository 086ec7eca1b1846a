package main

import (
	"context"
	"crypto/ed25519"
	"path/filepath"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto/custody"
)

// A register lists what was destroyed. In a service it is package shred's,
// which needs two persons for it and certifies it.
type register map[string][]string

func (r register) Names(_ context.Context, tenant string) ([]string, error) { return r[tenant], nil }

func (register) Ended(context.Context, string) (bool, []uint32, error) { return false, nil, nil }

func (register) Head(context.Context) (uint64, string, error) { return 0, "", nil }

func (register) Contains(context.Context, uint64, string) (bool, error) { return true, nil }

// recover backs the keys up, loses the host and restores them on another.
func (s *story) recover(ctx context.Context) error {
	s.say("\n== The host is lost")
	var database []custody.Sample // what a restored database has
	for _, patient := range []string{"Patient/ada", "Patient/bob"} {
		sealed, err := s.AppendSeal(ctx, nil, []byte("shortness of breath"), place("row-1", patient))
		if err != nil {
			return err
		}
		database = append(database, custody.Sample{Sealed: sealed, Ref: place("row-1", patient)})
	}
	bundle, shares, err := custody.Backup(ctx,
		custody.Source{Keysets: s.keysets, KEK: s.kek, Subjects: s.patients},
		custody.Plan{Threshold: 3, Custodians: []string{"privacy officer", "security officer", "counsel", "board", "notary"}})
	if err != nil {
		return err
	}
	paper := make([]string, len(shares)) // each is for one custodian's eyes
	for i, share := range shares {
		paper[i] = share.Text("")
	}
	shredded, err := s.shred(ctx, "Patient/bob")
	if err != nil {
		return err
	}
	clean, err := newHost(filepath.Join(s.dir, "clean"), nil)
	if err != nil {
		return err
	}
	if err := s.restore(ctx, clean, bundle, paper, shredded); err != nil {
		return err
	}
	return s.drill(ctx, clean, bundle, shredded, database)
}

// shred destroys a patient's key after the backup was made.
func (s *story) shred(ctx context.Context, patient string) (register, error) {
	name, err := s.SubjectName(ctx, tenant, safeguard.NewPatient(patient))
	if err != nil {
		return nil, err
	}
	return register{tenant: {name}}, s.patients.Destroy(ctx, tenant, name)
}

func (s *story) restore(ctx context.Context, clean *host, bundle []byte, paper []string, shredded register) error {
	target := custody.Target{Keysets: clean.keysets, KEK: clean.kek, Subjects: clean.patients, Register: shredded}
	var typed []custody.Share
	for _, text := range []string{paper[4], paper[1], paper[2]} {
		share, err := custody.ParseShare(strings.ToLower(text)) // as somebody types it
		if err != nil {
			return err
		}
		typed = append(typed, share)
	}
	_, err := custody.ParseShare(mistyped(paper[0]))
	s.say("   A share with one wrong letter: %v", err)
	_, err = custody.Restore(ctx, bundle, typed[:2], target)
	s.say("   Two custodians of the three: %v", err)
	report, err := custody.Restore(ctx, bundle, typed, target)
	if err != nil {
		return err
	}
	t := report.Tenants[0]
	s.say("   Custodians %v: keyset %s, under another key-encryption key; shredded since the backup, and not brought back: %d",
		report.Shares, t.Keyset, t.Shredded)
	primary, err := clean.Current(ctx, tenant)
	if err != nil {
		return err
	}
	return clean.ring.Rotate(ctx, tenant, primary) // what was sealed since the backup is not in its counts
}

// mistyped exchanges one symbol of a share's last line for another.
func mistyped(text string) string {
	i := strings.LastIndex(strings.TrimRight(text, " \n"), " ") + 1
	wrong := "A"
	if text[i] == 'A' {
		wrong = "B"
	}
	return text[:i] + wrong + text[i+1:]
}

// drill opens what the database has with the restored keys, and signs what came
// of it.
func (s *story) drill(ctx context.Context, clean *host, bundle []byte, shredded register, database []custody.Sample) error {
	public, private, err := ed25519.GenerateKey(nil) // a real one is not made on the host of the drill
	if err != nil {
		return err
	}
	ctx = safeguard.WithPrincipal(ctx, safeguard.Principal{ID: "operator-7", Kind: safeguard.Person})
	record, err := custody.Drill(ctx, bundle, clean.Sealer, shredded, func(yield func(custody.Sample, error) bool) {
		for _, sample := range database {
			if !yield(sample, nil) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	signed, err := custody.SignDrill(record, private)
	if err != nil {
		return err
	}
	record, err = custody.VerifyDrill(signed, public)
	if err != nil {
		return err
	}
	s.say("   The drill, signed: passed %t; opened %d, refused as shredded %d, failed %d",
		record.Passed, record.Opened, record.Shredded, record.Failed)
	return nil
}
