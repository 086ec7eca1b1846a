// Command event shows package audit/event: a record of the audit trail as an
// event of CloudEvents' own SDK and back, byte for byte, and what the SDK's
// validation lets through and this one does not. It needs nothing and ends by
// itself.
//
// Controls: none, it is a program.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/event"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(_ context.Context, out io.Writer) error {
	if err := there(out); err != nil {
		return err
	}
	forged(out)
	rules(out)
	return nil
}

// there takes a record to the SDK and back.
func there(out io.Writer) error {
	record, err := audit.Event{
		ID: "0197a2d0-0000-7000-8000-000000000001", Source: "urn:clinic:charts", Type: audit.TypeRead, Sequence: 41,
		Time: time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC), RecordedTime: time.Date(2026, 11, 21, 9, 30, 0, 4e6, time.UTC),
		HIPAAControl: "164.312(b)", Data: []byte(`{"entry":"0197a2d0","part":0,"patients":["p1.token"]}`),
	}.Append(nil)
	if err != nil {
		return err
	}
	e, err := event.FromRecord(record)
	if err != nil {
		return err
	}
	back, err := event.ToRecord(e)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "1. A record as an event of the SDK, and back")
	fmt.Fprintf(out, "   type %s\n   sequence %v\n   the same bytes: %v\n", e.Type(), e.Extensions()["sequence"], bytes.Equal(record, back))
	return nil
}

// forged lists events that one reader takes for another thing than the next.
func forged(out io.Writer) {
	const begin = `{"specversion":"1.0","id":"1","source":"urn:clinic:charts","type":"org.example.read",`
	fmt.Fprintln(out, "\n2. What the SDK takes and this package refuses")
	for _, c := range []struct{ what, rest string }{
		{"a line feed in a subject", `"subject":"Chart/1\r\nX-Role: admin"}`},
		{"two subjects", `"subject":"Chart/1","subject":"Chart/2"}`},
		{"half a number", `"attempts":1.5}`},
		{"a noncharacter", `"subject":"\uffff"}`},
		{"a schema with a fragment", `"dataschema":"https://a.example/s#part"}`},
	} {
		record := []byte(begin + c.rest)
		e, _ := event.FromRecord(nil) // an empty event of the SDK
		sdk := "takes it"
		if errors.Join(e.UnmarshalJSON(record), e.Validate()) != nil {
			sdk = "refuses it"
		}
		fmt.Fprintf(out, "   %s: the SDK %s; %v\n", c.what, sdk, event.Validate(record))
	}
}

// rules counts what is judged.
func rules(out io.Writer) {
	ours, levels := 0, map[string]int{}
	for _, r := range event.Rules() {
		levels[r.Level]++
		if !r.SDK {
			ours++
		}
	}
	fmt.Fprintf(out, "\n3. %d rules (%d MUST, %d SHOULD, %d ours), %d of them beyond the SDK\n",
		len(event.Rules()), levels["MUST"], levels["SHOULD"], levels["OURS"], ours)
}
