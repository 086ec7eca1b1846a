package htmltest

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

func itoa(n int) string     { return strconv.Itoa(n) }
func quote(s string) string { return strconv.Quote(s) }

// hostile is what a component could report of itself if somebody else had
// written it.
const hostile = `</script><script>alert(1)</script><img src=x onerror=alert(2)> "'`

// document is the coverage of the library itself, with one report.
func document(t *testing.T) []byte { return titled(t, "Coverage of charts "+hostile) }

func titled(t *testing.T, title string) []byte {
	t.Helper()
	index, err := coverage.Library()
	require.NoError(t, err)
	d := &coverage.Document{
		Title: title, Service: "charts", Generated: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		Indexes: []*coverage.Index{index},
		Observations: []safeguard.Observation{{
			Component: "session" + hostile, Controls: []safeguard.Control{safeguard.AutomaticLogoff},
			Statement: "Sessions end. " + hostile, Settings: map[string]string{"idle" + hostile: "15m0s" + hostile},
		}},
	}
	var b bytes.Buffer
	require.NoError(t, d.WriteHTML(&b))
	return b.Bytes()
}

// provisions counts those of the tables that keep returns true for.
func provisions(keep func(crosswalk.Requirement) bool) int {
	n := 0
	for r := range crosswalk.All() {
		if keep(r) {
			n++
		}
	}
	return n
}

// choose sets a list of the filter as a person does.
func (b *tab) choose(list, value string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`(() => { const s = document.querySelector('select[name=%s]'); s.value = %s;
		s.dispatchEvent(new Event('input', {bubbles: true})); return s.value === %s })()`, list, quote(value), quote(value)))
}

// TestFilter uses search and every filter, alone and together, and compares
// what is shown with the tables.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestFilter(t *testing.T) {
	t.Parallel()
	b := open(t, document(t))
	all := provisions(func(crosswalk.Requirement) bool { return true })
	require.Equal(t, all, b.shown())

	b.choose("section", "164.312")
	technical := provisions(func(r crosswalk.Requirement) bool { return r.Safeguard == crosswalk.Technical })
	require.Equal(t, 12, technical)
	require.Equal(t, technical, b.shown())
	require.Equal(t, 1, eval[int](b, visible("section[data-group]")), "sections without a provision are gone")

	b.choose("designation", "addressable")
	require.Equal(t, 5, b.shown())
	b.choose("section", "")
	require.Equal(t, 22, b.shown())
	b.choose("designation", "")
	b.choose("level", "reported")
	require.Equal(t, 1, b.shown())
	b.choose("level", "not-reported")
	require.Equal(t, all-1, b.shown())
	b.choose("level", "mapped")
	require.Equal(t, 68, b.shown())
	b.choose("level", "")
	b.choose("duty", "organisation")
	require.Equal(t, provisions(func(r crosswalk.Requirement) bool { return !coverage.DutyOf(r.ID).Code }), b.shown())

	// Words are looked for everywhere, in any case and order.
	b.do(chromedp.Click(chromedp.CSS("button[type=reset]")))
	require.Equal(t, all, b.shownSoon(all))
	b.do(chromedp.SendKeys(chromedp.CSS("input[type=search]"), "LOGOFF automatic 15m0s"))
	require.Equal(t, 1, b.shown())
	b.do(chromedp.SendKeys(chromedp.CSS("input[type=search]"), " nosuchword"))
	require.Equal(t, 0, b.shown())

	// A link to what the filter hides shows it.
	eval[bool](b, `(location.hash = '#c-164.312-b', true)`)
	require.Equal(t, all, b.shownSoon(all))
	b.quiet()
}

// shownSoon waits until the page shows n provisions.
func (b *tab) shownSoon(n int) int {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.Poll[bool](visible("article")+" === "+itoa(n)))
	require.NoError(b.t, err)
	return b.shown()
}

// TestKeyboard goes through the page without a mouse.
//
// Controls: HIPAA 164.316(b)(2)(ii).
func TestKeyboard(t *testing.T) {
	t.Parallel()
	b := open(t, document(t))
	focused := func() string {
		return eval[string](b, `document.activeElement.getAttribute('name') || document.activeElement.getAttribute('href') || document.activeElement.type || ''`)
	}
	b.do(chromedp.KeyEvent("\t"))
	require.Equal(t, "#main", focused())
	require.True(t, eval[bool](b, `document.activeElement.getBoundingClientRect().left >= 0`), "the skip link shows when it has the focus")
	require.NotEqual(t, "none", eval[string](b, `getComputedStyle(document.activeElement).outlineStyle`), "the focus is visible")
	b.do(chromedp.KeyEvent("\r"), chromedp.KeyEvent("\t"))
	require.Equal(t, "text", focused(), "behind the link to the content comes the search")

	// Type, leave with Tab, choose with the arrow, and go back with Escape.
	b.do(chromedp.KeyEvent("logoff"))
	n := b.shown()
	require.Positive(t, n)
	require.Less(t, n, 10)
	var order []string
	for range 5 {
		b.do(chromedp.KeyEvent("\t"))
		order = append(order, focused())
	}
	require.Equal(t, []string{"section", "level", "duty", "designation", "reset"}, order)
	b.do(chromedp.KeyEvent("\r"))
	all := b.shownSoon(provisions(func(crosswalk.Requirement) bool { return true }))
	b.do(chromedp.Focus(chromedp.CSS("input[type=search]")), chromedp.KeyEvent("logoff"))
	require.Less(t, b.shown(), all)
	b.do(chromedp.KeyEvent("\u001b"))
	require.Equal(t, all, b.shown())
	require.Equal(t, "text", focused())

	// From the overview a link leads to the provision.
	b.do(chromedp.Focus(chromedp.CSS(`a[href="#c-164.312-b"]`)), chromedp.KeyEvent("\r"))
	require.True(t, eval[bool](b, `location.hash === '#c-164.312-b'`))
	b.quiet()
}

// TestScreenReader looks at the page as a screen reader does: language, names
// of controls and tables, landmarks, and headings without gaps.
//
// Controls: HIPAA 164.316(b)(2)(ii).
func TestScreenReader(t *testing.T) {
	t.Parallel()
	b := open(t, document(t))
	require.Equal(t, "en", eval[string](b, `document.documentElement.lang`))
	require.Equal(t, "polite", eval[string](b, `document.querySelector('[role=status]').ariaLive`))
	tree, err := chromedp.Call(b.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	require.NoError(t, err)
	roles := map[string]int{}
	for _, n := range tree.Nodes {
		if n.Ignored || n.Role == nil {
			continue
		}
		role := strings.Trim(string(n.Role.Value), `"`)
		roles[role]++
		named := []string{"searchbox", "combobox", "button", "link", "table", "navigation", "search", "article", "region", "heading"}
		if slices.Contains(named, role) {
			require.NotNil(t, n.Name, role)
			require.NotContains(t, []string{"", `""`}, string(n.Name.Value), "a %s has no name", role)
		}
	}
	for _, role := range []string{"main", "navigation", "search", "searchbox", "combobox", "button", "table", "status", "heading"} {
		require.Positive(t, roles[role], "there is no %s", role)
	}
	require.Equal(t, 1, roles["main"])
	require.Equal(t, 1, eval[int](b, `document.querySelectorAll('h1').length`))
	require.Empty(t, eval[[]string](b, `(() => { let last = 0, bad = []; for (const h of document.querySelectorAll('h1,h2,h3,h4,h5,h6')) {
		const level = Number(h.tagName[1]); if (level > last + 1) bad.push(h.textContent); last = level } return bad })()`))
	require.Empty(t, eval[[]string](b, `(() => { const seen = new Set(), twice = []; for (const e of document.querySelectorAll('[id]')) {
		if (seen.has(e.id)) twice.push(e.id); seen.add(e.id) } return twice })()`), "ids are unique")
	require.Empty(t, eval[[]string](b, `Array.from(document.querySelectorAll('a[href^="#"]')).map(a => a.getAttribute('href').slice(1)).filter(id => !document.getElementById(id))`), "links lead somewhere")
	b.quiet()
}

// TestPrint looks at the page as it is printed: all of it or what the filter
// left, without what only works on a screen, within the paper.
//
// Controls: HIPAA 164.316(b)(2)(ii).
func TestPrint(t *testing.T) {
	t.Parallel()
	b := open(t, document(t))
	whole := pages(t, b)
	require.Greater(t, whole, 10)
	b.choose("section", "164.312")
	require.Less(t, pages(t, b), whole, "what the filter hides is not printed")

	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	require.NoError(t, err)
	b.do(chromedp.EmulateViewport(718, 1000)) // A4 within margins of 1 cm, at 96 dots an inch
	require.Zero(t, eval[int](b, visible("nav, form, a.skip")))
	require.Equal(t, 12, eval[int](b, visible("article")))
	require.Empty(t, wide(b), "nothing is cut off at the edge of the paper")
	require.True(t, strings.Contains(eval[string](b, `document.querySelector('[role=status]').textContent`), "Filtered"), "the paper says that it is a part")
	require.Positive(t, eval[int](b, visible("[role=status]")))
	b.quiet()
}

// pages prints and counts the pages.
func pages(t *testing.T, b *tab) int {
	t.Helper()
	pdf, err := chromedp.Run(b.ctx, chromedp.PrintToPDF())
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(pdf, []byte("%PDF-")))
	return bytes.Count(pdf, []byte("/Type /Page\n")) + bytes.Count(pdf, []byte("/Type /Page ")) + bytes.Count(pdf, []byte("/Type /Page/"))
}

// wide names elements that reach over the right edge, other than in a box that
// scrolls by itself.
func wide(b *tab) []string {
	b.t.Helper()
	return eval[[]string](b, `Array.from(document.querySelectorAll('main *, header *')).filter(e => {
		const box = e.closest('.wide');
		return !(box && getComputedStyle(box).overflowX === 'auto') && e.getBoundingClientRect().right > innerWidth + 1 }).slice(0, 5).map(e => e.outerHTML.slice(0, 80))`)
}

// TestNarrow shows the page on a screen of 320 points (WCAG 2.2, 1.4.10): it
// does not scroll in two directions.
//
// Controls: HIPAA 164.316(b)(2)(ii).
func TestNarrow(t *testing.T) {
	t.Parallel()
	b := open(t, titled(t, "Coverage of example.org/a-clinic/services/charts"))
	b.do(chromedp.EmulateViewport(320, 640))
	require.Empty(t, wide(b))
	require.LessOrEqual(t, eval[int](b, `document.documentElement.scrollWidth`), 320)
	b.quiet()
}

// TestWithoutScript shows everything, and no filter that would not work.
//
// Controls: HIPAA 164.316(b)(2)(ii).
func TestWithoutScript(t *testing.T) {
	t.Parallel()
	b := open(t, document(t))
	_, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	require.NoError(t, err)
	b.do(chromedp.Reload())
	require.Zero(t, eval[int](b, visible("form")))
	require.Equal(t, provisions(func(crosswalk.Requirement) bool { return true }), eval[int](b, visible("article")))
}

// TestHostile shows text that looks like a page of its own as text: nothing of
// it runs or is asked for.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestHostile(t *testing.T) {
	t.Parallel()
	b := open(t, document(t))
	require.Contains(t, eval[string](b, `document.querySelector('h1').textContent`), hostile)
	require.Equal(t, 1, eval[int](b, `document.scripts.length`))
	require.Zero(t, eval[int](b, `document.images.length`))
	require.Contains(t, eval[string](b, `document.querySelector('meta[http-equiv=Content-Security-Policy]').content`), "default-src 'none'")
	b.quiet()
}
