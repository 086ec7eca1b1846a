package anchor_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard/audit/anchor"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// A ledger's checkpoints are brought to a file on other storage; later the
// directory is set back to an older copy, which the anchored checkpoint shows.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func Example() {
	tmp, err := os.MkdirTemp("", "anchor")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	if err := story(context.Background(), tmp); err != nil {
		log.Fatal(err)
	}
	// Output:
	// signed 2, anchored 2, not anchored 0
	// by itself the old copy is intact: true
	// with what was anchored: false
}

func story(ctx context.Context, tmp string) error {
	key, err := ledger.CreateKey(filepath.Join(tmp, "key.pem"))
	if err != nil {
		return err
	}
	dir, old := filepath.Join(tmp, "records"), filepath.Join(tmp, "old")
	l, err := ledger.Open(dir, key, &ledger.Options{Origin: "clinic.example/charts"})
	if err != nil {
		return err
	}
	if err := os.CopyFS(old, os.DirFS(dir)); err != nil {
		return err
	}
	if err := l.Append(ctx, []byte(`{"action":"read"}`), []byte(`{"action":"export"}`)); err != nil {
		return err
	}
	if err := l.Close(ctx); err != nil {
		return err
	}

	source, err := anchor.Directory(dir)
	if err != nil {
		return err
	}
	// A real anchor lies on another device: without the Unsafe option this file
	// would be refused.
	file, err := anchor.NewFile(filepath.Join(tmp, "anchors"), dir, l.VerifierKey(), &anchor.FileOptions{UnsafeSameDevice: true})
	if err != nil {
		return err
	}
	runner, err := anchor.New(source, l.VerifierKey(), filepath.Join(tmp, "state"), []anchor.Anchor{file}, nil)
	if err != nil {
		return err
	}
	if err := runner.Once(ctx); err != nil { // a service calls Run
		return err
	}
	fmt.Println(runner.Status())

	kept, err := runner.Kept(ctx)
	if err != nil {
		return err
	}
	alone, err := ledger.Verify(ctx, old, l.VerifierKey(), nil)
	if err != nil {
		return err
	}
	with, err := ledger.Verify(ctx, old, l.VerifierKey(), &ledger.VerifyOptions{Anchors: kept})
	if err != nil {
		return err
	}
	fmt.Println("by itself the old copy is intact:", alone.OK)
	fmt.Println("with what was anchored:", with.OK)
	return nil
}
