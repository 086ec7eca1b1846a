package htmltest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// tab is a page in a browser of its own, with everything that it asked for or
// complained of.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	requests []string
	trouble  []string
}

// open starts a browser in which no name resolves, and shows the document.
func open(t *testing.T, html []byte) *tab {
	t.Helper()
	path := filepath.Join(t.TempDir(), "document.html")
	require.NoError(t, os.WriteFile(path, html, 0o600))
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"),
	)
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(stop)
	ctx, stopBrowser := chromedp.NewExecAllocator(ctx, flags...)
	t.Cleanup(stopBrowser)
	ctx, closePage := chromedp.NewContext(ctx)
	t.Cleanup(closePage)
	b := &tab{t: t, ctx: ctx}
	require.NoError(t, chromedp.Listen(ctx, b.heard))
	b.do(chromedp.Navigate("file://" + path))
	return b
}

// chromium finds the browser.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("SAFEGUARD_REQUIRE_SERVICES") == "1" {
		t.Fatal("no browser (chromium) is installed")
	}
	t.Skip("no browser (chromium) is installed")
	return ""
}

func (b *tab) heard(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *runtime.EventConsoleAPICalled:
		b.trouble = append(b.trouble, "console: "+string(e.Type))
	case *runtime.EventExceptionThrown:
		b.trouble = append(b.trouble, "exception: "+e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		b.trouble = append(b.trouble, "log: "+e.Entry.Text)
	case *page.EventJavascriptDialogOpening:
		b.trouble = append(b.trouble, "dialog: "+e.Message)
	}
}

// quiet requires that the page asked for itself only and complained of
// nothing.
func (b *tab) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Len(b.t, b.requests, 1)
	require.Contains(b.t, b.requests[0], "file://")
	require.Empty(b.t, b.trouble)
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, actions...))
}

// eval returns the value of an expression in the page.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	require.NoError(b.t, err)
	return v
}

// shown returns how many provisions the page shows, and requires that the
// overview, the details and the status line agree.
func (b *tab) shown() int {
	b.t.Helper()
	n := eval[int](b, visible("article"))
	require.Equal(b.t, n, eval[int](b, visible("tr[data-for]")))
	status := eval[string](b, `document.querySelector('[role=status]').textContent`)
	whole := eval[int](b, `document.querySelectorAll('article').length`)
	if n == whole {
		require.Contains(b.t, status, "All ")
	} else {
		require.Contains(b.t, status, "Filtered: "+itoa(n)+" of "+itoa(whole))
	}
	return n
}

// visible counts the elements that take space on the page.
func visible(selector string) string {
	return `Array.from(document.querySelectorAll(` + quote(selector) + `)).filter(e => e.getClientRects().length > 0).length`
}
