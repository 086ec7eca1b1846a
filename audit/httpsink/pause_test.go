package httpsink

import (
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A trip stands for the network.
type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// When the time that a receiver asked for is over, the next delivery goes out.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestPauseEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New("https://collector.example", nil)
		require.NoError(t, err)
		asked, status := 0, http.StatusTooManyRequests
		s.client.Transport = trip(func(r *http.Request) (*http.Response, error) {
			asked++
			_, err := io.Copy(io.Discard, r.Body)
			require.NoError(t, err)
			return &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {"30"}}, Body: http.NoBody}, nil
		})
		record := []byte(`{"id":"1"}`)
		require.Error(t, s.Deliver(t.Context(), record))
		status = http.StatusAccepted
		time.Sleep(29 * time.Second)
		require.Error(t, s.Deliver(t.Context(), record))
		require.Equal(t, 1, asked)
		time.Sleep(2 * time.Second)
		require.NoError(t, s.Deliver(t.Context(), record))
		require.Equal(t, 2, asked)
	})
}
