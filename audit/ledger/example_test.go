package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// A ledger is written, one byte of it is changed, and the verifier, who has
// nothing but the public key, names the entry.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func Example() {
	tmp, err := os.MkdirTemp("", "ledger")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	ctx := context.Background()

	key, err := ledger.CreateKey(filepath.Join(tmp, "key.pem"))
	if err != nil {
		log.Fatal(err)
	}
	dir := filepath.Join(tmp, "records")
	l, err := ledger.Open(dir, key, &ledger.Options{Origin: "clinic.example/charts"})
	if err != nil {
		log.Fatal(err)
	}
	for _, action := range []string{"read", "read", "export"} {
		record := fmt.Appendf(nil, `{"action":%q,"patient":"p1.7Q3x"}`, action)
		if err := l.Append(ctx, record); err != nil {
			log.Fatal(err) // not durable: refuse what the record was to account for
		}
	}
	if err := l.Close(ctx); err != nil {
		log.Fatal(err)
	}

	verdict, err := ledger.Verify(ctx, dir, l.VerifierKey(), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verdict)

	segment := filepath.Join(dir, "00000000000000000000.seg")
	data, err := os.ReadFile(segment)
	if err != nil {
		log.Fatal(err)
	}
	data[len(data)-20] ^= 1
	if err := os.WriteFile(segment, data, 0o600); err != nil {
		log.Fatal(err)
	}
	verdict, err = ledger.Verify(ctx, dir, l.VerifierKey(), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verdict.OK, verdict.Problem.Index, verdict.Problem.Reason)
	// Output:
	// intact: records 3, covered by the signed checkpoint 3, segment files 1, unfinished bytes 0, kept elsewhere up to 0, not anchored 3
	// false 2 the checksum of the record is wrong
}

// Two records are handed to somebody who has nothing but the public key, as one
// file. docs/verify-bundle.sh checks the same file without this package.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func ExampleReader_Bundle() {
	tmp, err := os.MkdirTemp("", "ledger")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	ctx := context.Background()
	dir, vkey, err := writeThree(ctx, tmp)
	if err != nil {
		log.Fatal(err)
	}

	r, err := ledger.OpenReader(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	bundle, err := r.Bundle(ctx, vkey, []uint64{0, 2}, nil)
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := bundle.WriteTo(&file); err != nil {
		log.Fatal(err)
	}

	got, err := ledger.ReadBundle(&file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(got.Verify(vkey))
	for _, entry := range got.Entries {
		fmt.Println(entry.Index, string(entry.Record))
	}
	got.Entries[1].Record = []byte("never happened")
	fmt.Println(got.Verify(vkey))
	// Output:
	// <nil>
	// 0 {"action":"read"}
	// 2 {"action":"export"}
	// ledger: the proof does not hold: entry 2
}

// writeThree makes a ledger of three records.
func writeThree(ctx context.Context, tmp string) (dir, vkey string, err error) {
	key, err := ledger.CreateKey(filepath.Join(tmp, "key.pem"))
	if err != nil {
		return "", "", err
	}
	dir = filepath.Join(tmp, "records")
	l, err := ledger.Open(dir, key, nil)
	if err != nil {
		return "", "", err
	}
	err = l.Append(ctx, []byte(`{"action":"read"}`), []byte(`{"action":"update"}`), []byte(`{"action":"export"}`))
	return dir, l.VerifierKey(), errors.Join(err, l.Close(ctx))
}
