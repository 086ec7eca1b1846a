package coverage_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing/fstest"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

// A module whose one line cites the rule in another tool's spelling.
func ExampleRead() {
	fsys := fstest.MapFS{
		"go.mod": {Data: []byte("module example.org/charts\n")},
		"charts.go": {Data: []byte("// Package charts shows charts.\n//\n// Controls: HIPAA 164.312.b.\n" +
			"package charts\n")},
	}
	_, problems, err := coverage.Read(fsys, nil)
	fmt.Println(err)
	for _, p := range problems {
		fmt.Println(p)
	}
	// Output:
	// <nil>
	// charts.go:3: package: "164.312.b" is not a known provision; did you mean 164.312(b)?
}

// A document with all levels but mapped, which follows from the tables: code
// that is tagged, a test that passed, and what the service says of itself.
func ExampleDocument() {
	tag := coverage.Tag{HIPAA: []safeguard.Control{safeguard.AuditControls}}
	test := coverage.TestID{Package: "example.org/charts", Name: "TestEveryReadIsRecorded"}
	d := coverage.Document{
		Service: "charts",
		Indexes: []*coverage.Index{{
			Module: "example.org/charts",
			APIs:   []coverage.API{{Package: "example.org/charts", Symbol: "Show", Kind: coverage.FuncKind, Tag: tag}},
			Tests:  []coverage.Test{{TestID: test, Tag: tag}},
		}},
		Passed: []coverage.TestID{test},
		Observations: []safeguard.Observation{{
			Component: "audit", Controls: tag.HIPAA, Statement: "Every answer waits for its record.",
		}},
	}
	s, err := d.Summary(crosswalk.SecurityRule)
	fmt.Printf("%+v %v\n", s, err)

	var page bytes.Buffer
	fmt.Println(d.WriteHTML(&page), strings.Contains(page.String(), "alignment does not imply or guarantee compliance"))
	// Output:
	// {Provisions:68 Mapped:68 Tagged:1 Tested:1 Reported:1 Shared:18 SDK:0} <nil>
	// <nil> true
}

// A test that passed and one that did not.
func ExampleReadTestRun() {
	run, err := coverage.ReadTestRun(strings.NewReader(`{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p","Test":"TestB"}
{"Action":"fail","Package":"p"}
`))
	fmt.Println(run.Passed, run.Failed, err)
	// Output:
	// [{p TestA}] [{p TestB}] <nil>
}
