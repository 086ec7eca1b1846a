package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

// request enters an order and writes its id.
func (c shredFlags) request(e *env, o shred.Order) error {
	o.Tenant = c.Tenant
	var later shred.Exporter // the approval brings what was handed over
	if o.Kind == shred.DestroyTenant {
		later = handedOver(nil)
	}
	return c.with(e, later, func(a *act, s *shred.Shredder) error {
		order, err := s.Request(a.ctx, o)
		if err != nil {
			return err
		}
		a.note("An order was made.", map[string]string{"kind": string(o.Kind), "tenant": o.Tenant, "order": order})
		e.note("order %s waits for another person: keys shred approve --order %s, with all of it said again", order, order)
		_, err = fmt.Fprintln(e.out, order)
		return err
	})
}

type shredRequest struct {
	shredFlags
	patientFlag
	Reason string `required:"" placeholder:"CODE" help:"A code of your own, such as retention.expired. It stands in the certificate."`
}

// Run orders the destruction of a patient's keys.
func (c *shredRequest) Run(e *env) error {
	p, err := c.patientFlag.read(e)
	if err != nil {
		return err
	}
	return c.request(e, shred.Order{Kind: shred.DestroyPatient, Patient: p, Reason: c.Reason})
}

type shredTenant struct {
	shredFlags
	Reason   string `required:"" placeholder:"CODE" help:"A code of your own, such as contract.ended. It stands in the certificate."`
	NoExport string `placeholder:"CODE" help:"Why the data is not returned first (164.504(e)(2)(ii)(J) asks to return or destroy), such as returned.before. Without it the approval needs --exported."`
}

// Run orders the destruction of a tenant's keys.
func (c *shredTenant) Run(e *env) error {
	return c.request(e, shred.Order{Kind: shred.DestroyTenant, Reason: c.Reason, NoExport: c.NoExport})
}

type shredEpoch struct {
	shredFlags
	Key    uint32 `required:"" placeholder:"ID" help:"The tenant key that is destroyed, with all its copies."`
	Reason string `required:"" placeholder:"CODE" help:"A code of your own, such as epoch.ended."`
}

// Run orders a certificate of the end of an epoch.
func (c *shredEpoch) Run(e *env) error {
	return c.request(e, shred.Order{Kind: shred.EndEpoch, TenantKey: c.Key, Reason: c.Reason})
}

type shredRelease struct {
	shredFlags
	patientFlag
	Case   string `required:"" placeholder:"CASE" help:"The case of the hold."`
	Reason string `required:"" placeholder:"CODE" help:"A code of your own, such as case.closed."`
}

// Run orders the end of a hold.
func (c *shredRelease) Run(e *env) error {
	p, err := c.patientFlag.read(e)
	if err != nil {
		return err
	}
	return c.request(e, shred.Order{Kind: shred.ReleaseHold, Patient: p, Case: c.Case, Reason: c.Reason})
}

type shredHold struct {
	shredFlags
	patientFlag
	Case string `required:"" placeholder:"CASE" help:"A reference such as a docket number, never a name."`
}

// Run places a hold.
func (c *shredHold) Run(e *env) error {
	p, err := c.patientFlag.read(e)
	if err != nil {
		return err
	}
	return c.with(e, nil, func(a *act, s *shred.Shredder) error {
		if err := s.Hold(a.ctx, c.Tenant, p, c.Case); err != nil {
			return err
		}
		a.note("A hold was placed.", map[string]string{"tenant": c.Tenant, "case": c.Case})
		_, err := fmt.Fprintf(e.out, "held for %s\n", c.Case)
		return err
	})
}

// orderFlags say an order again.
type orderFlags struct {
	patientFlag
	Order    string     `required:"" placeholder:"ID" help:"The order."`
	Kind     shred.Kind `enum:"patient,tenant,release,epoch" default:"patient" help:"What was ordered: patient, tenant, release or epoch."`
	Case     string     `placeholder:"CASE" help:"The case, for release."`
	Key      uint32     `placeholder:"ID" help:"The tenant key, for epoch."`
	Reason   string     `required:"" placeholder:"CODE" help:"The reason, as it was ordered."`
	NoExport string     `placeholder:"CODE" help:"Why the data is not returned first, as it was ordered, for tenant."`
}

// order returns what was ordered for a tenant.
func (c orderFlags) order(e *env, tenant string) (shred.Order, error) {
	p, err := c.patientFlag.read(e)
	return shred.Order{
		Kind: c.Kind, Tenant: tenant, Patient: p, Case: c.Case, TenantKey: c.Key, Reason: c.Reason, NoExport: c.NoExport,
	}, err
}

type shredCancel struct {
	shredFlags
	orderFlags
}

// Run takes an order back.
func (c *shredCancel) Run(e *env) error {
	o, err := c.order(e, c.Tenant)
	if err != nil {
		return err
	}
	return c.with(e, nil, func(a *act, s *shred.Shredder) error {
		if err := s.Cancel(a.ctx, c.Order, o); err != nil {
			return err
		}
		a.note("An order was taken back.", map[string]string{"kind": string(o.Kind), "tenant": o.Tenant, "order": c.Order})
		_, err := fmt.Fprintln(e.out, "cancelled")
		return err
	})
}

type shredApprove struct {
	shredFlags
	orderFlags
	Exported string `placeholder:"FILE" help:"What the tenant was given, one record a line, for tenant. Its SHA-256 and count stand in the certificate; that the tenant has it is for you to know."`
	results
}

// Run approves an order and writes its certificate.
func (c *shredApprove) Run(e *env) error {
	o, err := c.order(e, c.Tenant)
	if err != nil {
		return err
	}
	var exporter shred.Exporter
	if c.Exported != "" {
		b, err := e.read(c.Exported)
		if err != nil {
			return err
		}
		exporter = handedOver(b)
	}
	to, err := c.results.open(format{"json", nil})
	if err != nil {
		return err
	}
	defer to.discard()
	return c.with(e, exporter, func(a *act, s *shred.Shredder) error {
		certificate, err := s.Approve(a.ctx, c.Order, o)
		if err != nil {
			return err
		}
		a.note("An order was carried out.", map[string]string{"kind": string(o.Kind), "tenant": o.Tenant, "order": c.Order})
		return to.write(e, format{"json", compact(certificate)})
	})
}

// compact writes a certificate byte for byte as it is signed.
func compact(c shred.Certificate) func(io.Writer) error {
	return func(w io.Writer) error {
		b, err := json.Marshal(c)
		if err == nil {
			_, err = fmt.Fprintf(w, "%s\n", b)
		}
		return err
	}
}

// handedOver is what a tenant was given before its keys are destroyed.
type handedOver []byte

// ExportTenant implements shred.Exporter.
func (h handedOver) ExportTenant(context.Context, string) (shred.Export, error) {
	sum := sha256.Sum256(h)
	return shred.Export{Digest: hex.EncodeToString(sum[:]), Records: int64(bytes.Count(h, []byte{'\n'}))}, nil
}

type shredOutstanding struct {
	Register string `required:"" placeholder:"DIR" help:"The register."`
	Tenant   string `required:"" placeholder:"TENANT" help:"Whose orders."`
	results
}

// Run lists what old backups can open.
func (c *shredOutstanding) Run(e *env) error {
	r, log, err := existingRegister(e.ctx, c.Register)
	if err != nil {
		return err
	}
	defer log.Close()
	orders, err := r.Outstanding(e.ctx, c.Tenant)
	if err != nil {
		return keyFault(err)
	}
	if err := c.write(e, format{"json", indented(orders)}); err != nil {
		return err
	}
	certified, err := r.Certificates(e.ctx, c.Tenant)
	if err != nil {
		return keyFault(err)
	}
	if len(orders)+len(certified) == 0 {
		e.note("the register has nothing of such a tenant: is the name right?")
	}
	if len(orders) > 0 {
		return findings("%d orders wait for the end of an epoch", len(orders))
	}
	return nil
}

type shredVerify struct {
	Certificate string `arg:"" help:"The certificate, - for standard input."`
	Key         string `required:"" placeholder:"FILE" help:"The signer's public key (PEM), from where you keep it."`
	results
}

// Run checks a certificate.
func (c *shredVerify) Run(e *env) error {
	key, err := parse(e, c.Key, publicKey)
	if err != nil {
		return err
	}
	b, err := e.read(c.Certificate)
	if err != nil {
		return err
	}
	certificate, err := shred.ParseCertificate(bytes.TrimRight(b, "\r\n"))
	if err != nil {
		return keyFault(err)
	}
	statement, err := shred.Verify(certificate, key)
	if errors.Is(err, shred.ErrCertificate) {
		return findings("%w", err)
	}
	if err != nil {
		return err
	}
	text := func(w io.Writer) error { _, err := io.WriteString(w, statement.Text()); return err }
	return c.write(e, format{"txt", text}, format{"json", indented(statement)})
}

// existingRegister refuses a directory that is no register: it may be a disk
// that is not mounted, and an empty register says that nothing was destroyed.
func existingRegister(ctx context.Context, dir string) (*shred.Register, *shred.DirLog, error) {
	r, log, err := openRegister(ctx, dir, shred.OpenDirLog)
	return r, log, keyFault(err)
}
