package main

import (
	"context"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// browser returns a context with a new, headless Chromium, and the address by
// which it reaches s: localhost, which browsers take for a secure origin.
func browser(t *testing.T, s *service) (context.Context, string) {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		lacking(t, "no browser", exec.ErrNotFound)
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"),
	)
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(stop)
	ctx, stopBrowser := chromedp.NewExecAllocator(ctx, flags...)
	t.Cleanup(stopBrowser)
	ctx, closePage := chromedp.NewContext(ctx)
	t.Cleanup(closePage)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.url, "http://"))
	require.NoError(t, err)
	return ctx, "http://localhost:" + port
}

// do runs actions in the browser.
func do(t *testing.T, ctx context.Context, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	require.NoError(t, chromedp.Do(ctx, actions...))
}

// get runs one action in the browser and returns its value.
func get[T any](t *testing.T, ctx context.Context, action chromedp.Action[T]) T {
	t.Helper()
	value, err := chromedp.Run(ctx, action)
	require.NoError(t, err)
	return value
}

// text returns what the page shows.
func text(t *testing.T, ctx context.Context) string {
	t.Helper()
	return get(t, ctx, chromedp.Text(chromedp.CSS("body")))
}

// location returns the path and query of the page.
func location(t *testing.T, ctx context.Context) string {
	t.Helper()
	s := strings.TrimPrefix(get(t, ctx, chromedp.Location()), "http://localhost:")
	return s[strings.Index(s, "/"):]
}

// goBack presses the back button. The page before must be asked for again: one
// that the browser has kept whole would never load, which fails here.
func goBack(t *testing.T, ctx context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	do(t, ctx, chromedp.NavigateBack(), chromedp.WaitVisible(chromedp.CSS("#password")))
}

// signInBy fills in the form as a person does.
func signInBy(t *testing.T, ctx context.Context, base, name, password string) {
	t.Helper()
	do(t, ctx,
		chromedp.Navigate(base+"/"),
		chromedp.WaitVisible(chromedp.CSS("#password")),
		chromedp.SendKeys(chromedp.CSS("#name"), name),
		chromedp.SendKeys(chromedp.CSS("#password"), password),
		chromedp.Submit(chromedp.CSS("#password")),
	)
}

// TestBrowser signs in, reads a chart, adds a note, signs out, and goes back:
// no page of a patient comes out of a cache.
//
// Controls: HIPAA 164.312(d), 164.312(a)(2)(iii), 164.312(a)(1); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func TestBrowser(t *testing.T) {
	t.Parallel()
	s := startAt(t, "", options{})
	ctx, base := browser(t, s)
	signInBy(t, ctx, base, "maria.osei", "a wrong guess")
	do(t, ctx, chromedp.WaitVisible(chromedp.CSS(`[role="alert"]`)))
	require.Contains(t, text(t, ctx), "do not go together")

	signInBy(t, ctx, base, "maria.osei", s.passwords["maria.osei"])
	do(t, ctx,
		chromedp.WaitVisible(chromedp.CSS(`a[href="/patients?purpose=TREAT"]`)),
		chromedp.Click(chromedp.CSS(`a[href="/patients?purpose=TREAT"]`)),
		chromedp.WaitVisible(chromedp.CSS("table")),
		chromedp.Click(chromedp.Search(`//a[text()="Adaeze Thornquist"]`)),
		chromedp.WaitVisible(chromedp.CSS("#body")),
	)
	chartPath := location(t, ctx)
	require.Contains(t, text(t, ctx), "KX-4471-0932")
	do(t, ctx,
		chromedp.SendKeys(chromedp.CSS("#body"), plantedNote),
		chromedp.Submit(chromedp.CSS("#body")),
		chromedp.WaitVisible(chromedp.CSS(".note")),
	)
	require.Contains(t, text(t, ctx), plantedNote)
	require.Equal(t, chartPath, location(t, ctx))

	require.Empty(t, get(t, ctx, chromedp.Evaluate[string]("document.cookie")), "scripts do not see the session")

	do(t, ctx,
		chromedp.Click(chromedp.CSS(`form[action="/signout"] button`)),
		chromedp.WaitVisible(chromedp.CSS("#password")),
	)
	require.Equal(t, "/signin", location(t, ctx))
	for range 2 {
		goBack(t, ctx)
		require.Equal(t, "/signin", location(t, ctx))
		requireNothingPlanted(t, []byte(text(t, ctx)))
	}
	do(t, ctx, chromedp.Navigate(base+chartPath), chromedp.WaitVisible(chromedp.CSS("#password")))
	require.Equal(t, "/signin", location(t, ctx))
	requireNothingPlanted(t, []byte(text(t, ctx)))
}

// TestBrowserLogoff leaves a chart open: the page closes itself after the
// limit, the session is over by then, and going back shows nothing.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func TestBrowserLogoff(t *testing.T) {
	t.Parallel()
	s := startAt(t, "", options{idle: 4 * time.Second})
	ctx, base := browser(t, s)
	signInBy(t, ctx, base, "june.park", s.passwords["june.park"])
	do(t, ctx,
		chromedp.WaitVisible(chromedp.CSS(`a[href="/patients?purpose=HOPERAT"]`)),
		chromedp.Navigate(base+"/patients?purpose=HOPERAT"),
		chromedp.WaitVisible(chromedp.CSS("table")),
	)
	require.Contains(t, text(t, ctx), "Florian Mbeki-Strand")
	do(t, ctx, chromedp.WaitVisible(chromedp.CSS("#password"))) // nobody does anything
	require.Equal(t, "/signin?closed=1", location(t, ctx))
	requireNothingPlanted(t, []byte(text(t, ctx)))
	require.Empty(t, s.records(`"action":"sign-out"`), "nobody signed out")
	goBack(t, ctx)
	require.Equal(t, "/signin", location(t, ctx), "the page was asked for again, and refused")
	requireNothingPlanted(t, []byte(text(t, ctx)))
	require.Len(t, s.records("session.idle", `"id":"june.park"`), 1)

	do(t, ctx, chromedp.Navigate(base+"/patients?purpose=HOPERAT"), chromedp.WaitVisible(chromedp.CSS("#password")))
	require.Equal(t, "/signin", location(t, ctx))
	require.Equal(t, http.StatusUnauthorized, s.nobody().get("/api/patients").status)
}
