package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// call serves one request over loopback and says what connection it had, or
// why there was none.
func call(ctx context.Context, server, client *tls.Config) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err.Error()
	}
	s := &http.Server{
		TLSConfig: server.Clone(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
	}
	served := make(chan error, 1)
	go func() { served <- s.ServeTLS(listener, "", "") }()
	said, err := get(ctx, "https://"+listener.Addr().String(), client)
	if e := errors.Join(s.Shutdown(ctx), <-served); !errors.Is(e, http.ErrServerClosed) {
		return e.Error()
	}
	if err != nil {
		return "refused: " + cause(err).Error()
	}
	return said
}

func get(ctx context.Context, url string, config *tls.Config) (string, error) {
	transport := &http.Transport{TLSClientConfig: config.Clone(), DisableKeepAlives: true}
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	state := response.TLS
	said := fmt.Sprintf("%s, %s, %s", tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite), state.CurveID)
	return said, response.Body.Close()
}

// cause is the innermost error, without the address of the day.
func cause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
