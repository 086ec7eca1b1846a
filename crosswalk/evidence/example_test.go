package evidence_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk/evidence"
)

// A pack from what a running service reports and a person states: built,
// signed, written, and verified without a network.
func Example() {
	in, err := evidence.Parse([]byte(`{
	  "organisation": "North Clinic", "service": "charts", "collector": "Ada Osei, compliance",
	  "period": {"from": "2026-01-01", "to": "2026-12-31"}, "made": "2027-01-15",
	  "entries": [{"requests": [11], "none": true, "statement": "No sanction was due in 2026.", "by": "B. Lind", "stated": "2027-01-10"}]
	}`))
	if err != nil {
		log.Fatal(err)
	}
	in.Observations = []safeguard.Observation{{
		Component: "session", Controls: []safeguard.Control{safeguard.AutomaticLogoff},
		Statement: "Sessions end after the idle limit without activity.", Settings: map[string]string{"idle": "15m0s"},
	}}
	pack, err := evidence.Build(in)
	if err != nil {
		log.Fatal(err)
	}
	parent, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(parent)
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize)) // for the example only
	dir := filepath.Join(parent, "pack")
	if err := pack.WriteDir(dir, key); err != nil {
		log.Fatal(err)
	}

	verified, err := evidence.Verify(os.DirFS(dir), key.Public().(ed25519.PublicKey))
	if err != nil {
		log.Fatal(err)
	}
	s := verified.Summary
	fmt.Println("requests answered with substance:", s.Substantive(), "of", s.Requests)
	fmt.Println("records:", s.FromLog, "reported:", s.SelfReported, "entered:", s.Entered, "none:", s.Nothing)
	for _, n := range []int{11, 121, 132, 133} {
		a := verified.Artefacts[n-1]
		fmt.Println(a.Number, a.Title+":", a.Status)
	}
	// Output:
	// requests answered with substance: 2 of 175
	// records: 0 reported: 2 entered: 0 none: 1
	// 11 Sanctions: none
	// 121 Privileged users: not available
	// 132 Automatic logoff policy: template
	// 133 Automatic logoff settings: reported
}

func ExampleRequest() {
	r, _ := evidence.GetRequest(121)
	fmt.Println(r.Section, r.Kind, r.Title())
	fmt.Println(r.File(evidence.HTML))
	for _, name := range r.Answers() {
		s, _ := evidence.GetSchema(name)
		fmt.Println(s.Name, s.Filler, s.Columns)
	}
	// Output:
	// 164.312(a)(1) list Privileged users
	// requests/121-164.312-a-1-privileged-users.html
	// access.accounts component [Account Class Roles Approved by Approved Last used]
}
