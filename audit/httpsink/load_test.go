package httpsink_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/safeguard-sdk/safeguard/audit/httpsink"
)

// soak returns the full count under SAFEGUARD_SOAK=1, else the sample.
func soak(sample, full int) int {
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		return full
	}
	return sample
}

// A receiver that refuses, dies before it stores and dies after it has stored,
// at any request, loses nothing, and sees everything in order.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestUnderLoad(t *testing.T) {
	total := soak(2_000, 100_000)
	sink, c, _ := open(t, func(o *httpsink.Options) { o.TLS.NextProtos = []string{"http/1.1"} })
	var mu sync.Mutex
	rnd, faults := rand.New(rand.NewPCG(7, 8)), 0
	c.answer(func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		fault := rnd.IntN(8)
		if fault < 3 {
			faults++
		}
		mu.Unlock()
		switch fault {
		case 0:
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		case 1:
			body, _ := io.ReadAll(r.Body) // it has stored, and dies before it answers
			r.Body = io.NopCloser(bytes.NewReader(body))
			_ = c.store(r)
			cut(w)
			return true
		case 2:
			cut(w)
			return true
		}
		return false
	})
	var failed int
	for next := 0; next < total; {
		mu.Lock()
		n := min(1+rnd.IntN(50), total-next)
		mu.Unlock()
		if sink.Deliver(t.Context(), recordsFrom(next, n)...) == nil {
			next += n
			continue
		}
		failed++
		require.Less(t, failed, total)
	}
	require.Equal(t, records(total), c.read())
	t.Logf("soak: httpsink: %d records, %d faults, %d deliveries failed: 0 lost, 0 doubled at the consumer", total, faults, failed)
}

func cut(w http.ResponseWriter) {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		_ = conn.Close()
	}
}

func recordsFrom(from, n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = fmt.Appendf(nil, `{"specversion":"1.0","id":"%d","source":"urn:clinic:charts","type":"t","data":{"n":%d}}`, from+i, from+i)
	}
	return out
}

// Identifiers that should never have come into a record come out of no error
// and no report.
//
// Controls: HIPAA 164.312(b), 164.502(b)(1); NIST CSF 2.0 PR.PS-04.
func TestPlanted(t *testing.T) {
	canaries := audittest.Canaries(11, soak(300, 10_000))
	sink, c, _ := open(t, nil)
	statuses := []int{400, 404, 413, 503, 302, 700}
	var at int
	c.answer(func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Location", "https://"+r.Host+"/"+r.Header.Get("Content-Type"))
		w.WriteHeader(statuses[at%len(statuses)])
		_, _ = io.Copy(w, r.Body)
		return true
	})
	var said bytes.Buffer
	for i, canary := range canaries {
		at = i
		for _, record := range []string{canary, `{"id":` + canary + `}`, `{"id":"1","source":"s","data":"` + canary + `"}`} {
			err := sink.Deliver(t.Context(), []byte(record))
			require.Error(t, err)
			fmt.Fprintf(&said, "%v %+v %#v\n", err, err, err)
		}
	}
	o, err := sink.Report(t.Context())
	require.NoError(t, err)
	fmt.Fprint(&said, o)
	audittest.Leaks(t, "errors and reports", said.Bytes(), canaries)
}

// BenchmarkDeliver sends batches of 256 records to a receiver on this machine.
func BenchmarkDeliver(b *testing.B) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	sink, err := httpsink.New(server.URL, &httpsink.Options{TLS: server.Client().Transport.(*http.Transport).TLSClientConfig})
	require.NoError(b, err)
	batch := records(256)
	for b.Loop() {
		if err := sink.Deliver(b.Context(), batch...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*256/b.Elapsed().Seconds(), "records/s")
}
