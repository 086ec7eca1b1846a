package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/disclosure"
)

// register is what an organisation keeps beside its log: the words for ids and
// codes, and the statements of agencies. It is of one tenant.
type register struct {
	Recipients   map[string]recipient `json:"recipients"`
	Descriptions map[string]string    `json:"descriptions"`
	Purposes     map[string]string    `json:"purposes"`
	Protocols    map[string]protocol  `json:"protocols"`
	People       map[string]person    `json:"people"`
	// Words are by kind and code, such as "resource" and "chart".
	Words map[string]map[string]string `json:"words"`
	// Suspensions apply to whatever patient they name by no more than being in
	// the file that is given.
	Suspensions []suspension `json:"suspensions"`
}

type recipient struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

type person struct {
	Name       string `json:"name"`
	Role       string `json:"role"`
	Department string `json:"department"`
}

type protocol struct {
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Types       string       `json:"types"`
	Sponsor     contactEntry `json:"sponsor"`
	Researcher  contactEntry `json:"researcher"`
}

type contactEntry struct {
	Name      string `json:"name"`
	Address   string `json:"address"`
	Telephone string `json:"telephone"`
}

type suspension struct {
	Recipients []string  `json:"recipients"`
	Official   string    `json:"official"`
	Stated     time.Time `json:"stated"`
	Oral       bool      `json:"oral"`
	Until      time.Time `json:"until"`
}

// parseRegister reads a register, strictly.
func parseRegister(b []byte) (*register, error) {
	r := &register{}
	if err := strictJSON(b, r); err != nil {
		return nil, err
	}
	for id, known := range r.Recipients {
		if id == "" || known.Name == "" {
			return nil, errors.New("recipients: every one has an id and a name")
		}
	}
	for i, s := range r.Suspensions {
		if len(s.Recipients) == 0 || s.Official == "" || s.Stated.IsZero() || !s.Oral && s.Until.IsZero() {
			return nil, fmt.Errorf("suspensions: number %d wants recipients, an official, when it was stated, and until when if it is written", i+1)
		}
	}
	return r, nil
}

// look returns what is known, or disclosure.ErrUnknown.
func look[T any](all map[string]T, code string) (T, error) {
	v, ok := all[code]
	if !ok {
		return v, disclosure.ErrUnknown
	}
	return v, nil
}

// Recipient implements disclosure.Register.
func (r *register) Recipient(_ context.Context, _, id string) (disclosure.Recipient, error) {
	v, err := look(r.Recipients, id)
	return disclosure.Recipient(v), err
}

// Description implements disclosure.Register.
func (r *register) Description(_ context.Context, _, code string) (string, error) {
	return look(r.Descriptions, code)
}

// Purpose implements disclosure.Register.
func (r *register) Purpose(_ context.Context, _, code string) (string, error) {
	return look(r.Purposes, code)
}

// Protocol implements disclosure.Protocols.
func (r *register) Protocol(_ context.Context, _, code string) (disclosure.Protocol, error) {
	p, err := look(r.Protocols, code)
	return disclosure.Protocol{
		Name: p.Name, Description: p.Description, Types: p.Types,
		Sponsor: disclosure.Contact(p.Sponsor), Researcher: disclosure.Contact(p.Researcher),
	}, err
}

// Person implements disclosure.People.
func (r *register) Person(_ context.Context, _, actor string) (disclosure.Person, error) {
	v, err := look(r.People, actor)
	return disclosure.Person(v), err
}

// Word implements disclosure.Words.
func (r *register) Word(_ context.Context, kind, code string) string { return r.Words[kind][code] }

// Suspended are the statements on file, as disclosure.Suspensions.
type suspended struct{ *register }

// Suspensions implements disclosure.Suspensions.
func (s suspended) Suspensions(context.Context, disclosure.Question) ([]disclosure.Suspension, error) {
	var all []disclosure.Suspension
	for _, x := range s.register.Suspensions {
		all = append(all, disclosure.Suspension(x))
	}
	return all, nil
}
