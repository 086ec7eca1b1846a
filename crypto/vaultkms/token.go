package vaultkms

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// TokenFile returns what reads the token from a file for each operation, such
// as the sink file of a Vault agent, which renews it. Space around the token
// is cut.
//
// Controls: HIPAA 164.312(a)(1), 164.312(d); NIST CSF 2.0 PR.AA-05, PR.AA-03.
func TokenFile(path string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) {
		f, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("vaultkms: token: %w", err)
		}
		defer f.Close()
		content, err := io.ReadAll(io.LimitReader(f, 8<<10+1))
		if err != nil {
			return "", fmt.Errorf("vaultkms: token: %w", err)
		}
		if len(content) > 8<<10 {
			return "", errors.New("vaultkms: token: the file is too long")
		}
		return strings.TrimSpace(string(content)), nil
	}
}
