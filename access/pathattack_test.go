package access_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// Whatever the path and the method, nothing of the path comes back, no redirect
// repeats it, and what is answered is decided about the patient that the handler
// sees.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestHostilePaths(t *testing.T) {
	s := route(t, readPatient, answerChart)
	for line, status := range map[string]string{
		"GET /patients/1":                                      "200",
		"HEAD /patients/1":                                     "200",
		"GET /patients/1%2F..%2F" + planted:                    "200", // one segment, one reference
		"GET /patients/%00":                                    "200",
		"GET /patients/1/../" + planted:                        "404",
		"GET //patients/" + planted:                            "404",
		"GET /patients/./" + planted:                           "404",
		"GET /patients/" + planted + "/":                       "404",
		"GET /" + planted:                                      "404",
		"POST /patients/" + planted:                            "404",
		"OPTIONS /patients/" + planted:                         "404",
		"TRACE /patients/" + planted:                           "404",
		planted + " /patients/1":                               "404",
		"GET http://" + planted + "/patients/1":                "200",
		"GET /patients/1?x=" + planted:                         "403",
		"GET /patients/" + strings.Repeat("9", 200_000):        "200",
		"GET /patients/" + strings.Repeat("%2e%2e%2f", 10_000): "200",
		"GET *": "404",
	} {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		require.NoError(t, err)
		_, err = io.WriteString(conn, line+" HTTP/1.1\r\nHost: x\r\nUser: sam\r\nPurpose-Of-Use: TREAT\r\nConnection: close\r\n\r\n")
		require.NoError(t, err)
		res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: strings.SplitN(line, " ", 2)[0]})
		name := line[:min(len(line), 60)]
		require.NoError(t, err, name)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, status, res.Status[:3], "%s: %s", name, body)
		require.Empty(t, res.Header.Get("Location"), name)
		require.NotContains(t, string(body), planted, name)
		for _, values := range res.Header {
			require.NotContains(t, strings.Join(values, ""), planted, name)
		}
		if status == "404" {
			require.Contains(t, string(body), access.CodeNoRoute)
		}
		require.NoError(t, conn.Close())
	}
	for _, record := range s.log.Records() {
		require.NotContains(t, string(record), planted)
	}
}
