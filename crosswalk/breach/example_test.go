package breach_test

import (
	"fmt"

	"github.com/safeguard-sdk/safeguard/crosswalk/breach"
)

// A practice finds on January 20 that an export with 501 charts was taken. It
// has not assessed anything yet, so a breach is presumed.
//
// Controls: HIPAA 164.404(a)(1), 164.406, 164.408(b).
func Example() {
	file, err := breach.Parse([]byte(`{
		"id": "INC-1", "entity": "Example Clinic", "role": "covered entity",
		"occurred": {"first": "2026-01-10"},
		"discovery": {"known": "2026-01-20", "by": "night nurse"},
		"holdings": [{"name": "chart export", "form": "in clear"}],
		"estimate": {"individuals": 501, "residents": {"OH": 501}, "basis": "rows of the export"}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	today, _ := breach.ParseDate("2026-02-01")
	report, err := file.Report(today)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Verdict)
	for _, d := range report.Deadlines {
		fmt.Println(d.Audience, d.Jurisdiction, "by", d.Due, d.State, d.DaysLeft)
	}
	fmt.Println(len(report.Gaps), "gaps, first:", report.Gaps[0].Text)
	// Output:
	// breach of unsecured PHI
	// individuals  by 2026-03-21 pending 48
	// media OH by 2026-03-21 pending 48
	// secretary  by 2026-03-21 pending 48
	// 4 gaps, first: what happened is not recorded
}
