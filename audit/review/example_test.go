package review_test

import (
	"context"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/review"
)

// An account that was closed is used again: one alert a day.
func ExampleEngine_Observe() {
	rule, err := review.NewClosedAccount(roster{"former-nurse": monday}, nil)
	if err != nil {
		panic(err)
	}
	e, err := review.New([]review.Rule{rule}, nil)
	if err != nil {
		panic(err)
	}
	log := &memory{}
	log.access(monday.Add(-time.Hour), "former-nurse", nil, "p1.a")
	log.access(monday.Add(time.Hour), "former-nurse", nil, "p1.b")
	log.access(monday.Add(2*time.Hour), "former-nurse", nil, "p1.c")
	for i, record := range log.records {
		alerts, err := e.Observe(context.Background(), uint64(i), record)
		if err != nil {
			panic(err)
		}
		for _, a := range alerts {
			fmt.Printf("record %d: %s of %s: %s\n", a.Index, a.Rule, a.Actor.ID, a.Reason)
		}
	}
	// Output: record 1: closed-account of former-nurse: closed
}

// A rule of one's own: research staff do not print.
type noPrints struct{}

func (noPrints) Name() string { return "no-prints" }

func (noPrints) Observe(_ context.Context, f *review.Fact, raise func(review.Alert)) {
	if f.Type == audit.TypePrinted && f.Access.Purpose == safeguard.HealthResearch {
		raise(review.Alert{Reason: "printed"})
	}
}

func ExampleRule() {
	e, err := review.New([]review.Rule{noPrints{}}, nil)
	if err != nil {
		panic(err)
	}
	log := &memory{}
	log.access(monday, "fellow", func(e *audit.Event, a *audit.Access) {
		e.Type, a.Purpose = audit.TypePrinted, safeguard.HealthResearch
	}, "p1.a")
	alerts, err := e.Observe(context.Background(), 0, log.records[0])
	fmt.Println(len(alerts), alerts[0].Rule, alerts[0].Actor.ID, err)
	// Output: 1 no-prints fellow <nil>
}
