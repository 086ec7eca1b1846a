package httpsink

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
)

// errEarly is an acceptance of what the receiver cannot have read.
var errEarly = errors.New("httpsink: deliver: the receiver answered before it was sent everything")

// A body counts what is left to send of a request.
type body struct {
	io.ReadCloser
	left *atomic.Int64
}

func (b body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.left.Add(-int64(n))
	return n, err
}

// watch returns how many bytes of the request's body were not taken by the
// connection yet, also when it is sent a second time.
func watch(req *http.Request) *atomic.Int64 {
	left := new(atomic.Int64)
	if req.Body == nil || req.ContentLength <= 0 {
		return left
	}
	left.Store(req.ContentLength)
	req.Body = body{req.Body, left}
	if again := req.GetBody; again != nil {
		req.GetBody = func() (io.ReadCloser, error) {
			b, err := again()
			left.Store(req.ContentLength)
			return body{b, left}, err
		}
	}
	return left
}
