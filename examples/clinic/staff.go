package main

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// staff is the people who may sign in, and their roles. It implements
// access.RoleSource: a role that is taken away in the database is gone at the
// next decision, and for a request that is under way before its answer leaves.
type staff struct {
	db   *sql.DB
	cost int // iterations of new passwords; 0 means defaultCost
}

// defaultCost is how many iterations of PBKDF2 with HMAC-SHA-256 a password is
// stretched by (NIST SP 800-132; the number follows OWASP).
const defaultCost = 600_000

// maxPassword bounds what is hashed, in bytes.
const maxPassword = 256

// Roles returns the role of p, or none if p is nobody of this clinic.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func (s *staff) Roles(ctx context.Context, p safeguard.Principal) ([]string, error) {
	if p.Tenant != tenant || p.Kind != safeguard.Person {
		return nil, nil
	}
	var role string
	err := s.db.QueryRowContext(ctx, "SELECT role FROM staff WHERE id = $1", p.ID).Scan(&role)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, databaseError("roles", err)
	}
	return []string{role}, nil
}

// verify reports whether password is that of id. It takes as long for an id
// that does not exist. An error means that it could not be found out.
//
// Controls: HIPAA 164.312(d), 164.308(a)(5)(ii)(D); NIST CSF 2.0 PR.AA-03.
func (s *staff) verify(ctx context.Context, id, password string) (bool, error) {
	if len(password) > maxPassword {
		return false, nil
	}
	cost, salt, hash := s.newCost(), make([]byte, 16), make([]byte, sha256.Size)
	err := s.db.QueryRowContext(ctx, "SELECT cost, salt, hash FROM staff WHERE id = $1", id).Scan(&cost, &salt, &hash)
	unknown := errors.Is(err, sql.ErrNoRows)
	if err != nil && !unknown {
		return false, databaseError("verify", err)
	}
	got, err := pbkdf2.Key(sha256.New, password, salt, cost, sha256.Size)
	if err != nil {
		return false, fmt.Errorf("clinic: staff: verify: %w", err)
	}
	same := subtle.ConstantTimeCompare(got, hash) == 1
	return same && !unknown, nil
}

// set adds a member of the staff, or replaces role and password of one.
func (s *staff) set(ctx context.Context, id, role, password string) error {
	salt := make([]byte, 16)
	rand.Read(salt) //nolint:errcheck // never fails
	hash, err := pbkdf2.Key(sha256.New, password, salt, s.newCost(), sha256.Size)
	if err != nil {
		return fmt.Errorf("clinic: staff: set: %w", err)
	}
	_, err = s.db.ExecContext(ctx, `INSERT INTO staff (id, role, cost, salt, hash) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET role = excluded.role, cost = excluded.cost, salt = excluded.salt, hash = excluded.hash`,
		id, role, s.newCost(), salt, hash)
	return databaseError("set staff", err)
}

// empty reports whether there is no staff yet.
func (s *staff) empty(ctx context.Context) (bool, error) {
	var n int
	err := s.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM staff").Scan(&n)
	return n == 0, databaseError("count staff", err)
}

func (s *staff) newCost() int {
	if s.cost == 0 {
		return defaultCost
	}
	return s.cost
}

// newPassword returns 80 random bits as text that can be typed.
func newPassword() string {
	t := strings.ToLower(rand.Text())
	return t[0:4] + "-" + t[4:8] + "-" + t[8:12] + "-" + t[12:16]
}
