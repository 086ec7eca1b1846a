// Command emergency breaks the glass over HTTP: a clinician who is not in a
// patient's care team sees the allergies of that one patient, for half an hour,
// with the record of it before the access, and answers to somebody else for it. It
// needs no flag and no service, and ends by itself.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/workforce"
)

//go:embed policy.json
var policyJSON []byte

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	r, err := newRoom()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	stopped := make(chan error, 1)
	go func() { stopped <- r.registry.Run(ctx) }()
	err = errors.Join(r.hire(ctx), r.registry.Ready(ctx))
	if err == nil {
		err = r.story(out)
	}
	r.server.Close()
	cancel()
	if ended := <-stopped; !errors.Is(ended, context.Canceled) {
		err = errors.Join(err, ended)
	}
	return errors.Join(err, r.recorder.Close(context.Background()))
}

// reason is what a client sends to break the glass.
const reason = `{"code":"unconscious","text":"arrived unconscious, allergies unknown"}`

func (r *room) story(out io.Writer) error {
	ada := client{r.server.URL, "ada", 0}
	tell := func(what, answer string) { fmt.Fprintf(out, "  %-24s %s\n", what, answer) }
	fmt.Fprintln(out, "Ada treats her own patient, and another one:")
	tell("p-1 for TREAT", ada.do("GET", "/patients/p-1", "TREAT", ""))
	tell("p-2 for TREAT", ada.do("GET", "/patients/p-2", "TREAT", ""))
	fmt.Fprintln(out, "That it is an emergency is no reason by itself, nor is the purpose:")
	tell("p-2 for ETREAT", ada.do("GET", "/patients/p-2", "ETREAT", ""))
	tell("p-2 for BTG", ada.do("GET", "/patients/p-2", "BTG", ""))

	fmt.Fprintln(out, "She breaks the glass. Not like this:")
	stale := client{ada.url, "ada", time.Hour}
	tell("signed in an hour ago", stale.do("POST", "/patients/p-2/glass", "", reason))
	tell("out of curiosity", ada.do("POST", "/patients/p-2/glass", "", `{"code":"curious","text":"I would like to know"}`))
	tell("with one word", ada.do("POST", "/patients/p-2/glass", "", `{"code":"unconscious","text":"emergency"}`))
	fmt.Fprintln(out, "But like this, for that patient and no other:")
	tell("with a reason", short(ada.do("POST", "/patients/p-2/glass", "", reason)))
	tell("p-2 for BTG", ada.do("GET", "/patients/p-2", "BTG", ""))
	tell("p-3 for BTG", ada.do("GET", "/patients/p-3", "BTG", ""))

	glass := r.registry.Glasses("", nil)[0].ID
	fmt.Fprintln(out, "Two that wait for their review block the third:")
	tell("p-4", short(ada.do("POST", "/patients/p-4/glass", "", reason)))
	tell("p-5", ada.do("POST", "/patients/p-5/glass", "", reason))
	fmt.Fprintln(out, "She ends the first one early, and may not review it; the privacy officer may:")
	const justified = `{"account":"ada","verdict":"justified","reason":"the record shows the emergency"}`
	officer := client{ada.url, "officer", 0}
	tell("ada ends it", ada.do("DELETE", "/glasses/"+glass, "", ""))
	tell("p-2 for BTG", ada.do("GET", "/patients/p-2", "BTG", ""))
	tell("ada reviews", ada.do("POST", "/glasses/"+glass+"/review", "", justified))
	tell("the officer reviews", officer.do("POST", "/glasses/"+glass+"/review", "", justified))
	tell("p-5", short(ada.do("POST", "/patients/p-5/glass", "", reason)))
	fmt.Fprintln(out, "What the audit log has of broken glass, in order:")
	for _, line := range r.log.breakGlass() {
		fmt.Fprintf(out, "  %s\n", line)
	}
	return nil
}

// hire opens the accounts, and gives ada and the officer their roles: one
// person asks, another approves.
func (r *room) hire(ctx context.Context) error {
	for _, id := range []string{"ada", "chief", "officer"} {
		if err := r.registry.Open(ctx, workforce.Opening{Account: id}, act("chief")); err != nil {
			return err
		}
	}
	return errors.Join(r.grant(ctx, "ada", "clinician", "officer"), r.grant(ctx, "officer", "officer", "ada"))
}

func (r *room) grant(ctx context.Context, account, role, approver string) error {
	grant, err := r.registry.Request(ctx, workforce.GrantRequest{Account: account, Role: role, Act: act("chief")})
	if err != nil {
		return err
	}
	return r.registry.Approve(ctx, "", account, grant, act(approver))
}

func act(id string) workforce.Act {
	by := safeguard.Principal{ID: id, Kind: safeguard.Person, Method: "example"}
	return workforce.Act{By: by, Reason: "staff of the emergency room", Ticket: "HR-7"}
}
