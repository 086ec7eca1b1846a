package review

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// An Alert is what a rule found: a question for a person, not a verdict. It
// holds tokens, account ids and codes. It is the data of an [audit.TypeAlert]
// record.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.308(a)(6)(ii); NIST CSF 2.0 DE.AE-03.
type Alert struct {
	// ID is the same for the same finding, however often it is found: a
	// consumer that has seen it may drop another one.
	ID string `json:"alert"`
	// Rule is the name of the rule, Reason its code for what it saw.
	Rule   string `json:"rule"`
	Reason string `json:"reason,omitempty"`
	// Index and Event are the record that set it off, At is when it happened.
	Index uint64    `json:"index"`
	Event string    `json:"event"`
	At    time.Time `json:"at"`
	// Actor is who acted, OnBehalfOf the person for whom a service did.
	Actor      Actor  `json:"actor"`
	OnBehalfOf string `json:"onbehalfof,omitempty"`
	// Patients are some of the tokens concerned, at most 8.
	Patients []string `json:"tokens,omitempty"`
	// Count is what was counted, Limit what would have been in order.
	Count uint64 `json:"count,omitempty"`
	Limit uint64 `json:"limit,omitempty"`
	// Key tells findings of one rule apart: the same key is the same finding.
	// It is not written.
	Key string `json:"-"`
}

// maxAlertPatients bounds the tokens of one alert.
const maxAlertPatients = 8

// alertOf returns an Alert about f. key is completed with the actor.
func alertOf(f *Fact, reason, key string) Alert {
	a := Alert{
		Reason: reason, Index: f.Index, Event: f.ID, At: f.Time, Actor: f.Actor, OnBehalfOf: f.OnBehalfOf,
		Key: f.Actor.Tenant + "\x00" + f.Actor.Kind + "\x00" + f.Actor.ID + "\x00" + key,
	}
	a.Patients = append(a.Patients, f.Patients[:min(len(f.Patients), maxAlertPatients)]...)
	return a
}

// identify gives the alert the id that its rule and key determine.
func (a *Alert) identify(log, rule string) {
	h := sha256.New()
	for _, part := range []string{"safeguard alert v1", log, rule, a.Key} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	a.Rule, a.ID = rule, hex.EncodeToString(h.Sum(nil)[:16])
}

// record writes the alert.
func (a Alert) record(ctx context.Context, to audit.Noter) error {
	data, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("review: alert: %w", err)
	}
	_, err = to.Record(ctx, audit.Notice{
		Type: audit.TypeAlert, Subject: "alert/" + a.ID, CausationID: a.Event, Data: data,
		Controls: []safeguard.Control{safeguard.InformationSystemActivityReview},
	})
	if err != nil {
		return fmt.Errorf("review: alert: %w", err)
	}
	return nil
}
