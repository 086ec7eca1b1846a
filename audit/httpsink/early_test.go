package httpsink_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/httpsink"
	"github.com/safeguard-sdk/safeguard/audit/relay"
)

// A receiver that says yes before it has the whole batch, or that says that a
// part may have failed, has accepted nothing. Both may be mended: the records
// come again.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestHalfAccepted(t *testing.T) {
	sink, c, _ := open(t, func(o *httpsink.Options) { o.BatchBytes = 64 << 20 })
	long := []byte(`{"specversion":"1.0","id":"1","source":"urn:a","type":"t","data":"` + strings.Repeat("x", 8<<20) + `"}`)
	c.answer(func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusAccepted); return true })
	err := sink.Deliver(t.Context(), long)
	require.Error(t, err)
	require.False(t, relay.IsPermanent(err))

	c.answer(func(w http.ResponseWriter, r *http.Request) bool {
		require.NoError(t, c.store(r))
		w.WriteHeader(http.StatusMultiStatus)
		return true
	})
	err = sink.Deliver(t.Context(), records(2)...)
	var status *httpsink.StatusError
	require.ErrorAs(t, err, &status)
	require.False(t, relay.IsPermanent(err))

	c.answer(nil)
	require.NoError(t, sink.Deliver(t.Context(), records(2)...))
	require.Len(t, c.read(), 2)
}
