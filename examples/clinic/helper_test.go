package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// TestMain runs the program itself where a test has started this binary for
// that.
func TestMain(m *testing.M) {
	if os.Getenv("CLINIC_TEST_RUN_MAIN") != "" {
		main()
		return
	}
	code := m.Run()
	stopServer()
	os.Exit(code)
}

// cheap makes password hashing fast enough for many sign-ins.
const cheap = 1000

// plantedNote is a note that must be found nowhere in the clear.
const plantedNote = "Walked in unaided, asks about Quorvexil trial"

// A service is a running clinic under test.
type service struct {
	*clinic
	t         *testing.T
	dir, url  string
	db        *sql.DB
	passwords map[string]string
	closed    bool
}

// startAt starts a clinic over the database at address, SQLite if empty. When
// the test ends, its ledger must verify and hold nothing of any patient.
func startAt(t *testing.T, address string, o options) *service {
	t.Helper()
	return startIn(t, address, t.TempDir(), o)
}

// startIn starts a clinic with its keys and ledger in dir.
func startIn(t *testing.T, address, dir string, o options) *service {
	t.Helper()
	s := openAt(t, address, dir, o)
	server := httptest.NewServer(s.handler)
	s.url = server.URL
	t.Cleanup(func() {
		server.Close()
		s.close()
	})
	return s
}

// openAt composes a clinic without a server. It must be closed.
func openAt(t *testing.T, address, dir string, o options) *service {
	t.Helper()
	o.cost = cheap
	ctx := context.Background()
	v, err := openVault(ctx, dir)
	require.NoError(t, err)
	db, err := openDatabase(ctx, address, dir)
	require.NoError(t, err)
	c, err := compose(ctx, db, v, o)
	require.NoError(t, err)
	s := &service{clinic: c, t: t, dir: dir, db: db, passwords: map[string]string{}}
	logins, err := c.populate(ctx, false)
	require.NoError(t, err)
	for _, l := range logins {
		s.passwords[l.name] = l.password
	}
	return s
}

func (s *service) close() {
	if s.closed {
		return
	}
	s.closed = true
	require.NoError(s.t, s.clinic.Close(context.Background()))
	require.NoError(s.t, s.db.Close())
	verdict, err := ledger.Verify(context.Background(), filepath.Join(s.dir, "ledger"), s.ledger.VerifierKey(), nil)
	require.NoError(s.t, err)
	require.True(s.t, verdict.OK, "%v", verdict)
	require.Zero(s.t, verdict.Unsigned)
	all := readFiles(s.t, filepath.Join(s.dir, "ledger"))
	require.Contains(s.t, string(all), "io.github.safeguard-sdk.audit.phi.read.v1")
	requireNothingPlanted(s.t, all)
}

// planted returns values of the synthetic patients that are unique and at
// least eight characters long.
func planted(t *testing.T) []string {
	t.Helper()
	var charts []chart
	require.NoError(t, json.Unmarshal(demoJSON, &charts))
	require.NotEmpty(t, charts)
	values := []string{plantedNote}
	for _, c := range charts {
		values = append(values, c.Name, c.BirthDate, c.MRN, c.Phone, c.Address.Line, c.Coverage.MemberID)
		values = append(values, c.Medications...)
		for _, p := range c.Problems {
			values = append(values, p.Description)
		}
	}
	for _, v := range values {
		require.GreaterOrEqual(t, len(v), 8, v)
	}
	return values
}

func requireNothingPlanted(t *testing.T, data []byte) {
	t.Helper()
	for _, v := range planted(t) {
		require.False(t, bytes.Contains(data, []byte(v)), "a planted value is in the clear")
	}
}

// readFiles returns the content of every file below dir.
func readFiles(t *testing.T, dir string) []byte {
	t.Helper()
	var all []byte
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all = append(all, b...)
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all
}

// records returns the ledger's records that contain all of parts.
func (s *service) records(parts ...string) []string {
	s.t.Helper()
	var found []string
	for r, err := range s.ledger.Records(context.Background(), 0) {
		require.NoError(s.t, err)
		has := true
		for _, p := range parts {
			has = has && bytes.Contains(r.Data, []byte(p))
		}
		if has {
			found = append(found, string(r.Data))
		}
	}
	return found
}

// A person is somebody with a session, or without one.
type person struct {
	s       *service
	cookie  string
	purpose string // of the API
}

// signIn signs a member of the staff in with the password that was made.
func (s *service) signIn(name, purpose string) *person {
	s.t.Helper()
	r := s.nobody().do("POST", "/signin", url.Values{"name": {name}, "password": {s.passwords[name]}})
	require.Equal(s.t, http.StatusSeeOther, r.status, r.body)
	require.Equal(s.t, "/", r.header.Get("Location"))
	cookie, _, ok := strings.Cut(r.header.Get("Set-Cookie"), ";")
	require.True(s.t, ok)
	return &person{s: s, cookie: cookie, purpose: purpose}
}

func (s *service) nobody() *person { return &person{s: s} }

// A reply is an answer, read whole.
type reply struct {
	status int
	header http.Header
	body   string
}

// do sends a request; a body is a form (url.Values) or JSON text (string).
// Every pair of headers is a name and a value.
func (p *person) do(method, path string, body any, headers ...string) reply {
	p.s.t.Helper()
	var in io.Reader
	kind := ""
	switch body := body.(type) {
	case url.Values:
		in, kind = strings.NewReader(body.Encode()), "application/x-www-form-urlencoded"
	case string:
		in, kind = strings.NewReader(body), "application/json"
	}
	r, err := http.NewRequest(method, p.s.url+path, in)
	require.NoError(p.s.t, err)
	for name, value := range map[string]string{"Content-Type": kind, "Cookie": p.cookie, "Purpose-Of-Use": p.purpose} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	require.NoError(p.s.t, err)
	defer answer.Body.Close() //nolint:errcheck // read whole
	b, err := io.ReadAll(answer.Body)
	require.NoError(p.s.t, err)
	return reply{answer.StatusCode, answer.Header, string(b)}
}

func (p *person) get(path string) reply { p.s.t.Helper(); return p.do("GET", path, nil) }

func (p *person) page(path string) reply {
	p.s.t.Helper()
	return p.do("GET", path, nil, "Accept", "text/html")
}

// list returns the patients that p may find.
func (p *person) list(query string) []chart {
	p.s.t.Helper()
	r := p.get("/api/patients" + query)
	require.Equal(p.s.t, http.StatusOK, r.status, r.body)
	var charts []chart
	require.NoError(p.s.t, json.Unmarshal([]byte(r.body), &charts))
	return charts
}

// find returns the id of the patient with that name.
func (p *person) find(name string) string {
	p.s.t.Helper()
	for _, c := range p.list("?limit=50") {
		if c.Name == name {
			return c.ID
		}
	}
	require.FailNow(p.s.t, "no such patient")
	return ""
}

// required says whether what a test needs must be there.
func required() bool { return os.Getenv("SAFEGUARD_REQUIRE_SERVICES") == "1" }

// lacking skips a test for want of something, or fails it where everything is
// required.
func lacking(t *testing.T, why string, err error) {
	t.Helper()
	if required() {
		require.FailNow(t, why, "%v", err)
	}
	t.Skipf("%s: %v", why, errors.Join(err))
}
