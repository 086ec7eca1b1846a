package audit_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/stretchr/testify/require"
)

// The address that is recorded, as a token, is that of the connection, or what
// a trusted proxy has put to the right of the header; nothing that a client
// writes changes it.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestClientAddressCannotBeSpoofed(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	const peer, proxy, client, evil = "203.0.113.5:999", "10.0.0.1:999", "198.51.100.7", "192.0.2.66"
	for name, c := range map[string]struct {
		proxies []netip.Prefix
		use     string
		remote  string
		header  http.Header
		want    string
	}{
		"no proxy":               {nil, "", peer, http.Header{"X-Forwarded-For": {evil}}, "203.0.113.5"},
		"untrusted peer":         {proxies, "", peer, http.Header{"X-Forwarded-For": {evil}, "Forwarded": {"for=" + evil}}, "203.0.113.5"},
		"trusted peer":           {proxies, "", proxy, http.Header{"X-Forwarded-For": {client}}, client},
		"client's own words":     {proxies, "", proxy, http.Header{"X-Forwarded-For": {evil + ", 10.9.9.9, " + client}}, client},
		"two proxies":            {proxies, "", proxy, http.Header{"X-Forwarded-For": {evil + "," + client + " , 10.0.0.2"}}, client},
		"two lines":              {proxies, "", proxy, http.Header{"X-Forwarded-For": {evil, client}}, client},
		"only proxies":           {proxies, "", proxy, http.Header{"X-Forwarded-For": {"10.0.0.3, 10.0.0.2"}}, "10.0.0.3"},
		"no header":              {proxies, "", proxy, nil, "10.0.0.1"},
		"other header":           {proxies, "", proxy, http.Header{"Forwarded": {"for=" + evil}, "X-Real-Ip": {evil}}, "10.0.0.1"},
		"empty":                  {proxies, "", proxy, http.Header{"X-Forwarded-For": {""}}, "10.0.0.1"},
		"garbage":                {proxies, "", proxy, http.Header{"X-Forwarded-For": {evil + ", Jane Doe"}}, "10.0.0.1"},
		"garbage left":           {proxies, "", proxy, http.Header{"X-Forwarded-For": {"unknown, " + client}}, client},
		"garbage in the middle":  {proxies, "", proxy, http.Header{"X-Forwarded-For": {evil + ", ;, 10.0.0.2"}}, "10.0.0.2"},
		"port":                   {proxies, "", proxy, http.Header{"X-Forwarded-For": {client + ":4711"}}, client},
		"IPv6":                   {proxies, "", "[fd00::1]:1", http.Header{"X-Forwarded-For": {"[2001:db8::7]:443"}}, "2001:db8::7"},
		"IPv6 zone of the peer":  {nil, "", "[fe80::1%eth0]:1", nil, "fe80::1"},
		"IPv6 zone trusted":      {proxies, "", "[fd00::1%eth0]:1", http.Header{"X-Forwarded-For": {"fe80::2%evil"}}, "fe80::2"},
		"IPv4 in IPv6":           {proxies, "", "[::ffff:10.0.0.1]:1", http.Header{"X-Forwarded-For": {"::ffff:" + client}}, client},
		"IPv4 in IPv6, no proxy": {nil, "", "[::ffff:203.0.113.5]:1", nil, "203.0.113.5"},
		"spelling":               {proxies, "", proxy, http.Header{"X-Forwarded-For": {"2001:DB8:0:0:0:0:0:7"}}, "2001:db8::7"},
		"many hops":              {proxies, "", proxy, http.Header{"X-Forwarded-For": {evil + strings.Repeat(",10.0.0.2", 100_000)}}, "10.0.0.2"},
		"forwarded":              {proxies, "forwarded", proxy, http.Header{"Forwarded": {"for=" + evil + `, For="` + client + `:81";proto=https;by=10.0.0.1`}, "X-Forwarded-For": {evil}}, client},
		"forwarded IPv6":         {proxies, "Forwarded", proxy, http.Header{"Forwarded": {`proto=https; for="[2001:db8::7]:1"`}}, "2001:db8::7"},
		"forwarded hidden":       {proxies, "Forwarded", proxy, http.Header{"Forwarded": {`for=` + evil + `, for=_hidden`}}, "10.0.0.1"},
		"forwarded without for":  {proxies, "Forwarded", proxy, http.Header{"Forwarded": {`proto=https`}}, "10.0.0.1"},
		"no port":                {nil, "", "pipe", nil, "pipe"},
	} {
		t.Run(name, func(t *testing.T) {
			rec, log := recorder(t, &audit.Options{TrustedProxies: c.proxies, ForwardedHeader: c.use})
			req := httptest.NewRequest("GET", "/", nil)
			req.RemoteAddr = c.remote
			for k, v := range c.header {
				req.Header[k] = v
			}
			rec.Handler(signedIn(outputs["write"])).ServeHTTP(httptest.NewRecorder(), req)
			got := audittest.Accesses(t, log.Records())[0].Source
			want, err := tokens(t).Source(t.Context(), c.want)
			require.NoError(t, err)
			require.Equal(t, want, got)
			require.Equal(t, []string{want}, tokens(t).FindSource(c.want))
			require.NotContains(t, string(log.Records()[0]), c.want)
		})
	}
}

func TestProxyOptionsThatCannotServeAreRefused(t *testing.T) {
	for name, o := range map[string]*audit.Options{
		"everything": {TrustedProxies: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}},
		"invalid":    {TrustedProxies: []netip.Prefix{{}}},
		"header":     {ForwardedHeader: "X-Real-IP"},
	} {
		_, err := audit.New(audittest.NewLog(), tokens(t), o)
		require.ErrorIs(t, err, audit.ErrOptions, name)
	}
}
