package workforce

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func listOf(t testing.TB, text string) []Listed {
	t.Helper()
	list, err := ReadCSV(strings.NewReader(text))
	require.NoError(t, err)
	return list
}

// Whoever is not on the list, or has ended by it, is terminated; nobody else,
// and nobody is opened.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-01, PR.AA-05.
func TestReconcileEndsWhoHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := live(t, memory(), ruled(t))
		hire(t, r, "ada", "bo", "cy", "di", "ed", "boss", "gone", "back")
		require.NoError(t, r.Open(t.Context(), Opening{Tenant: "mercy", Account: "bot", Kind: ServiceAccount, Manager: "boss"}, why))
		elsewhere(t, r)
		for _, id := range []string{"gone", "back"} {
			_, err := r.Terminate(t.Context(), fire(id))
			require.NoError(t, err)
		}
		today := time.Now().UTC()
		list := listOf(t, fmt.Sprintf("account,status,manager,end\nada,active,boss,%s\nbo,Terminated,,\ncy,active,,%s\ndi,leave,,\nboss,active,,\nback,active,,\nnew,active,,\n",
			today.Format(time.DateOnly), today.AddDate(0, 0, -1).Format(time.DateOnly)))
		plan := ReconcilePlan{Tenant: "mercy", Act: why, DryRun: true}
		dry, err := r.Reconcile(t.Context(), list, plan)
		require.NoError(t, err)
		require.True(t, allowed(r, "bo"))
		plan.DryRun = false
		out, err := r.Reconcile(t.Context(), list, plan)
		require.NoError(t, err)
		require.Equal(t, []Discrepancy{{Account: "ed", Why: "absent", Done: true}}, out.Absent)
		require.Equal(t, []Discrepancy{{Account: "bo", Why: "ended", Done: true}, {Account: "cy", Why: "ended", Done: true}}, out.Ended)
		require.Equal(t, []Discrepancy{{Account: "ada", Why: "manager"}, {Account: "back", Why: "terminated"}, {Account: "new", Why: "unknown"}}, out.Others)
		require.Equal(t, 6, out.Compared)
		require.Len(t, dry.Ended, 2)
		require.False(t, dry.Ended[0].Done)
		for id, want := range map[string]bool{"ada": true, "bo": false, "cy": false, "di": true, "ed": false, "boss": true, "back": false, "new": false} {
			require.Equal(t, want, allowed(r, id), id)
		}
		s, err := r.Subject(t.Context(), service("bot", ""))
		require.NoError(t, err)
		require.True(t, s.Active)
		golden(t, "reconcile.md", out.Markdown())
		var b bytes.Buffer
		require.NoError(t, out.WriteCSV(&b))
		golden(t, "reconcile.csv", b.String())
		b.Reset()
		require.NoError(t, out.WriteJSON(&b))
		golden(t, "reconcile.json", b.String())

		again, err := r.Reconcile(t.Context(), list, plan)
		require.NoError(t, err)
		require.Empty(t, again.Absent)
		require.Empty(t, again.Ended)
		time.Sleep(days(1)) // ada's last day is over
		again, err = r.Reconcile(t.Context(), list, plan)
		require.NoError(t, err)
		require.Equal(t, "ada", again.Ended[0].Account)
	})
}

// A truncated export ends nobody, except those of whom it says that they have
// left; and it says so.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(7)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestTheBrake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := live(t, memory(), ruled(t))
		var full strings.Builder
		full.WriteString("account,status\n")
		for i := range 100 {
			id := fmt.Sprintf("u%03d", i)
			hire(t, r, id)
			fmt.Fprintf(&full, "%s,active\n", id)
		}
		rows := strings.SplitAfter(full.String(), "\n")
		list := func(n int, ended string) []Listed { return listOf(t, strings.Join(rows[:n+1], "")+ended) }
		plan := ReconcilePlan{Tenant: "mercy", Act: why}
		out, err := r.Reconcile(t.Context(), list(93, "u094,ended\n"), plan)
		require.ErrorIs(t, err, ErrBrake)
		require.Equal(t, []string{"absent"}, out.Braked)
		require.Len(t, out.Absent, 6)
		require.Contains(t, out.Markdown(), "The brake held")
		require.True(t, allowed(r, "u095"))
		require.False(t, allowed(r, "u094"), "the list says so")

		everybodyEnded := listOf(t, strings.ReplaceAll(full.String(), "active", "ended"))
		_, err = r.Reconcile(t.Context(), everybodyEnded, plan)
		require.ErrorIs(t, err, ErrBrake)
		require.True(t, allowed(r, "u095"))
		plan.DryRun = true
		_, err = r.Reconcile(t.Context(), everybodyEnded, plan)
		require.ErrorIs(t, err, ErrBrake)
		plan.DryRun = false

		_, err = r.Reconcile(t.Context(), nil, plan)
		require.ErrorIs(t, err, ErrList)
		_, err = r.Reconcile(t.Context(), []Listed{{Account: "a"}, {Account: "a"}}, plan)
		require.ErrorIs(t, err, ErrList)
		_, err = r.Reconcile(t.Context(), list(95, ""), ReconcilePlan{Tenant: "mercy", MaxPercent: 101, Act: why})
		refused(t, err, "brake")
		_, err = r.Reconcile(t.Context(), list(95, ""), ReconcilePlan{Tenant: "mercy"})
		refused(t, err, "who does it")

		out, err = r.Reconcile(t.Context(), list(96, ""), plan) // four of 99
		require.NoError(t, err)
		require.Len(t, out.Absent, 4)
		plan.UnsafeWithoutBrake = true
		_, err = r.Reconcile(t.Context(), list(1, ""), plan)
		require.NoError(t, err)
		require.True(t, allowed(r, "u000"))
		require.False(t, allowed(r, "u050"))
	})
}

// One account that cannot be confirmed keeps no other from ending.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestReconcileGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, h := ruled(t), &hook{fail: errors.New("the session store is down")}
		o.Revokers = []Revoker{h}
		r := live(t, memory(), o)
		hire(t, r, "ada", "bo", "cy")
		out, err := r.Reconcile(t.Context(), listOf(t, "account,status\ncy,active\n"), ReconcilePlan{Tenant: "mercy", Act: why})
		require.ErrorIs(t, err, h.fail)
		require.Len(t, out.Absent, 2)
		for _, d := range out.Absent {
			require.False(t, d.Done)
			require.NotEmpty(t, d.Failed)
			require.False(t, allowed(r, d.Account))
		}
	})
}

// A list that is not read to the end, or not understood, is not used at all.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(c)(1); NIST CSF 2.0 PR.AA-01, PR.DS-01.
func TestListsThatAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "names only": "account,status\n", "no status": "account\nada\n", "no account": "status\nactive\n",
		"unknown column": "account,status,salary\nada,active,1\n", "column twice": "account,status,Account\nada,active,ada\n",
		"account twice": "account,status\nada,active\nada,ended\n", "no name": "account,status\n,active\n", "space": "account,status\n ada,active\n",
		"unknown status": "account,status\nada,zebra\n", "no status there": "account,status\nada,\n", "short row": "account,status\nada\n",
		"long row": "account,status\nada,active,x\n", "bad end": "account,status,end\nada,active,01/02/2026\n", "quotes": "account,status\n\"ada,active\n",
		"not UTF-8": "account,status\n\xff,active\n", "control": "account,status\n\"a\nb\",active\n", "manager": "account,status,manager\nada,active,\"a\tb\"\n",
	} {
		_, err := ReadCSV(strings.NewReader(text))
		require.ErrorIs(t, err, ErrList, name)
		require.NotContains(t, err.Error(), "zebra")
	}
	for name, text := range map[string]string{
		"empty": "", "object": "{}", "no rows": "[]", "truncated": `[{"account":"ada","status":"active"}`, "trailing": `[{"account":"ada","status":"active"}] x`,
		"number": `[{"account":7,"status":"active"}]`, "nested": `[{"account":{"a":1},"status":"active"}]`, "unknown": `[{"account":"ada","status":"active","x":"y"}]`,
		"twice": `[{"account":"ada","status":"active","status":"ended"}]`, "case": `[{"Account":"ada","status":"active"}]`, "text": `["ada"]`, "no status": `[{"account":"ada"}]`,
		"account twice": `[{"account":"ada","status":"active"},{"account":"ada","status":"active"}]`, "not UTF-8": "[{\"account\":\"\xff\",\"status\":\"active\"}]",
	} {
		_, err := ReadJSON(strings.NewReader(text))
		require.ErrorIs(t, err, ErrList, name)
	}
	want := []Listed{{Account: "ada", Active: true, Manager: "boss", End: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)}, {Account: "bo"}}
	got, err := ReadCSV(strings.NewReader("\ufeffStatus,ACCOUNT,end,manager\r\nActive,ada,2027-01-31,boss\r\nended,bo,,\r\n"))
	require.NoError(t, err)
	require.Equal(t, want, got)
	got, err = ReadJSON(strings.NewReader(`[{"account":"ada","status":"active","manager":"boss","end":"2027-01-31"},{"status":"Inactive","account":"bo"}]`))
	require.NoError(t, err)
	require.Equal(t, want, got)
	_, err = ReadCSV(cutReader{})
	require.Error(t, err)
}

type cutReader struct{}

func (cutReader) Read([]byte) (int, error) { return 0, errors.New("the line is cut") }

// Whatever a list says, it is refused or has rows with different names.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(c)(1); NIST CSF 2.0 PR.AA-01, PR.DS-01.
func FuzzReadList(f *testing.F) {
	for _, seed := range []string{
		"account,status\nada,active\n", "account,status,manager,end\nada,ended,boss,2026-01-01\n", "a,b\n\"", `[{"account":"ada","status":"active"}]`,
		`[{"account":"ada","status":"ended","end":"2026-01-01"}]`, "\ufeffstatus,account\nleave,x\n", `[[`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, read := range []func() ([]Listed, error){
			func() ([]Listed, error) { return ReadCSV(bytes.NewReader(src)) }, func() ([]Listed, error) { return ReadJSON(bytes.NewReader(src)) },
		} {
			list, err := read()
			if (err == nil) == (len(list) == 0) {
				t.Fatal("an empty list, or a list beside an error")
			}
			seen := map[string]bool{}
			for _, l := range list {
				if seen[l.Account] || !text(l.Account, MaxName) {
					t.Fatal("a row without a name of its own")
				}
				seen[l.Account] = true
			}
		}
	})
}
