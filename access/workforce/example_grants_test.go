package workforce_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/memstate"
	"github.com/safeguard-sdk/safeguard/access/workforce"
)

const clinic = `{"version":1,"resources":{"Patient":["read"]},
 "emergency":{"roles":["clinician"],"reasons":["unconscious"],"minutes":30,"review_hours":72,"max_unreviewed":1,"step_up_minutes":5,"because":"care cannot wait"},
 "roles":{"clinician":{"allow":[{"id":"R-1","resource":"Patient","actions":["read"],"purposes":["BTG"],"emergency":true,"fields":["Patient.allergies"],"because":"emergencies"}]}}}`

// staff returns a registry in which ada, chief and officer work.
func staff(ctx context.Context) (*workforce.Registry, error) {
	policy, err := access.ParsePolicy([]byte(clinic))
	if err != nil {
		return nil, err
	}
	r, err := workforce.New(memstate.New(), &workforce.Options{
		Emergency: workforce.EmergencyRules{PatientKey: bytes.Repeat([]byte("k"), 32)}, // random in a service
	})
	if err != nil {
		return nil, err
	}
	// The Guard makes its policy known to the Registry, now and after a Reload.
	if _, err := access.New(policy, &access.Options{Roles: r, Emergencies: r}); err != nil {
		return nil, err
	}
	go r.Run(ctx) //nolint:errcheck // ends with the example
	for _, id := range []string{"ada", "chief", "officer"} {
		err = errors.Join(err, r.Open(ctx, workforce.Opening{Account: id}, act("chief")))
	}
	for ctx.Err() == nil {
		if _, waiting := r.Roles(ctx, person("ada")); waiting == nil {
			break
		}
	}
	return r, err
}

func person(id string) safeguard.Principal {
	return safeguard.Principal{ID: id, Kind: safeguard.Person, At: time.Now()}
}

func act(id string) workforce.Act {
	return workforce.Act{By: person(id), Reason: "treats patients", Ticket: "HR-7"}
}

// A role is asked for by one person and approved by another.
func ExampleRegistry_Approve() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, err := staff(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	grant, err := r.Request(ctx, workforce.GrantRequest{Account: "ada", Role: "clinician", Act: act("chief")})
	fmt.Println(err)
	fmt.Println(r.Approve(ctx, "", "ada", grant, act("chief")))
	fmt.Println(r.Approve(ctx, "", "ada", grant, act("officer")))
	fmt.Println(r.Roles(ctx, person("ada")))
	// Output:
	// <nil>
	// workforce: refused: nobody judges what is their own
	// <nil>
	// [clinician] <nil>
}

// The glass is broken for one patient, and reviewed by somebody else before it
// is broken again.
func ExampleRegistry_BreakGlass() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, err := staff(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	role, err := r.Request(ctx, workforce.GrantRequest{Account: "ada", Role: "clinician", Act: act("chief")})
	if err = errors.Join(err, r.Approve(ctx, "", "ada", role, act("officer"))); err != nil {
		fmt.Println(err)
		return
	}
	why := workforce.Reason{Code: "unconscious", Text: "arrived unconscious, allergies unknown"}
	grant, err := r.BreakGlass(ctx, person("ada"), safeguard.NewPatient("p-1"), why)
	fmt.Println(time.Until(grant.Until) > 29*time.Minute, err)
	_, err = r.BreakGlass(ctx, person("ada"), safeguard.NewPatient("p-2"), why)
	fmt.Println(err)
	fmt.Println(r.CloseGlass(ctx, "", "ada", grant.ID, act("ada")))
	review := workforce.GlassReview{Account: "ada", Glass: grant.ID, Verdict: workforce.Justified, Act: act("officer")}
	fmt.Println(r.ReviewGlass(ctx, review))
	_, err = r.BreakGlass(ctx, person("ada"), safeguard.NewPatient("p-2"), why)
	fmt.Println(err)
	// Output:
	// true <nil>
	// workforce: refused: too many break-glass grants wait for their review
	// <nil>
	// <nil>
	// <nil>
}
