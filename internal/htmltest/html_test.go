package htmltest

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

func itoa(n int) string { return strconv.Itoa(n) }

// A provision is what the JSON form of a document says of one.
type provision struct {
	ID          string
	Section     string
	Designation string
	Levels      map[string]bool
	Duty        struct {
		Whose string
		SDK   bool `json:"sdk_gives_code"`
	}
}

// total counts the provisions of a document that match.
func total(t *testing.T, d *coverage.Document, keep func(provision) bool) int {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, d.WriteJSON(&b))
	var doc struct{ Provisions []provision }
	require.NoError(t, json.Unmarshal(b.Bytes(), &doc))
	require.Len(t, doc.Provisions, whole)
	n := 0
	for _, p := range doc.Provisions {
		if keep(p) {
			n++
		}
	}
	return n
}

const whole = 108

// choose sets a filter as a person does who picks from the list.
func choose(t *testing.T, p *page, name, value string) {
	t.Helper()
	eval[bool](t, p, `(() => { const s = document.querySelector('[name="`+name+`"]'); s.value = "`+value+
		`"; s.dispatchEvent(new Event("input", {bubbles: true})); return s.value === "`+value+`"; })()`)
}

// Search and filters show exactly what they name, alone and together, and
// nothing is asked of anybody.
//
// Controls: HIPAA 164.316(b)(2)(ii); NIST CSF 2.0 GV.OC-03.
func TestFilter(t *testing.T) {
	d := document(t)
	p := open(t, d)
	require.Equal(t, whole, p.count(t))

	p.do(t, chromedp.SendKeys(chromedp.CSS(`[name="text"]`), "automatic LOGOFF  addressable"))
	require.Equal(t, 1, p.count(t))
	require.True(t, eval[bool](t, p, `document.getElementById("c-164.312-a-2-iii").checkVisibility()`))
	require.Equal(t, 1, eval[int](t, p, `[...document.querySelectorAll("[data-group] caption")].filter(c => c.checkVisibility()).length`), "empty tables are gone")
	p.do(t, chromedp.Click(chromedp.CSS(`button[type="reset"]`)), chromedp.WaitVisible(chromedp.CSS(`[id="c-164.308-a-2"]`)))
	require.Equal(t, whole, p.count(t))

	for _, c := range []struct {
		name, value string
		keep        func(provision) bool
	}{
		{"section", "164.312", func(q provision) bool { return q.Section == "164.312" }},
		{"designation", "addressable", func(q provision) bool { return q.Designation == "Addressable" }},
		{"designation", "required", func(q provision) bool { return q.Designation == "Required" }},
		{"level", "mapped", func(q provision) bool { return q.Levels["mapped"] }},
		{"level", "not-mapped", func(q provision) bool { return !q.Levels["mapped"] }},
		{"level", "tagged", func(q provision) bool { return q.Levels["tagged"] }},
		{"level", "not-tested", func(q provision) bool { return !q.Levels["tested"] }},
		{"level", "reported", func(q provision) bool { return q.ID == "164.312(a)(2)(iii)" }},
		{"duty", "organisation", func(q provision) bool { return q.Duty.Whose == "organisation" }},
		{"duty", "sdk", func(q provision) bool { return q.Duty.SDK }},
		{"duty", "service", func(q provision) bool { return !q.Duty.SDK && q.Duty.Whose != "organisation" }},
	} {
		want := total(t, d, c.keep)
		require.NotZero(t, want, "%s %s", c.name, c.value)
		choose(t, p, c.name, c.value)
		require.Equal(t, want, p.count(t), "%s %s", c.name, c.value)
		choose(t, p, c.name, "")
	}
	choose(t, p, "section", "164.312")
	choose(t, p, "designation", "addressable")
	require.Equal(t, 5, p.count(t))
	require.True(t, strings.HasPrefix(eval[string](t, p, `document.getElementById("shown").textContent`), "Filtered: 5 of "))
	choose(t, p, "level", "not-reported")
	require.Equal(t, 4, p.count(t))
	choose(t, p, "duty", "organisation")
	require.Zero(t, p.count(t))
	p.quiet(t)
}

// A link to something that the filter hides shows it.
func TestLinkIntoHidden(t *testing.T) {
	p := open(t, document(t))
	choose(t, p, "section", "164.310")
	require.Equal(t, 12, p.count(t))
	eval[bool](t, p, `(() => { document.querySelector('#functions ~ * a[href="#c-164.312-b"], a[href="#c-164.312-b"]').click(); return true; })()`)
	p.do(t, chromedp.WaitVisible(chromedp.CSS(`[id="c-164.312-b"]`)))
	require.Equal(t, whole, p.count(t))
	p.quiet(t)
}

const active = `(() => { const e = document.activeElement; return e.name || e.className || e.textContent.trim(); })()`

// Everything works from the keyboard alone, and shows where the focus is.
//
// Controls: HIPAA 164.316(b)(2)(ii); NIST CSF 2.0 GV.OC-03.
func TestKeyboard(t *testing.T) {
	p := open(t, document(t))
	p.do(t, chromedp.KeyEvent(kb.Tab))
	require.Equal(t, "skip", eval[string](t, p, active))
	require.True(t, eval[bool](t, p, `document.activeElement.getBoundingClientRect().left >= 0`), "visible while focused")
	p.do(t, chromedp.KeyEvent(kb.Enter))
	require.Equal(t, "#main", eval[string](t, p, `location.hash`))
	for range 200 {
		if eval[string](t, p, active) == "text" {
			break
		}
		p.do(t, chromedp.KeyEvent(kb.Tab))
	}
	require.Equal(t, "text", eval[string](t, p, active))
	require.NotEqual(t, "none", eval[string](t, p, `getComputedStyle(document.activeElement).outlineStyle`))
	p.do(t, chromedp.KeyEvent("disposal"))
	require.Equal(t, 1, p.count(t), "164.310(d)(2)(i) Disposal")
	p.do(t, chromedp.KeyEvent(kb.Escape))
	require.Equal(t, "text", eval[string](t, p, active))
	require.Empty(t, eval[string](t, p, `document.activeElement.value`))

	for _, name := range []string{"section", "level", "duty", "designation"} {
		p.do(t, chromedp.KeyEvent(kb.Tab))
		require.Equal(t, name, eval[string](t, p, active))
		require.NotEqual(t, "none", eval[string](t, p, `getComputedStyle(document.activeElement).outlineStyle`))
	}
	p.do(t, chromedp.KeyEvent("R"))
	require.Equal(t, "required", eval[string](t, p, `document.activeElement.value`))
	require.Equal(t, 30, p.count(t), "24 specifications and the six standards that Appendix A marks so")
	p.do(t, chromedp.KeyEvent(kb.Tab))
	require.Equal(t, "Show all", eval[string](t, p, active))
	p.do(t, chromedp.KeyEvent(kb.Enter))
	p.do(t, chromedp.WaitVisible(chromedp.CSS(`[id="c-164.308-a-1-i"]`)), chromedp.KeyEvent(kb.Tab))
	require.Equal(t, "164.308(a)(1)(i)", eval[string](t, p, active), "the first row")
	p.quiet(t)
}

// Screen readers are told what everything is: landmarks, names of fields,
// what the filter did, headers of tables, headings without a gap.
//
// Controls: HIPAA 164.316(b)(2)(ii); NIST CSF 2.0 GV.OC-03.
func TestScreenReader(t *testing.T) {
	p := open(t, document(t))
	tree, err := chromedp.Call(p.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	require.NoError(t, err)
	found := map[string]bool{}
	for _, n := range tree.Nodes {
		if n.Ignored || n.Role == nil {
			continue
		}
		role, name := "", ""
		role = strings.Trim(string(n.Role.Value), `"`)
		if n.Name != nil {
			name = strings.Trim(string(n.Name.Value), `"`)
		}
		found[role+" "+name] = true
		switch role {
		case "searchbox", "combobox", "button", "link", "table", "article", "navigation", "search":
			require.NotEmpty(t, name, role)
		}
	}
	for _, want := range []string{
		"search Search and filter the provisions", "searchbox Search", "combobox Section", "combobox Level", "combobox Duty", "combobox Designation",
		"button Show all", "navigation Contents", "heading Overview", "table Technical safeguards, 164.312", "article 164.312(b) Audit controls",
	} {
		require.True(t, found[want], want)
	}
	require.Equal(t, "polite", eval[string](t, p, `document.querySelector('[role="status"]').getAttribute("aria-live")`))
	require.Empty(t, eval[[]string](t, p, `(() => { let last = 0; const gaps = []; for (const h of document.querySelectorAll("h1,h2,h3,h4")) {
		const level = +h.tagName[1]; if (level > last + 1) gaps.push(h.textContent); last = level; } return gaps; })()`))
	require.Zero(t, eval[int](t, p, `[...document.querySelectorAll("th")].filter(h => !h.scope).length`))
	p.quiet(t)
}

// On paper there is no form and no navigation, everything else is there, and a
// filtered document says that it is one.
//
// Controls: HIPAA 164.316(b)(2)(ii); NIST CSF 2.0 GV.OC-03.
func TestPrint(t *testing.T) {
	p := open(t, document(t))
	choose(t, p, "section", "164.312")
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	require.NoError(t, err)
	require.Equal(t, 12, eval[int](t, p, shown))
	for selector, want := range map[string]bool{"form": false, "nav": false, "a.skip": false, "#shown": true, ".notices": true, "#summary": true, "#sources": true} {
		require.Equal(t, want, eval[bool](t, p, `document.querySelector("`+selector+`").checkVisibility()`), selector)
	}
	require.True(t, strings.HasPrefix(eval[string](t, p, `document.getElementById("shown").textContent`), "Filtered: 12 of "))
	require.Equal(t, "avoid", eval[string](t, p, `getComputedStyle(document.querySelector("article")).breakInside`))
	require.Equal(t, "table-header-group", eval[string](t, p, `getComputedStyle(document.querySelector("thead")).display`))

	some := pdf(t, p)
	choose(t, p, "section", "")
	whole := pdf(t, p)
	require.Greater(t, whole, some+10, "pages")
	// A4 is 210 mm wide; with the margins of the browser 190 mm are left.
	p.do(t, chromedp.EmulateViewport(718, 1000))
	require.LessOrEqual(t, eval[int](t, p, `document.documentElement.scrollWidth`), 718, "nothing is cut off at the right")
	p.quiet(t)
}

// pdf prints the page and returns how many sheets it takes.
func pdf(t *testing.T, p *page) int {
	t.Helper()
	b, err := chromedp.Run(p.ctx, chromedp.PrintToPDF())
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(b, []byte("%PDF-")))
	pages := bytes.Count(b, []byte("/Type /Page\n"))
	require.NotZero(t, pages)
	return pages
}

// A narrow screen scrolls down, never to the side.
func TestNarrow(t *testing.T) {
	p := open(t, document(t))
	p.do(t, chromedp.EmulateViewport(320, 700))
	require.LessOrEqual(t, eval[int](t, p, `document.documentElement.scrollWidth`), 320)
	p.quiet(t)
}

// Without script everything is there, and no form that does nothing.
func TestWithoutScript(t *testing.T) {
	p := open(t, document(t), func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return chromedp.Void{}, err
	})
	require.Equal(t, whole, eval[int](t, p, shown))
	require.False(t, eval[bool](t, p, `document.getElementById("filter").checkVisibility()`))
	p.quiet(t)
}

// What a document is given cannot act in the reader's browser.
//
// Controls: HIPAA 164.312(c)(1), 164.316(b)(2)(ii); NIST CSF 2.0 PR.DS-01.
func TestAttack(t *testing.T) {
	const attack = `"><img src=x onerror="document.title='owned'"><script>document.title='owned'</script><a href="javascript:document.title='owned'" autofocus onfocus="document.title='owned'">`
	d := document(t)
	d.Title, d.Service, d.Version = attack, attack, attack
	d.Observations[0].Statement, d.Observations[0].Component = attack, attack
	d.Observations[0].Settings = map[string]string{attack: attack}
	p := open(t, d)
	require.Equal(t, attack, eval[string](t, p, `document.title`))
	require.Zero(t, eval[int](t, p, `document.querySelectorAll("img, [onerror], [onfocus], a[href^=javascript]").length`))
	// Nor can anything that was put in later, since the page's own policy
	// stands in the way.
	require.Equal(t, attack, eval[string](t, p, `(() => { const s = document.createElement("script"); s.textContent = "document.title='owned'"; document.body.append(s); return document.title; })()`))
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Len(t, p.messages, 1)
	require.Contains(t, p.messages[0], "Content Security Policy")
	require.Equal(t, []string{p.url}, p.requests)
}
