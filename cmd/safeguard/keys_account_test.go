//go:build linux

package main

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Of two accounts of the system each is known as itself, and who called sudo
// as that, unless the kernel knows who signed in.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(d); NIST CSF 2.0 PR.AA-01.
func TestAccounts(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root runs a program as others")
	}
	login, err := os.ReadFile("/proc/self/loginuid")
	if err == nil && strings.TrimSpace(string(login)) != "4294967295" {
		t.Skip("the kernel knows who signed in")
	}
	program, err := exec.LookPath("account-program")
	require.NoError(t, err)
	dir, err := os.MkdirTemp("/tmp", "accounts")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755)) //nolint:gosec // others run it
	b, err := os.ReadFile(program)
	require.NoError(t, err)
	program = filepath.Join(dir, "account-program")
	require.NoError(t, os.WriteFile(program, b, 0o755)) //nolint:gosec // others run it

	as := func(uid int, env ...string) string {
		cmd := exec.CommandContext(t.Context(), program)
		cmd.Dir, cmd.Env = "/", append(env, "GODEBUG="+os.Getenv("GODEBUG"))
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}} //nolint:gosec // small
		out, err := cmd.Output()
		require.NoError(t, err)
		return strings.TrimSpace(string(out))
	}
	for _, uid := range []int{1, 2} {
		u, err := user.LookupId(strconv.Itoa(uid))
		if err != nil {
			t.Skip("the system lacks its usual accounts")
		}
		require.Equal(t, u.Username+" "+byOwn, as(uid))
		require.Equal(t, u.Username+" "+bySudo, as(0, "SUDO_UID="+strconv.Itoa(uid)))
	}
	require.Equal(t, "root "+byOwn, as(0))
	require.Equal(t, "root "+byOwn, as(0, "SUDO_UID=nobody"))
}

// An operators file of another account is refused: it could name anybody.
//
// Controls: HIPAA 164.312(a)(1), 164.312(d); NIST CSF 2.0 PR.AA-05.
func TestOperatorsOfAnother(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root gives a file away")
	}
	path := filepath.Join(t.TempDir(), "operators.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"operators": []}`), 0o600))
	_, err := readOperators(&env{ctx: t.Context()}, path)
	require.NoError(t, err)
	require.NoError(t, os.Chown(path, 1, 1))
	_, err = readOperators(&env{ctx: t.Context()}, path)
	require.ErrorContains(t, err, "others than this account")
}
