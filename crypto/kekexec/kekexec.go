package kekexec

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// Limits of the time that one call takes.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
const (
	DefaultTimeout = 30 * time.Second
	MaxTimeout     = 5 * time.Minute
)

// Options are the settings of a [KEK]. The zero value, and nil, are the
// defaults; a value out of range is an error.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Options struct {
	// Args are the program's arguments, such as the name of a key. Every user
	// of the host can read them: no secret belongs there.
	Args []string
	// Env is the program's environment; nil is this program's own.
	Env []string
	// Timeout bounds one call. 0 is DefaultTimeout; at most MaxTimeout.
	Timeout time.Duration
	// Stderr gets what the program wrote on standard error, when it has ended: at
	// most MaxSaid bytes of a call, only characters that print, and no line that
	// repeats 16 bytes of the request or of the answer, or of the data in them,
	// as they are or in hexadecimal digits. One call writes at a time. nil
	// discards it.
	Stderr io.Writer
}

// A KEK is a key-encryption key that another program holds. It implements
// [crypto.KEK] and [crypto.Located]. It is safe for concurrent use and never
// prints. The zero KEK is not usable.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type KEK struct {
	program  string
	opts     Options
	location crypto.Location
	mu       sync.Mutex // held to write to opts.Stderr
}

// New returns the KEK of the program at the given path, which must be
// absolute, so that neither the search path nor the working directory decides
// what is started. It starts it once, to ask where the key lives.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func New(ctx context.Context, program string, opts *Options) (*KEK, error) {
	if opts == nil {
		opts = &Options{}
	}
	if !filepath.IsAbs(program) {
		return nil, errors.New("kekexec: new: the path of the program must be absolute")
	}
	if opts.Timeout < 0 || opts.Timeout > MaxTimeout {
		return nil, errors.New("kekexec: new: Timeout must be 0 to five minutes")
	}
	k := &KEK{program: program, opts: *opts}
	k.opts.Timeout = cmp.Or(k.opts.Timeout, DefaultTimeout)
	got, err := k.call(ctx, request{Op: opLocation})
	if err != nil {
		return nil, err
	}
	for _, l := range []crypto.Location{crypto.LocationSameHost, crypto.LocationSeparate} {
		if got.Location == l.String() {
			k.location = l
		}
	}
	return k, nil
}

// EncryptWithContext implements [crypto.KEK].
func (k *KEK) EncryptWithContext(ctx context.Context, plaintext, associatedData []byte) ([]byte, error) {
	return k.transform(ctx, request{opEncrypt, plaintext, associatedData}, MaxData)
}

// DecryptWithContext implements [crypto.KEK].
func (k *KEK) DecryptWithContext(ctx context.Context, ciphertext, associatedData []byte) ([]byte, error) {
	return k.transform(ctx, request{opDecrypt, ciphertext, associatedData}, maxCiphertext)
}

// KeyLocation implements [crypto.Located]. It is what the program said.
func (k *KEK) KeyLocation() crypto.Location { return k.location }

// Format writes a redaction under every verb.
func (k *KEK) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[key-encryption key]") }

func (k *KEK) transform(ctx context.Context, r request, most int) ([]byte, error) {
	if len(r.Data) > most || len(r.AssociatedData) > MaxData {
		return nil, &Error{Op: r.Op, Code: "input is too long"}
	}
	got, err := k.call(ctx, r)
	if err != nil {
		return nil, err
	}
	if got.Data == nil || r.Op == opEncrypt && len(got.Data) == 0 {
		return nil, &Error{Op: r.Op, Code: "empty answer", temporary: true}
	}
	return got.Data, nil
}

// call starts the program for one request.
func (k *KEK) call(ctx context.Context, r request) (answer, error) {
	if ctx.Err() != nil {
		return answer{}, &Error{Op: r.Op, temporary: true, err: ctx.Err()}
	}
	ctx, cancel := context.WithTimeout(ctx, k.opts.Timeout)
	defer cancel()
	in, err := json.Marshal(r)
	if err != nil {
		return answer{}, &Error{Op: r.Op, Code: "request"}
	}
	defer clear(in)
	out := &limited{left: maxMessage}
	defer func() { clear(out.b) }()
	var says said
	defer func() { clear(says.b) }()
	cmd := exec.CommandContext(ctx, k.program, k.opts.Args...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = k.opts.Env, bytes.NewReader(in), out, &says
	cmd.WaitDelay = time.Second // for children of it that hold on to its output
	cmd.Cancel = grouped(cmd)
	ended := cmd.Run()
	if errors.Is(ended, exec.ErrWaitDelay) {
		_ = cmd.Cancel() // there are such children
	}
	a, err := read(r.Op, out.b, ended)
	k.tell(&says, in, r.Data, out.b, a.Data)
	if ctx.Err() != nil {
		clear(a.Data)
		return answer{}, &Error{Op: r.Op, temporary: true, err: ctx.Err()}
	}
	return a, err
}

// tell passes on what the program said.
func (k *KEK) tell(s *said, secrets ...[]byte) {
	if k.opts.Stderr == nil || len(s.b) == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	_, _ = k.opts.Stderr.Write(s.shown(secrets...))
}

// read returns the answer in what the program wrote before it ended.
func read(op string, out []byte, ended error) (answer, error) {
	var a answer
	if parse(out, &a) != nil {
		e := &Error{Op: op, Code: "program gave no answer", temporary: true}
		if exit := (*exec.ExitError)(nil); ended != nil && !errors.As(ended, &exit) {
			e.Code, e.err = "program did not run", errors.Unwrap(ended)
		}
		return answer{}, e
	}
	if a.Error != "" {
		return answer{}, told(op, a.Error)
	}
	return a, nil
}

// told is the error that a program told.
func told(op, code string) error {
	if code == codeUnavailable {
		return &Error{Op: op, Code: codeUnavailable, temporary: true}
	}
	return &Error{Op: op, Code: codeRefused}
}

// limited keeps the first bytes of what is written, and fails behind them.
type limited struct {
	b    []byte
	left int
}

// Write implements io.Writer.
func (l *limited) Write(b []byte) (int, error) {
	if len(b) > l.left {
		return 0, errMessage
	}
	l.left -= len(b)
	old := l.b
	l.b = append(l.b, b...)
	if len(old) > 0 && &old[0] != &l.b[0] {
		clear(old)
	}
	return len(b), nil
}
