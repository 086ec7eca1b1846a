package main

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/crosswalk/evidence"
)

// evidenceCmd makes and verifies evidence packs.
type evidenceCmd struct {
	Pack     evidencePack     `cmd:"" help:"Make a signed pack in a new directory."`
	Verify   evidenceVerify   `cmd:"" help:"Check that a pack is what the key's holder signed; exit 1 if not."`
	Requests evidenceRequests `cmd:"" help:"List the 175 requests of the audit protocol and what answers them."`
	Key      evidenceKey      `cmd:"" help:"Create a signing key; write its public half to standard output."`
}

// Help is the long text of --help.
func (evidenceCmd) Help() string {
	return `A pack has one small dated, hashed file for each of the 175 requests of the Security Rule audit protocol, an index and a signature. What rests on records of a verified ledger, what the service says of itself, what a named person states and what is a template are counted apart; a template never counts. What nobody can prove reads "organisation supplies" or "not available". For instance:

  safeguard evidence key pack.key > pack.pub.pem
  safeguard evidence pack input.json --ledger LEDGER --ledger-key KEY --gap gap.json --risk risk.json --key pack.key --to pack-2026
  safeguard evidence verify pack-2026 --key pack.pub.pem

A pack names persons. Keep it for as long as each file says (164.316(b)(2)(i)).`
}

// Help is the long text of --help.
func (evidencePack) Help() string {
	return `An input that says the least:

  {"organisation": "Example Clinic", "service": "Charts", "collector": "Security Officer", "period": {"from": "2026-01-01", "to": "2026-03-31"}, "made": "2026-04-01"}

go doc github.com/safeguard-sdk/safeguard/crosswalk/evidence.Input lists every field: tables that components hand over, documents and statements of named persons, adopted policies. Drafts of an assessment or a register are refused, and so is sample data.`
}

type evidencePack struct {
	Input string `arg:"" help:"Organisation, service, collector, period and day, with what persons and components hand over; - for standard input."`

	To            string   `required:"" placeholder:"DIR" help:"The new directory. One that exists is refused."`
	Key           string   `required:"" placeholder:"FILE" help:"The signing key, as 'evidence key' makes it. Use one that signs nothing else."`
	Sample        int      `placeholder:"N" help:"How many events are drawn at most for a table of events, 1 to 1000. Default: 25."`
	Seed          string   `help:"Decides which events are drawn. Default: the period."`
	Gap           string   `placeholder:"FILE" help:"A final gap assessment."`
	Risk          string   `placeholder:"FILE" help:"A final risk register."`
	RiskPreceding string   `placeholder:"FILE" help:"The version before the risk register, which the protocol asks for beside it."`
	Incident      []string `sep:"none" placeholder:"FILE" help:"An incident file; may be given several times."`
	Source        string   `placeholder:"DIR" help:"Directory of the service's module, for the inventory of its phi tags."`
	ledgerFlags
}

// Run makes the pack.
func (c *evidencePack) Run(e *env) error {
	if err := c.together(); err != nil {
		return err
	}
	in, err := parse(e, c.Input, evidence.Parse)
	if err != nil {
		return err
	}
	if in.Made > evidence.DateOf(time.Now().AddDate(0, 0, 1)) {
		return refused(fmt.Errorf("%s: made: %s is a day to come", c.Input, in.Made))
	}
	key, err := loadKey(c.Key)
	if err != nil {
		return err
	}
	if err := c.log(e, in); err != nil {
		return err
	}
	if err := c.tables(e, in); err != nil {
		return err
	}
	e.step("answering 175 requests")
	pack, err := evidence.Build(in)
	if err != nil {
		return refused(inFile(c.Input, err))
	}
	if err := e.ctx.Err(); err != nil {
		return err
	}
	if _, err := os.Lstat(c.To); !errors.Is(err, fs.ErrNotExist) {
		return refused(fmt.Errorf("%s: exists; a pack is written into a new directory", c.To))
	}
	if err := pack.WriteDir(c.To, key); err != nil {
		return err
	}
	return summarise(e.out, pack)
}

// log reads the ledger, if one is given.
func (c *evidencePack) log(e *env, in *evidence.Input) error {
	if c.Ledger == "" {
		return nil
	}
	l, err := c.open(e)
	if err != nil {
		return err
	}
	if n := l.Verdict.Floor; n > 0 {
		return refused(fmt.Errorf("%s: its first %d records were pruned, and a pack is made of a whole log; take one that was exported or restored", c.Ledger, n))
	}
	e.step("reading %d records of %s", l.Verdict.Checkpoint.Size, c.Ledger)
	log, err := evidence.Collect(e.ctx, l, in.Period, &evidence.CollectOptions{
		Checkpoint: l.Verdict.Checkpoint.Note, VerifierKey: c.LedgerKey, Sample: c.Sample, Seed: c.Seed,
	})
	if errors.Is(err, evidence.ErrLog) || errors.Is(err, evidence.ErrInput) {
		return refused(err)
	}
	if err != nil {
		return ledgerFault(c.Ledger, err)
	}
	in.Logs = append(in.Logs, log)
	return nil
}

// summarise counts what stands behind the answers, each kind apart.
func summarise(w io.Writer, p *evidence.Pack) error {
	s := p.Summary
	_, err := fmt.Fprintf(w, `%d requests: %d from records, %d self-reported, %d from source code, %d entered by a person, %d none of the kind (%d of these a person's word only)
without evidence: %d templates, %d not available, %d organisation supplies
of those with an answer, %d lack a part that belongs to a whole answer
`, s.Requests, s.FromLog, s.SelfReported, s.FromSource, s.Entered, s.Nothing, s.StatedNone, s.Template, s.NotAvailable, s.Organisation, s.Partial)
	return err
}

type evidenceVerify struct {
	Pack string `arg:"" help:"Directory of the pack."`
	Key  string `required:"" placeholder:"FILE" help:"The signer's public key in PEM, from where you keep it and not from the pack."`
}

// Run verifies a pack.
func (c *evidenceVerify) Run(e *env) error {
	b, err := e.read(c.Key)
	if err != nil {
		return err
	}
	key, err := publicKey(b)
	if err != nil {
		return refused(fmt.Errorf("%s: %w", c.Key, err))
	}
	if info, err := os.Stat(c.Pack); err != nil || !info.IsDir() {
		return refused(fmt.Errorf("%s: there is no such directory", c.Pack))
	}
	pack, err := evidence.Verify(os.DirFS(c.Pack), key)
	if errors.Is(err, evidence.ErrPack) {
		return findings("%w", err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(e.out, "intact: %s, %s, %s to %s, made %s\n", pack.Organisation, pack.Service, pack.Period.From, pack.Period.To, pack.Made)
	return summarise(e.out, pack)
}

type evidenceKey struct {
	File string `arg:"" help:"The new file for the key. One that exists is refused."`
}

// Run creates a key.
func (c *evidenceKey) Run(e *env) error {
	if _, err := os.Lstat(c.File); !errors.Is(err, fs.ErrNotExist) {
		return refused(fmt.Errorf("%s: exists, and a key is never replaced", c.File))
	}
	key, err := ledger.CreateKey(c.File)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	return pem.Encode(e.out, &pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func loadKey(path string) (ed25519.PrivateKey, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, refused(fmt.Errorf("%s: there is no such key; make one with 'safeguard evidence key'", path))
	}
	if err := regular(path); err != nil {
		return nil, err
	}
	key, err := ledger.LoadKey(path)
	return key, refused(err)
}

// publicKey reads one Ed25519 key in PEM.
func publicKey(data []byte) (ed25519.PublicKey, error) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, errors.New("not a public key in PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, errors.New("not a public key in PEM")
	}
	key, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("not an Ed25519 key")
	}
	return key, nil
}
