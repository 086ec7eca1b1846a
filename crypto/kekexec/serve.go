package kekexec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// Serve is the program's side: it reads one request from in, up to its end,
// asks kek and writes the answer to out. The error, which a main writes to
// standard error before it exits with another code than 0, is what kek
// returned, or what was wrong with the request, in or out. A request that
// cannot be served is answered too.
//
// An error with a method Temporary() bool that returns true, as those of the
// network have, or one of a context is answered as "unavailable"; every other
// as "refused", since an unknown error is a denial.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func Serve(ctx context.Context, kek crypto.KEK, in io.Reader, out io.Writer) error {
	b, err := io.ReadAll(io.LimitReader(in, maxMessage+1))
	defer clear(b)
	if err != nil {
		return fmt.Errorf("kekexec: serve: read: %w", err)
	}
	a, failed := handle(ctx, kek, b)
	defer clear(a.Data)
	text, err := json.Marshal(a)
	defer clear(text)
	if err == nil {
		_, err = out.Write(append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("kekexec: serve: write: %w", err)
	}
	return failed
}

// handle returns the answer to a request, and the error that it tells.
func handle(ctx context.Context, kek crypto.KEK, b []byte) (answer, error) {
	var r request
	if parse(b, &r) != nil || len(r.Data) > maxCiphertext || len(r.AssociatedData) > MaxData {
		return answer{Error: codeRefused}, fmt.Errorf("kekexec: serve: %w", errMessage)
	}
	defer clear(r.Data)
	var data []byte
	var err error
	switch r.Op {
	case opEncrypt:
		data, err = kek.EncryptWithContext(ctx, r.Data, r.AssociatedData)
	case opDecrypt:
		data, err = kek.DecryptWithContext(ctx, r.Data, r.AssociatedData)
	case opLocation:
		return answer{Location: locationOf(kek)}, nil
	default:
		return answer{Error: codeRefused}, errors.New("kekexec: serve: no such operation")
	}
	if err != nil {
		return answer{Error: codeOf(err)}, err
	}
	if data == nil {
		data = []byte{} // which is an answer
	}
	return answer{Data: data}, nil
}

func locationOf(kek crypto.KEK) string {
	if l, ok := kek.(crypto.Located); ok {
		return l.KeyLocation().String()
	}
	return crypto.LocationUnknown.String()
}

func codeOf(err error) string {
	var t interface{ Temporary() bool }
	temporary := errors.As(err, &t) && t.Temporary()
	if temporary || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return codeUnavailable
	}
	return codeRefused
}
