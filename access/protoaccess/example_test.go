package protoaccess_test

import (
	"context"
	"fmt"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/protoaccess"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/apipb"
)

// A message loses what the decision does not show. The well-known message Api
// stands for one of a clinic here.
func ExampleProjector_Project() {
	policy, err := access.ParsePolicy([]byte(`{"version":1,"resources":{"Visit":["read"]},
		"roles":{"scheduler":{"allow":[{"id":"S-1","resource":"Visit","actions":["read"],"purposes":["HOPERAT"],
		 "fields":["Visit.name","Visit.methods.name"],"because":"books visits"}]}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{"sam": {"scheduler"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := safeguard.WithPrincipal(context.Background(), safeguard.Principal{ID: "sam", Kind: safeguard.Person})
	decision := guard.Decide(ctx, access.Request{Resource: "Visit", Action: "read", Purpose: safeguard.Operations})

	projector, err := protoaccess.New(&protoaccess.Options{Resources: map[protoreflect.FullName]string{"google.protobuf.Api": "Visit"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	visit := &apipb.Api{Name: "Tuesday", Version: "hidden", Methods: []*apipb.Method{{Name: "X-ray", RequestTypeUrl: "hidden"}}}
	if err := projector.Project(decision, visit); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(visit.Name, visit.Methods[0].Name, proto.Equal(visit, &apipb.Api{Name: "Tuesday", Methods: []*apipb.Method{{Name: "X-ray"}}}))
	// Output: Tuesday X-ray true
}
