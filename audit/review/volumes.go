package review

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
)

// NewBulk returns the rule "bulk": somebody touches the records of unusually
// many different patients. Denied accesses count too, and so do explained ones:
// a care team explains a record, not all of them. The defaults are a window of
// 24 hours, Limit 400, Least 60, Factor 4. It returns [ErrOptions].
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03, DE.CM-03.
func NewBulk(opts *VolumeOptions) (*Volume, error) {
	d := VolumeOptions{Window: 24 * time.Hour, Limit: 400, Least: 60, Factor: 4}
	return newVolume("bulk", opts, d, func(f *Fact) (Actor, bool) {
		return f.Actor, f.IsAccess && len(f.Patients) > 0 && f.Actor.ID != "" && f.OnBehalfOf == ""
	})
}

// NewExports returns the rule "exports": unusually many patients in exports,
// prints and disclosures of one account. An export that names no patient counts
// as one. The defaults are a window of 24 hours, Limit 100, Least 10, Factor 4.
// It returns [ErrOptions].
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03, DE.CM-03.
func NewExports(opts *VolumeOptions) (*Volume, error) {
	d := VolumeOptions{Window: 24 * time.Hour, Limit: 100, Least: 10, Factor: 4}
	return newVolume("exports", opts, d, func(f *Fact) (Actor, bool) {
		switch f.Type {
		case audit.TypeExported, audit.TypePrinted, audit.TypeDisclosed:
			return f.Actor, f.Actor.ID != ""
		}
		return Actor{}, false
	})
}

// NewFanOut returns the rule "fan-out": an agent or another service touches
// many patients on behalf of one person. The pair of both is counted. The
// defaults are a window of 2 hours, Limit 40, Least 10, Factor 4. It returns
// [ErrOptions].
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03, DE.CM-03.
func NewFanOut(opts *VolumeOptions) (*Volume, error) {
	d := VolumeOptions{Window: 2 * time.Hour, Limit: 40, Least: 10, Factor: 4}
	return newVolume("fan-out", opts, d, func(f *Fact) (Actor, bool) {
		if f.OnBehalfOf == "" || len(f.Patients) == 0 || !f.IsAccess && f.Type != audit.TypeToolCalled {
			return Actor{}, false
		}
		key := f.Actor
		key.ID += "\x00" + f.OnBehalfOf
		return key, true
	})
}

// A Probing is the rule "probing": an account, or an address of nobody, is
// refused or finds nothing for many different patients. A success in between
// resets nothing. A request that names no patient counts as one of its own.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.308(a)(5)(ii)(C); NIST CSF 2.0 DE.AE-03, DE.CM-03.
type Probing struct {
	volume *Volume
	recent recent
}

// NewProbing returns a Probing. The defaults are a window of an hour, Limit 12,
// Least 12, and no use of what is usual. It returns [ErrOptions].
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.308(a)(5)(ii)(C); NIST CSF 2.0 DE.AE-03, DE.CM-03.
func NewProbing(opts *VolumeOptions) (*Probing, error) {
	d := VolumeOptions{Window: time.Hour, Limit: 12, Least: 12, Factor: 1}
	v, err := newVolume("probing", opts, d, nil)
	if err != nil {
		return nil, err
	}
	return &Probing{volume: v, recent: recent{find: map[string]int{}}}, nil
}

// Name implements [Rule].
func (*Probing) Name() string { return "probing" }

// Observe implements [Rule].
func (p *Probing) Observe(ctx context.Context, f *Fact, raise func(Alert)) {
	switch {
	case f.IsAccess && f.Actor.ID != "" && f.Denied():
		p.volume.count(ctx, f, f.Actor, f.Patients, raise)
	case f.IsAccess && f.Actor.ID != "" && len(f.Patients) <= 1 && len(f.Access.Fields)+len(f.Access.Opened) == 0:
		p.recent.put(f)
	case f.Type == audit.TypeEnded && f.Status == 404:
		if r, ok := p.recent.take(f.Entry); ok {
			f.Actor = r.Actor
			p.volume.count(ctx, f, r.Actor, r.Patients, raise)
			f.Actor = Actor{}
		}
	}
}

// recent remembers the last requests that named one patient or none and showed
// no field, for those whose end says that nothing was found.
type recent struct {
	ring [1024]request
	next int
	find map[string]int
}

type request struct {
	Entry    string   `json:"entry"`
	Actor    Actor    `json:"actor"`
	Patients []string `json:"patients,omitempty"`
}

func (r *recent) put(f *Fact) {
	if _, ok := r.find[f.Entry]; ok || f.Entry == "" {
		return
	}
	delete(r.find, r.ring[r.next].Entry)
	r.ring[r.next] = request{f.Entry, f.Actor, append([]string(nil), f.Patients...)}
	r.find[f.Entry] = r.next
	r.next = (r.next + 1) % len(r.ring)
}

func (r *recent) take(entry string) (request, bool) {
	i, ok := r.find[entry]
	if !ok {
		return request{}, false
	}
	delete(r.find, entry)
	out := r.ring[i]
	r.ring[i] = request{}
	return out, true
}

type probingState struct {
	Volume volumeState `json:"volume"`
	Recent []request   `json:"recent"`
}

// Save implements [Stateful].
func (p *Probing) Save() ([]byte, error) {
	s := probingState{Volume: p.volume.state(), Recent: []request{}}
	for i := range p.recent.ring {
		r := p.recent.ring[(p.recent.next+i)%len(p.recent.ring)]
		if r.Entry != "" {
			s.Recent = append(s.Recent, r)
		}
	}
	return json.Marshal(s)
}

// Restore implements [Stateful].
func (p *Probing) Restore(state []byte) error {
	var s probingState
	if err := strict(state, &s); err != nil {
		return err
	}
	if len(s.Recent) > len(p.recent.ring) {
		return fmt.Errorf("%w: too many requests", ErrState)
	}
	for _, r := range s.Recent {
		if _, twice := p.recent.find[r.Entry]; twice || r.Entry == "" || r.Actor.ID == "" || len(r.Patients) > 1 {
			return fmt.Errorf("%w: a request that cannot be", ErrState)
		}
		p.recent.put(&Fact{Entry: r.Entry, Actor: r.Actor, Patients: r.Patients})
	}
	return p.volume.restore(s.Volume)
}
