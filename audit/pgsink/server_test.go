package pgsink_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

var errDamaged = ledger.ErrDamaged

// ids returns the ids of events.
func ids(t testing.TB, records [][]byte) (list []string) {
	t.Helper()
	for _, r := range records {
		e, err := audit.ParseEvent(r)
		require.NoError(t, err)
		list = append(list, e.ID)
	}
	return list
}

// hold keeps inserts into the log waiting until the returned function is called.
func hold(t *testing.T, at string) (free func()) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), at)
	require.NoError(t, err)
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE safeguard_audit_log IN SHARE MODE")
	require.NoError(t, err)
	return func() {
		require.NoError(t, tx.Rollback(context.Background()))
		require.NoError(t, conn.Close(context.Background()))
	}
}

// awaitBlocked waits until an insert waits for hold.
func awaitBlocked(t *testing.T, at string) {
	t.Helper()
	require.Eventually(t, func() bool {
		return value[int64](t, at, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'safeguard_audit_log'::regclass") == 1
	}, time.Minute, 5*time.Millisecond)
}

// A cluster is a PostgreSQL server of one test, which may kill it.
type cluster struct {
	bin, data string
	port      int
	cmd       *exec.Cmd
	ended     chan struct{} // closed when cmd has ended
}

// shared is the server of the tests that kill one; TestMain ends it.
var shared *cluster

// newCluster returns the address of an empty schema on a server that the test
// may kill, if it starts it again.
func newCluster(t *testing.T) (c *cluster, at string) {
	t.Helper()
	if shared == nil {
		shared = makeCluster(t)
	}
	return shared, schemaAt(t, shared.address())
}

// makeCluster makes and starts a server from the installed programs.
func makeCluster(t *testing.T) *cluster {
	t.Helper()
	bin := binaries()
	if bin == "" {
		if os.Getenv("SAFEGUARD_REQUIRE_SERVICES") == "1" {
			t.Fatal("no PostgreSQL programs")
		}
		t.Skip("no PostgreSQL programs")
	}
	data, err := os.MkdirTemp("", "pgsink")
	require.NoError(t, err)
	c := &cluster{bin: bin, data: data, port: freePort(t)}
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		require.NoError(t, err)
		uid, err := strconv.Atoi(u.Uid)
		require.NoError(t, err)
		require.NoError(t, os.Chown(data, uid, -1))
	}
	out, err := c.command("initdb", "-A", "trust", "-U", "postgres", "--no-sync", "-D", data).CombinedOutput()
	require.NoError(t, err, string(out))
	c.start(t)
	return c
}

// binaries returns the directory of the newest server programs.
func binaries() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1])
	}
	path, err := exec.LookPath("postgres")
	if err != nil {
		return ""
	}
	return filepath.Dir(path)
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close() //nolint:errcheck // of a test
	return l.Addr().(*net.TCPAddr).Port
}

// command runs a server program as a user that is not root.
func (c *cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.bin, name), args...)
	cmd.Dir = c.data
	if os.Getuid() == 0 {
		cmd.SysProcAttr = asPostgres()
	}
	return cmd
}

func asPostgres() *syscall.SysProcAttr {
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// start starts the server and waits until it answers. What a killed one has
// left in memory may hold it up for a moment.
func (c *cluster) start(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; {
		c.cmd = c.command("postgres", "-D", c.data, "-p", strconv.Itoa(c.port), "-k", c.data, "-h", "127.0.0.1",
			"-c", "max_connections=30", "-c", "shared_buffers=16MB")
		require.NoError(t, c.cmd.Start())
		c.ended = make(chan struct{})
		go func(cmd *exec.Cmd, ended chan struct{}) {
			cmd.Wait() //nolint:errcheck // it was killed
			close(ended)
		}(c.cmd, c.ended)
		for {
			if ping(c.address()) == nil {
				return
			}
			select {
			case <-c.ended:
			case <-time.After(20 * time.Millisecond):
				if time.Now().Before(deadline) {
					continue
				}
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the server does not start")
		}
	}
}

// stop ends the server with a signal and waits for that.
func (c *cluster) stop(signal syscall.Signal) {
	c.cmd.Process.Signal(signal) //nolint:errcheck // it may have ended
	<-c.ended
}

// end ends the server for good, if there is one.
func (c *cluster) end() {
	if c == nil {
		return
	}
	c.stop(syscall.SIGQUIT)
	os.RemoveAll(c.data) //nolint:errcheck // a temporary directory
}

func (c *cluster) address() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", c.port)
}
