package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// client is a screen at which somebody signed in a while ago.
type client struct {
	url, user string
	ago       time.Duration
}

// do returns the status and the body of an answer, of a refusal its code.
func (c client) do(method, path, purpose, body string) string {
	req, err := http.NewRequest(method, c.url+path, strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	req.SetBasicAuth(c.user, c.ago.String())
	if purpose != "" {
		req.Header.Set("Purpose-Of-Use", purpose)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close() //nolint:errcheck // was only read
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	var refused struct{ Code string }
	if json.Unmarshal(answer, &refused) == nil && refused.Code != "" {
		answer = []byte(refused.Code)
	}
	return strings.TrimSpace(fmt.Sprint(res.StatusCode, " ", string(answer)))
}

// short leaves the status of an answer that is another each time.
func short(answer string) string {
	status, _, _ := strings.Cut(answer, " ")
	return status
}
