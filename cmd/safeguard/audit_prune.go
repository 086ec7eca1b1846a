package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	keeping "github.com/safeguard-sdk/safeguard/audit/keep"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// auditPrune removes what need not be kept any more.
type auditPrune struct {
	Plan    prunePlan    `cmd:"" help:"Say what may go, and why no more. Changes nothing."`
	Approve pruneApprove `cmd:"" help:"As a second person, sign one plan."`
	Run     pruneRun     `cmd:"" help:"Carry out an approved plan. The hashes stay, so every later proof holds."`
}

// Help is the long text of --help.
func (auditPrune) Help() string {
	return `Records are kept six years at least. One person signs a plan with a key of their own, another carries it out; both are named in the keepers file, and a rule that is not in it denies:

  {"keepers": [
    {"id": "anna", "steps": ["run", "hold", "release"]},
    {"id": "ben", "steps": ["approve"], "key": "MCowBQYDK2VwAyEA…"}
  ]}

"key" is the middle line of what 'evidence key' writes. "methods" and "unsafe_methods" are those of 'safeguard keys shred --help'.

Only whole sealed segments go, after the ledger was verified to its end, and no record that a hold names. The ledger must not be open in a service, which prunes by package audit/keep itself. Files are removed and not overwritten: disposal of the medium is 164.310(d).`
}

// keepers are who may decide how long records stay.
type keepers struct {
	ways
	Keepers []keeper `json:"keepers"`
}

type keeper struct {
	ID    string   `json:"id"`
	Steps []string `json:"steps"`
	Key   string   `json:"key"`
}

// The steps that a keepers file allows.
const (
	stepApprove = "approve"
	stepRun     = "run"
	stepHold    = "hold"
	stepRelease = "release"
)

// parseKeepers reads keepers, strictly.
func parseKeepers(b []byte) (*keepers, error) {
	k := &keepers{}
	if err := strictJSON(b, k); err != nil {
		return nil, err
	}
	if err := k.check(); err != nil {
		return nil, err
	}
	steps := []string{stepApprove, stepRun, stepHold, stepRelease}
	seen := map[string]bool{}
	for _, p := range k.Keepers {
		_, err := keyLine(p.Key)
		switch {
		case p.ID == "" || seen[p.ID]:
			return nil, errors.New("keepers: every one has an id of its own")
		case !within(p.Steps, steps):
			return nil, fmt.Errorf("keepers: %q needs steps of %v", p.ID, steps)
		case slices.Contains(p.Steps, stepApprove) && err != nil, p.Key != "" && (err != nil || seen[p.Key]):
			return nil, fmt.Errorf("keepers: %q needs a public key of its own", p.ID)
		}
		seen[p.ID], seen[p.Key] = true, p.Key != ""
	}
	return k, nil
}

// may says whether somebody may take a step.
func (k *keepers) may(who safeguard.Principal, step string) error {
	i := slices.IndexFunc(k.Keepers, func(p keeper) bool { return p.ID == who.ID })
	if i < 0 || !k.count(who) || !slices.Contains(k.Keepers[i].Steps, step) {
		return findings("denied: not allowed by the keepers file")
	}
	return nil
}

// years says how long records are kept.
type years struct {
	Years int `default:"6" help:"How long records are kept, 6 to 100. State law, contracts and the records of minors may demand more than six."`
}

// unheard refuses to record: for what records nothing.
type unheard struct{}

// Record implements audit.Noter.
func (unheard) Record(context.Context, audit.Notice) (string, error) {
	return "", errors.New("this only reads")
}

// plan plans what would go.
func (c auditLedger) plan(e *env, y years) (keeping.Plan, error) {
	key, err := c.verifierKey(e)
	if err != nil {
		return keeping.Plan{}, err
	}
	k, err := keeping.New(c.Dir, key, unheard{}, nil, &keeping.Options{Years: y.Years, Progress: e.counted("reading")})
	if err != nil {
		return keeping.Plan{}, keepFault(err)
	}
	defer k.Close()
	p, err := k.Plan(e.ctx)
	return p, keepFault(err)
}

// keepFault marks what was refused and what is not in order.
func keepFault(err error) error {
	switch {
	case errors.Is(err, keeping.ErrNotIntact), errors.Is(err, keeping.ErrApproval), errors.Is(err, keeping.ErrChanged), errors.Is(err, keeping.ErrClock):
		return findings("%w", err)
	case errors.Is(err, keeping.ErrNoHold):
		return refused(err)
	}
	return auditFault(err)
}

type prunePlan struct {
	auditLedger
	years
	JSON bool `name:"json" help:"Write JSON."`
}

// planView is a plan in JSON.
type planView struct {
	Digest   string         `json:"digest"`
	From     uint64         `json:"from"`
	KeepFrom uint64         `json:"keep_from"`
	Segments []string       `json:"segments"`
	Records  uint64         `json:"records"`
	Oldest   time.Time      `json:"oldest,omitzero"`
	Newest   time.Time      `json:"newest,omitzero"`
	Blocked  string         `json:"blocked"`
	Holds    []keeping.Hold `json:"holds"`
}

// Run says what may go.
func (c *prunePlan) Run(e *env) error {
	p, err := c.plan(e, c.years)
	if err != nil {
		return err
	}
	digest := p.Digest()
	if c.JSON {
		return e.jsonLine(planView{hex.EncodeToString(digest[:]), p.From, p.KeepFrom, p.Segments, p.Records, p.Oldest, p.Newest, p.Blocked, p.Holds})
	}
	_, err = fmt.Fprintf(e.out, "%s\nholds in force: %d\nplan %x\n", p, len(p.Holds), digest)
	return err
}

// approvalFile is a signed approval.
type approvalFile struct {
	Version   int       `json:"version"`
	By        string    `json:"by"`
	Method    string    `json:"method"`
	At        time.Time `json:"at"`
	Plan      string    `json:"plan"`
	Signature []byte    `json:"signature"`
}

// parseApproval reads an approval, strictly. It does not verify it.
func parseApproval(b []byte) (*approvalFile, error) {
	a := &approvalFile{}
	if err := strictJSON(b, a); err != nil {
		return nil, err
	}
	plan, err := hex.DecodeString(a.Plan)
	if a.Version != 1 || a.By == "" || a.At.IsZero() || len(plan) != 32 || err != nil {
		return nil, errors.New("is not what 'audit prune approve' writes")
	}
	return a, nil
}

// signed returns the bytes that are signed.
func (a *approvalFile) signed() []byte {
	return fmt.Appendf(nil, "safeguard prune approval v1\n%q\n%q\n%s\n%s\n", a.By, a.Method, a.At.UTC().Format(time.RFC3339Nano), a.Plan)
}

// approval returns what the named keeper signed.
func (k *keepers) approval(a *approvalFile) (keeping.Approval, error) {
	by := safeguard.Principal{ID: a.By, Kind: safeguard.Person, Method: a.Method, At: a.At}
	if err := k.may(by, stepApprove); err != nil {
		return keeping.Approval{}, err
	}
	i := slices.IndexFunc(k.Keepers, func(p keeper) bool { return p.ID == a.By })
	public, err := keyLine(k.Keepers[i].Key)
	if err != nil || !holds(public, a.signed(), a.Signature) {
		return keeping.Approval{}, findings("the approval is not what %s signed", quoted(a.By))
	}
	out := keeping.Approval{By: by, At: a.At}
	_, err = hex.Decode(out.Plan[:], []byte(a.Plan))
	return out, err
}

type pruneApprove struct {
	auditLedger
	years
	Operator    string `placeholder:"NAME" help:"Who acts, where the account does not say it. It counts only if the keepers file says so."`
	Digest      string `name:"plan" required:"" placeholder:"DIGEST" help:"The plan that is approved, as 'prune plan' shows it."`
	Keepers     string `required:"" placeholder:"FILE" help:"Who may do what."`
	ApproverKey string `required:"" placeholder:"FILE" help:"The approver's own key, as 'evidence key' makes it."`
	results
}

// Run signs a plan that holds now.
func (c *pruneApprove) Run(e *env) error {
	to, err := c.results.open(format{name: "json"})
	if err != nil {
		return err
	}
	defer to.discard()
	rules, err := readGuarded(e, c.Keepers, parseKeepers)
	if err != nil {
		return err
	}
	who, err := e.principal(c.Operator)
	if err != nil {
		return err
	}
	if err := rules.may(who, stepApprove); err != nil {
		return err
	}
	key, err := loadKey(c.ApproverKey)
	if err != nil {
		return err
	}
	p, err := c.plan(e, c.years)
	if err != nil {
		return err
	}
	digest := p.Digest()
	if hex.EncodeToString(digest[:]) != c.Digest {
		return findings("%w: it is another one now", keeping.ErrChanged)
	}
	agreed, err := keeping.Approve(safeguard.WithPrincipal(e.ctx, who), p)
	if err != nil {
		return refused(err)
	}
	f := approvalFile{Version: 1, By: who.ID, Method: who.Method, At: agreed.At.UTC(), Plan: c.Digest}
	f.Signature = sign(key, f.signed())
	if _, err := rules.approval(&f); err != nil {
		return refused(errors.New("--approver-key: is not the key of this keeper"))
	}
	return to.write(e, format{"json", func(w io.Writer) error { return json.NewEncoder(w).Encode(f) }})
}

// writing are the flags of a command that writes to the ledger itself.
type writing struct {
	auditLedger
	Signer   string `required:"" placeholder:"FILE" help:"The key that signs the ledger."`
	Operator string `placeholder:"NAME" help:"Who acts, where the account does not say it. It counts only if the keepers file says so."`
	Keepers  string `required:"" placeholder:"FILE" help:"Who may do what."`
}

// with opens the ledger for somebody who may take a step.
func (c writing) with(e *env, step string, opts *keeping.Options, f func(context.Context, *keepers, *keeping.Keeper) error) error {
	rules, err := readGuarded(e, c.Keepers, parseKeepers)
	if err != nil {
		return err
	}
	who, err := e.principal(c.Operator)
	if err != nil {
		return err
	}
	if err := rules.may(who, step); err != nil {
		return err
	}
	vkey, err := c.verifierKey(e)
	if err != nil {
		return err
	}
	r, err := ledger.OpenReader(c.Dir) // the one that follows would make it
	if err != nil {
		return auditFault(err)
	}
	_, err = r.Checkpoint(vkey)
	if err = errors.Join(err, r.Close()); err != nil {
		return auditFault(err)
	}
	do := recording{Operator: c.Operator, Record: c.Dir, RecordSigner: c.Signer}
	return do.do(e, func(on *recorded) error {
		k, err := keeping.New(c.Dir, vkey, on.recorder, on.log, opts)
		if err != nil {
			return keepFault(err)
		}
		defer k.Close()
		return keepFault(f(on.ctx, rules, k))
	})
}

type pruneRun struct {
	writing
	years
	Approval string   `required:"" placeholder:"FILE" help:"What another person wrote with 'prune approve'."`
	Known    []string `sep:"none" placeholder:"FILE" help:"A checkpoint of the ledger that was kept elsewhere; may be given several times."`
}

// Run prunes.
func (c *pruneRun) Run(e *env) error {
	signed, err := parse(e, c.Approval, parseApproval)
	if err != nil {
		return err
	}
	var kept []ledger.Kept
	for _, path := range c.Known {
		note, err := e.read(path)
		if err != nil {
			return err
		}
		kept = append(kept, ledger.Kept{Name: path, Note: note})
	}
	opts := &keeping.Options{
		Years: c.Years, Progress: e.counted("reading"),
		Anchors: func(context.Context) ([]ledger.Kept, error) { return kept, nil },
	}
	return c.with(e, stepRun, opts, func(ctx context.Context, rules *keepers, k *keeping.Keeper) error {
		agreed, err := rules.approval(signed)
		if err != nil {
			return err
		}
		p, err := k.Plan(ctx)
		if err != nil {
			return err
		}
		if p.Records == 0 {
			return findings("%s", p)
		}
		gone, err := k.Prune(ctx, p, agreed)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.out, "pruned: records %d to %d, %d segments; accounted for in record %d\n", gone.From, gone.Floor-1, len(gone.Segments), gone.Record)
		return err
	})
}
