// Command throttle tells what package access/throttle does: somebody leafs
// through the ward, an application exports it, a flood of accounts tries to push
// them out of the table, and a password is guessed at. It needs no flag and no
// service, and ends by itself.
package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/throttle"
)

const policy = `{"version":1,"resources":{"Patient":["read"]},
 "roles":{"clerk":{"allow":[{"id":"K-1","resource":"Patient","actions":["read"],"purposes":["HOPERAT"],
  "fields":["Patient.id","Patient.name"],"because":"finds the chart"}]}}}`

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	limit, err := throttle.New(throttle.Limit{Events: 60, Per: time.Hour}, &throttle.Options{Max: 1000})
	if err != nil {
		return err
	}
	parsed, err := access.ParsePolicy([]byte(policy))
	if err != nil {
		return err
	}
	guard, err := access.New(parsed, &access.Options{
		Roles: access.Assignments{"nosy": {"clerk"}, "export": {"clerk"}, "sam": {"clerk"}}, Throttle: limit,
	})
	if err != nil {
		return err
	}
	charts(out, guard, limit)
	flood(out, limit)
	if err := guessing(out); err != nil {
		return err
	}
	return report(out, limit)
}

// charts shows who gets how many charts. A Mux asks and charges by itself; this
// does it by hand.
func charts(out io.Writer, guard *access.Guard, limit *throttle.Throttle) {
	read := func(who string, patients int) string {
		p := safeguard.Principal{ID: who, Kind: safeguard.Person}
		d := guard.Decide(safeguard.WithPrincipal(context.Background(), p),
			access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Operations})
		if d.Allowed {
			limit.Charge(p, patients)
		}
		return d.Code
	}
	fmt.Fprintln(out, "A clerk may take out the data of 60 patients an hour.")
	seen := 0
	for read("nosy", 1) == "access.allowed" {
		seen++
	}
	fmt.Fprintf(out, "  Nosy opens chart after chart, and is stopped after %d: %s\n", seen, read("nosy", 1))
	fmt.Fprintf(out, "  An export of 200 patients: %s, and the next one: %s\n", read("export", 200), read("export", 1))
	wait := limit.RetryAfter(safeguard.Principal{ID: "export"}).Round(time.Minute)
	fmt.Fprintf(out, "  for it has taken more than it had, and waits %s\n", wait)
	fmt.Fprintf(out, "  Sam goes on working: %s\n", read("sam", 1))
	limit.Forget(safeguard.Principal{ID: "export"}) // in a route of a Mux, which records who did
	fmt.Fprintf(out, "  An administrator lets the export go on: %s\n\n", read("export", 1))
}

// flood fills the table with names that nobody has.
func flood(out io.Writer, limit *throttle.Throttle) {
	for i := range 50_000 {
		limit.Charge(safeguard.Principal{ID: fmt.Sprint("invented ", i)}, 1)
	}
	fmt.Fprintln(out, "A flood of 50,000 invented principals fills a table for 1,000.")
	for _, who := range []string{"nosy", "sam", "newcomer"} {
		fmt.Fprintf(out, "  %-8s ready: %v\n", who, limit.Ready(safeguard.Principal{ID: who}))
	}
	fmt.Fprint(out, "  Nobody is freed; newcomers share one bucket with the flood.\n\n")
}

func guessing(out io.Writer) error {
	signIns, err := throttle.NewSignIns(nil)
	if err != nil {
		return err
	}
	tries := func(at func(i int) (string, netip.Addr)) int {
		n := 0
		for i := range 5000 {
			account, source := at(i)
			if attempt, _ := signIns.Begin(account, source); attempt != nil {
				n++ // wrong, so nobody calls attempt.Succeeded
			}
		}
		return n
	}
	fmt.Fprintln(out, "Of 5,000 guesses at a password, so many are looked at:")
	fmt.Fprintf(out, "  at one account, from everywhere:     %d\n", tries(func(i int) (string, netip.Addr) {
		return "ada", netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})
	}))
	fmt.Fprintf(out, "  at every account, from one address:  %d\n", tries(func(i int) (string, netip.Addr) {
		return fmt.Sprint(i), netip.MustParseAddr("192.0.2.1")
	}))
	fmt.Fprintf(out, "  the same, with all addresses of one IPv6 network: %d\n\n", tries(func(i int) (string, netip.Addr) {
		return fmt.Sprint(i), netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", i+1))
	}))
	return nil
}

func report(out io.Writer, limit *throttle.Throttle) error {
	observations, err := limit.Report(context.Background())
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "What the throttle reports of itself:")
	for _, name := range slices.Sorted(maps.Keys(observations[0].Settings)) {
		fmt.Fprintf(out, "  %s: %s\n", name, observations[0].Settings[name])
	}
	fmt.Fprintf(out, "  patients charged: %d\n", observations[0].Counters["patients"])
	return nil
}
