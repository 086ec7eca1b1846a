package relay_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/relay"
)

// A printer is a sink that prints.
type printer struct{}

func (printer) Deliver(_ context.Context, records ...[]byte) error {
	for _, r := range records {
		fmt.Printf("%s\n", r)
	}
	return nil
}

// A ledger is the commit point; its records go on to a sink, from a cursor that
// outlives the process.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func Example() {
	tmp, err := os.MkdirTemp("", "relay")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	key, err := ledger.CreateKey(filepath.Join(tmp, "key.pem"))
	if err != nil {
		log.Fatal(err)
	}
	l, err := ledger.Open(filepath.Join(tmp, "records"), key, nil)
	if err != nil {
		log.Fatal(err)
	}
	cursor, err := relay.OpenFileCursor(filepath.Join(tmp, "printer.cursor"))
	if err != nil {
		log.Fatal(err)
	}
	r, err := relay.New(l, printer{}, cursor, nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()

	for _, action := range []string{"read", "export"} {
		if err := l.Append(ctx, fmt.Appendf(nil, `{"action":%q,"patient":"p1.7Q3x"}`, action)); err != nil {
			log.Fatal(err)
		}
	}
	if err := r.Flush(ctx); err != nil {
		log.Fatal(err)
	}
	cancel() // then wait for Run, then close the ledger
	<-ended
	fmt.Println("next:", r.Next())
	if err := l.Close(context.Background()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// {"action":"read","patient":"p1.7Q3x"}
	// {"action":"export","patient":"p1.7Q3x"}
	// next: 2
}
