package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() { start(osAccount) }

// start runs the command. who says which account started it.
func start(who func() (account, error)) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process
	code := run(&env{ctx: ctx, in: os.Stdin, out: os.Stdout, errs: os.Stderr, account: who}, os.Args[1:])
	stop()
	os.Exit(code)
}

// cli is the grammar of the command line.
type cli struct {
	Controls controlsCmd `cmd:"" help:"Document which provisions a module's code serves."`
	Catalog  catalogCmd  `cmd:"" help:"Look up or export the rule and its NIST maps."`
	Gap      gapCmd      `cmd:"" help:"Keep a gap assessment and the decisions on addressable specifications."`
	Risk     riskCmd     `cmd:"" help:"Keep a risk register by NIST SP 800-30."`
	Breach   breachCmd   `cmd:"" help:"Assess an incident by the Breach Notification Rule."`
	Oscal    oscalCmd    `cmd:"" help:"Write OSCAL 1.2.2, and check such files."`
	Evidence evidenceCmd `cmd:"" help:"Make and verify the pack that the audit protocol of OCR asks for."`
	Keys     keysCmd     `cmd:"" help:"Make, rotate, back up and destroy keys, and renew what is sealed under them."`
	Policy   policyCmd   `cmd:"" help:"Lint, test, compare and explain access policies, and write them for auditors."`
	Audit    auditCmd    `cmd:"" help:"Verify, prove, search, review, export, prune and anchor the ledgers of a service."`

	Progress string           `enum:"auto,always,never" default:"auto" help:"Say on standard error what is going on: auto (if that is a terminal), always or never."`
	Version  kong.VersionFlag `help:"Print the version and exit."`
}

const description = `HIPAA controls, gaps, risks, breaches and evidence of a service, from its source and its records.

Exit codes: 0 done and in order; 1 done, and something is not in order; 2 an input or the command line was refused; 3 could not be done. With 2 and 3 nothing is written. Nothing that this command writes makes anyone compliant.`

// run is the whole command. It returns the exit code.
func run(e *env, args []string) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("safeguard"), kong.Description(description),
		kong.Vars{"version": version()},
		kong.Writers(e.out, e.errs),
		kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
	if err != nil {
		return fail(e.errs, err)
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help or --version, whatever follows them
		return exited
	}
	if err != nil {
		return fail(e.errs, refused(errors.Join(err, errors.New("safeguard --help lists the commands"))))
	}
	e.progress = showProgress(c.Progress, e.errs)
	if err := parsed.Run(e); err != nil {
		return fail(e.errs, err)
	}
	return 0
}
