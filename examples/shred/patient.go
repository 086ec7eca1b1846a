package main

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

// hold is litigation: while a case is open, nothing of the patient goes.
func (s *story) hold(ctx context.Context) error {
	s.say("== A legal hold")
	err := s.as(ctx, "counsel", func(ctx context.Context) error { return s.Hold(ctx, tenant, ada, "docket-2026-17") })
	if err != nil {
		return err
	}
	_, err = s.request(ctx, shred.Order{Kind: shred.DestroyPatient, Tenant: tenant, Patient: ada, Reason: "retention.expired"})
	s.say("   To destroy the patient's keys: %v", err)
	_, err = s.two(ctx, shred.Order{Kind: shred.ReleaseHold, Tenant: tenant, Patient: ada, Case: "docket-2026-17", Reason: "case.closed"})
	s.say("   Two people release the case: %v", err)
	return err
}

// two lets one person request an order and another approve it.
func (s *story) two(ctx context.Context, o shred.Order) (*shred.Statement, error) {
	id, err := s.request(ctx, o)
	if err != nil {
		return nil, err
	}
	certificate, err := s.approve(ctx, "ms.ray", id, o)
	if err != nil {
		return nil, err
	}
	return shred.Verify(certificate, s.public)
}

func (s *story) request(ctx context.Context, o shred.Order) (id string, err error) {
	err = s.as(ctx, "dr.lee", func(ctx context.Context) error {
		id, err = s.Request(ctx, o)
		return err
	})
	return id, err
}

func (s *story) approve(ctx context.Context, who, id string, o shred.Order) (c shred.Certificate, err error) {
	err = s.as(ctx, who, func(ctx context.Context) error {
		c, err = s.Approve(ctx, id, o)
		return err
	})
	return c, err
}

// destroy destroys the keys of a patient, in view of another process that has
// them ready.
func (s *story) destroy(ctx context.Context) error {
	s.say("\n== A patient's keys are destroyed")
	if err := s.copyStore(); err != nil { // for the next chapter
		return err
	}
	other, err := s.process(s.patients)
	if err != nil {
		return err
	}
	s.say("   Another process opens the value: %v", s.opens(ctx, other, s.adas, ada))
	order := shred.Order{Kind: shred.DestroyPatient, Tenant: tenant, Patient: ada, Reason: "retention.expired"}
	id, err := s.request(ctx, order)
	if err != nil {
		return err
	}
	for _, who := range []string{"dr.lee", "mx.khan"} {
		_, err := s.approve(ctx, who, id, order)
		s.say("   %s approves: %v", who, err)
	}
	certificate, err := s.approve(ctx, "ms.ray", id, order)
	s.say("   ms.ray approves: %v", err)
	if err != nil {
		return err
	}
	s.say("   This process: %v", s.opens(ctx, s.sealer, s.adas, ada))
	s.say("   The other one, within the bound: %v", until(func() error { return s.opens(ctx, other, s.adas, ada) }))
	s.say("   Another patient: %v", s.opens(ctx, other, s.bobs, bob))
	return s.certificate(certificate)
}

// certificate does what anybody does who has the certificate and the signer's
// public key; the package's documentation has the same for openssl.
func (s *story) certificate(c shred.Certificate) error {
	said, err := shred.Verify(c, s.public)
	if err != nil {
		return err
	}
	s.say("   The certificate: keys %d, requested by %s, approved by %s, forgotten %v later",
		len(said.Keys), said.Requested.ID, said.Approved.ID, said.Forgotten.Sub(said.Done))
	c.Statement = bytes.Replace(c.Statement, []byte("ms.ray"), []byte("dr.who"), 1)
	_, err = shred.Verify(c, s.public)
	s.say("   The same with another name in it: %v", err)
	return nil
}

// until repeats try until it says that the keys are destroyed, for at most 20
// seconds.
func until(try func() error) error {
	for deadline := time.Now().Add(20 * time.Second); ; <-time.After(50 * time.Millisecond) {
		if err := try(); errors.Is(err, crypto.ErrShredded) || time.Now().After(deadline) {
			return err
		}
	}
}
