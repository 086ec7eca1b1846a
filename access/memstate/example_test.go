package memstate_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/safeguard-sdk/safeguard/access/memstate"
	"github.com/safeguard-sdk/safeguard/access/state"
)

// Of two that decide by the same facts one adds its own; the other must look
// again.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func Example() {
	ctx, s := context.Background(), memstate.New()
	opened := state.Fact{Kind: "account.opened", Subject: "5:mercy/ada", Body: []byte(`{}`)}
	last, err := s.Append(ctx, 0, opened)
	fmt.Println(last, err)
	_, err = s.Append(ctx, 0, opened)
	fmt.Println(errors.Is(err, state.ErrMoved))
	// Output:
	// 1 <nil>
	// true
}
