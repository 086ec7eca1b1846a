// Program serves the key file in the directory of its argument, as a test wants
// it. It is built without the race detector, since it is started hundreds of
// times.
//
// Controls: none, it is test support.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/kekexec"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

func main() { os.Exit(program(os.Args[1])) }

// program serves the key in dir as the test wants it.
func program(dir string) int {
	calls, err := os.OpenFile(filepath.Join(dir, "calls"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 3
	}
	_, _ = calls.Write([]byte{1})
	_ = calls.Close()
	is := func(name string) bool { _, err := os.Stat(filepath.Join(dir, name)); return err == nil }
	switch {
	case is("hang"):
		<-time.After(time.Hour)
	case is("crash"):
		return 1
	case is("chatter"):
		fmt.Println("keyset: here it is")
		return 0
	case is("flood"):
		_, _ = io.Copy(os.Stdout, io.LimitReader(zeros{}, 8<<20))
		return 0
	case is("empty"):
		fmt.Println("{}")
		return 0
	}
	kek, err := keyset.OpenFileKEK(filepath.Join(dir, "key"))
	if err != nil {
		return 3
	}
	served := crypto.KEK(kek)
	if is("outage") {
		served = down{kek}
	}
	if err := kekexec.Serve(context.Background(), served, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "program:", err)
		return 1
	}
	return 0
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// down is a KEK whose service does not answer.
type down struct{ *keyset.FileKEK }

type outage struct{}

func (outage) Error() string   { return "down" }
func (outage) Temporary() bool { return true }

func (down) EncryptWithContext(context.Context, []byte, []byte) ([]byte, error) {
	return nil, outage{}
}
func (down) DecryptWithContext(context.Context, []byte, []byte) ([]byte, error) {
	return nil, outage{}
}
