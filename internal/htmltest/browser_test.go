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
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

// chromium returns the path of the browser.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("SAFEGUARD_REQUIRE_SERVICES") != "" {
		t.Fatal("no Chromium")
	}
	t.Skip("no Chromium: install it to test the pages")
	return ""
}

// page is a document in a browser, and what the browser said of it.
type page struct {
	ctx      context.Context
	url      string
	mu       sync.Mutex
	requests []string
	messages []string
}

// open writes a document to a file and opens it in a new browser that has no
// network.
func open(t *testing.T, d *coverage.Document, before ...chromedp.Action[chromedp.Void]) *page {
	t.Helper()
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"),
	)
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(stop)
	ctx, stopBrowser := chromedp.NewExecAllocator(ctx, flags...)
	t.Cleanup(stopBrowser)
	ctx, closePage := chromedp.NewContext(ctx)
	t.Cleanup(closePage)
	p := &page{ctx: ctx, url: "file://" + write(t, d)}
	p.do(t, before...)
	require.NoError(t, chromedp.Listen(ctx, p.event))
	p.do(t, chromedp.EmulateViewport(1200, 900), chromedp.Navigate(p.url))
	return p
}

func write(t *testing.T, d *coverage.Document) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "coverage.html")
	f, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, d.WriteHTML(f))
	require.NoError(t, f.Close())
	return path
}

func (p *page) event(ev any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, ev.Request.URL)
	case *log.EventEntryAdded:
		p.messages = append(p.messages, ev.Entry.Text)
	case *runtime.EventExceptionThrown:
		p.messages = append(p.messages, ev.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		p.messages = append(p.messages, "console."+string(ev.Type))
	}
}

// quiet requires that the page asked for nothing but itself and said nothing.
func (p *page) quiet(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.NotEmpty(t, p.requests, "requests are seen")
	for _, r := range p.requests {
		require.Equal(t, p.url, r)
	}
	require.Empty(t, p.messages)
}

func (p *page) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	require.NoError(t, chromedp.Do(p.ctx, actions...))
}

// eval runs an expression in the page.
func eval[T any](t *testing.T, p *page, expression string) T {
	t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	require.NoError(t, err)
	return v
}

// document is that of the library, with something reported.
func document(t *testing.T) *coverage.Document {
	t.Helper()
	index, err := coverage.Library()
	require.NoError(t, err)
	return &coverage.Document{
		Title:   "Coverage in a browser",
		Service: "a test",
		Indexes: []*coverage.Index{index},
		Observations: []safeguard.Observation{{
			Component: "session", Controls: []safeguard.Control{safeguard.AutomaticLogoff},
			Statement: "Sessions end after inactivity.", Settings: map[string]string{"idle": "15m0s"},
		}},
	}
}

const shown = `[...document.querySelectorAll("article")].filter(a => a.checkVisibility()).length`

// count returns how many provisions are shown, as articles and as rows of the
// overview, which must agree with each other and with what the page says.
func (p *page) count(t *testing.T) int {
	t.Helper()
	n := eval[int](t, p, shown)
	require.Equal(t, n, eval[int](t, p, `[...document.querySelectorAll("tr[data-for]")].filter(r => r.checkVisibility()).length`))
	require.Contains(t, eval[string](t, p, `document.getElementById("shown").textContent`), " "+itoa(n)+" ")
	return n
}
