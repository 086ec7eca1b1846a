// Command workforce follows the access of a clinic's staff for a year: granted
// by two persons, certified again, listed, and ended by the list of the human
// resources department. It needs no flag and no service, and ends by itself.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/memstate"
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
	policy, err := access.ParsePolicy(policyJSON)
	if err != nil {
		return err
	}
	registry, err := workforce.New(memstate.New(), nil)
	if err != nil {
		return err
	}
	// The Guard of the service. It makes itself known to the registry, which
	// ends what is in flight of a leaver, and grants by the policy in force.
	if _, err := access.New(policy, &access.Options{Roles: registry}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	stopped := make(chan error, 1)
	go func() { stopped <- registry.Run(ctx) }()
	err = errors.Join(grants(ctx, out, registry), recertify(ctx, out, registry), reconcile(ctx, out, registry))
	cancel()
	if ended := <-stopped; !errors.Is(ended, context.Canceled) {
		err = errors.Join(err, ended)
	}
	return err
}

// grants gives roles to the staff.
func grants(ctx context.Context, out io.Writer, r *workforce.Registry) error {
	for _, o := range []workforce.Opening{
		{Account: "chief", Privileged: true}, {Account: "officer"}, {Account: "ada", Manager: "chief"}, {Account: "bo", Manager: "chief"},
		{Account: "cy", Manager: "chief"}, {Account: "export", Kind: workforce.ServiceAccount, Manager: "cy"},
	} {
		if err := r.Open(ctx, o, act("chief", "joins the clinic")); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "Chief asks for roles, and cannot approve them himself; another person does:")
	for _, g := range []struct{ account, role string }{{"ada", "clinician"}, {"bo", "biller"}, {"export", "biller"}} {
		id, err := ask(ctx, r, g.account, g.role)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  %-7s %v\n", g.account, r.Approve(ctx, "", g.account, id, act("chief", "as I asked for")))
		if err := r.Approve(ctx, "", g.account, id, act("officer", "as agreed")); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "He asks for himself, and that Bo, who bills, may approve claims:")
	_, err := ask(ctx, r, "chief", "clinician")
	fmt.Fprintf(out, "  %v\n", err)
	_, err = ask(ctx, r, "bo", "claims-approver")
	fmt.Fprintf(out, "  %v\n\n", err)
	return nil
}

func ask(ctx context.Context, r *workforce.Registry, account, role string) (string, error) {
	return r.Request(ctx, workforce.GrantRequest{Account: account, Role: role, Act: act("chief", "works as one")})
}

// recertify asks whether they still need them.
func recertify(ctx context.Context, out io.Writer, r *workforce.Registry) error {
	campaign, err := r.OpenCampaign(ctx, workforce.CampaignPlan{
		Due: time.Now().AddDate(0, 0, 14), Act: act("officer", "yearly review"),
	})
	if err != nil {
		return err
	}
	for account, keep := range map[string]bool{"ada": true, "bo": false} {
		err := r.Certify(ctx, workforce.Certification{
			Campaign: campaign, Account: account, Grant: r.Grants("", account)[0].ID, Keep: keep, Act: act("chief", "I asked them"),
		})
		if err != nil {
			return err
		}
	}
	report, err := r.Campaign(campaign)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "A year later every grant is asked about. So far:")
	for _, item := range report.Items {
		fmt.Fprintf(out, "  %-7s %-10s %s\n", item.Grant.Account, item.Grant.Role, item.Outcome)
	}
	fmt.Fprintln(out, "What nobody decides on lapses by the clock.")
	return nil
}

// reconcile holds the staff against a list.
func reconcile(ctx context.Context, out io.Writer, r *workforce.Registry) error {
	list, err := workforce.ReadCSV(strings.NewReader("account,status,end\nchief,active,\nofficer,active,\nada,active,\nbo,ended,2026-01-31\ndi,active,\n"))
	if err != nil {
		return err
	}
	result, err := r.Reconcile(ctx, list, workforce.ReconcilePlan{Act: act("officer", "list of the month")})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "\nThe list of human resources differs, and ends whom it does not have:")
	for _, d := range append(append(result.Ended, result.Absent...), result.Others...) {
		fmt.Fprintf(out, "  %-7s %-8s terminated: %t\n", d.Account, d.Why, d.Done)
	}
	fmt.Fprintln(out, "\nSomebody should look at:")
	for _, e := range r.Roster(workforce.RosterPlan{}).Entries {
		fmt.Fprintf(out, "  %-7s %-8s %v\n", e.Account, e.Kind, e.Findings)
	}
	return nil
}

func act(id, reason string) workforce.Act {
	return workforce.Act{By: safeguard.Principal{ID: id, Kind: safeguard.Person, Method: "example"}, Reason: reason, Ticket: "HR-7"}
}
