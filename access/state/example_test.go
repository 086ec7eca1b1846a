package state_test

import (
	"fmt"

	"github.com/safeguard-sdk/safeguard/access/state"
)

// What is no fact is refused before it is kept anywhere.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func ExampleCheck() {
	fmt.Println(state.Check(state.Fact{Kind: "account.opened", Body: []byte(`{}`)}))
	fmt.Println(state.Check(state.Fact{Kind: "account.opened", Body: []byte(`{`)}))
	// Output:
	// <nil>
	// state: not a fact: its body
}
