package fleet_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard/audit/anchor"
	"github.com/safeguard-sdk/safeguard/audit/fleet"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// Two instances are collected into one log; then one of them is gone, and the
// verdict names it.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func Example() {
	tmp, err := os.MkdirTemp("", "fleet")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	if err := story(context.Background(), tmp); err != nil {
		log.Fatal(err)
	}
	// Output:
	// collected: 2
	// all well: true
	// all well: false
	// charts-2: missing
}

func story(ctx context.Context, tmp string) error {
	var members []fleet.Member
	for _, name := range []string{"charts-1", "charts-2"} {
		m, err := instance(ctx, filepath.Join(tmp, name), name)
		if err != nil {
			return err
		}
		members = append(members, m)
	}
	key, err := ledger.CreateKey(filepath.Join(tmp, "fleet.pem"))
	if err != nil {
		return err
	}
	dir := filepath.Join(tmp, "fleet")
	l, err := ledger.Open(dir, key, &ledger.Options{Origin: "clinic.example/fleet"})
	if err != nil {
		return err
	}
	f, err := fleet.New(ctx, l, members, nil)
	if err != nil {
		return err
	}
	round, err := f.Collect(ctx) // a service calls Run
	if err != nil {
		return err
	}
	fmt.Println("collected:", round.Appended)
	if err := l.Close(ctx); err != nil {
		return err
	}
	return verify(ctx, dir, l.VerifierKey(), members)
}

// verify gives two verdicts, the second without the checkpoint of a member.
func verify(ctx context.Context, dir, verifierKey string, members []fleet.Member) error {
	v, err := fleet.Verify(ctx, dir, verifierKey, members, nil)
	if err != nil {
		return err
	}
	fmt.Println("all well:", v.OK)
	if err := os.Remove(filepath.Join(members[1].Dir, "checkpoint")); err != nil {
		return err
	}
	if v, err = fleet.Verify(ctx, dir, verifierKey, members, nil); err != nil {
		return err
	}
	fmt.Println("all well:", v.OK)
	for _, f := range v.Of(fleet.Missing) {
		fmt.Printf("%s: %s\n", f.Member, f.State)
	}
	return nil
}

// instance writes the ledger of one instance.
func instance(ctx context.Context, dir, name string) (fleet.Member, error) {
	key, err := ledger.CreateKey(dir + ".pem")
	if err != nil {
		return fleet.Member{}, err
	}
	l, err := ledger.Open(dir, key, &ledger.Options{Origin: "clinic.example/" + name})
	if err != nil {
		return fleet.Member{}, err
	}
	if err := l.Append(ctx, []byte(`{"action":"read"}`)); err != nil {
		return fleet.Member{}, err
	}
	if err := l.Close(ctx); err != nil {
		return fleet.Member{}, err
	}
	source, err := anchor.Directory(dir)
	return fleet.Member{Name: name, VerifierKey: l.VerifierKey(), Source: source, Dir: dir}, err
}
