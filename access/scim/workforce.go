package scim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/workforce"
)

// Workforce returns the Directory of the accounts of persons of one tenant of a
// Registry. The user name is the id of the account; external ids are not kept.
// Service and emergency accounts do not exist for it: no directory ends them. It
// is a [Lister].
//
// A user name in another case finds the account, too; if several differ by case
// alone, only the exact name finds one. A Registry that is not live is an error,
// never an account that does not exist, so that no provider concludes that
// somebody has gone. For user names that are not the ids of accounts implement
// [Directory].
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01, PR.AA-05.
func Workforce(r *workforce.Registry, tenant string) Directory { return staff{r, tenant} }

type staff struct {
	registry *workforce.Registry
	tenant   string
}

// Find looks an account up.
func (s staff) Find(ctx context.Context, key Key, value string) (Account, error) {
	if err := s.live(ctx, value); err != nil {
		return Account{}, err
	}
	if key == ByExternalID {
		return Account{}, ErrNoAccount
	}
	if a, found := s.registry.Account(s.tenant, value); found && a.Kind == workforce.PersonAccount {
		return shown(a), nil
	}
	if key != ByUserName {
		return Account{}, ErrNoAccount
	}
	return s.alike(value)
}

// alike returns the one account whose name differs by case alone.
func (s staff) alike(name string) (found Account, err error) {
	err = ErrNoAccount
	for a := range s.registry.Accounts(s.tenant) {
		if a.Kind != workforce.PersonAccount || !strings.EqualFold(a.ID, name) {
			continue
		}
		if err == nil {
			return Account{}, ErrAmbiguous
		}
		found, err = shown(a), nil
	}
	return found, err
}

// List lists the accounts by their ids, terminated ones among them.
func (s staff) List(ctx context.Context, start, count int) (page []Account, total int, err error) {
	if err := s.live(ctx, "list"); err != nil {
		return nil, 0, err
	}
	var all []Account
	for a := range s.registry.Accounts(s.tenant) {
		if a.Kind == workforce.PersonAccount {
			all = append(all, shown(a))
		}
	}
	slices.SortFunc(all, func(a, b Account) int { return strings.Compare(a.ID, b.ID) })
	from := min(start-1, len(all))
	return all[from:min(from+count, len(all))], len(all), nil
}

// live reports whether the Registry knows the present.
func (s staff) live(ctx context.Context, id string) error {
	_, err := s.registry.Subject(ctx, safeguard.Principal{ID: id, Kind: safeguard.Person, Tenant: s.tenant})
	return err
}

func shown(a workforce.Account) Account {
	return Account{ID: a.ID, UserName: a.ID, Active: a.Status == workforce.Active, Created: a.Opened, Modified: a.Changed}
}

// Terminate terminates an account, everywhere.
func (s staff) Terminate(ctx context.Context, by safeguard.Principal, id string) error {
	if a, found := s.registry.Account(s.tenant, id); found && a.Kind != workforce.PersonAccount {
		return ErrNoAccount
	}
	_, err := s.registry.Terminate(ctx, workforce.Termination{
		Tenant: s.tenant, Account: id, By: by, Reason: "deprovisioned by SCIM",
	})
	switch {
	case errors.Is(err, workforce.ErrAccount):
		return fmt.Errorf("%w: %w", ErrNoAccount, err)
	case errors.Is(err, workforce.ErrRefused):
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}
