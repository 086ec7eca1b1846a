package rekey_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"strconv"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
)

// column is a [rekey.Source] of one sealed column, whose rows are numbered.
type column [][]byte

func (c column) Tenant() string { return "clinic-a" }

func (c column) All(ctx context.Context, after string, max int) (rekey.Page, error) {
	return c.page(ctx, after, max, func([]byte) bool { return true })
}

// Stale asks an index in a database: the first five bytes name the key.
func (c column) Stale(ctx context.Context, current uint32, after string, max int) (rekey.Page, error) {
	return c.page(ctx, after, max, func(sealed []byte) bool {
		id, ok := crypto.KeyID(sealed)
		return !ok || id != current
	})
}

func (c column) page(ctx context.Context, after string, max int, want func([]byte) bool) (page rekey.Page, err error) {
	from := 0
	if after != "" {
		if from, err = strconv.Atoi(after); err != nil {
			return page, err
		}
	}
	for i := from; i < len(c); i++ {
		if len(page.Rows) == max {
			page.Next = strconv.Itoa(i)
			break
		}
		if want(c[i]) {
			cell := rekey.Cell{Ref: settingsPlace(i), Sealed: c[i]}
			page.Rows = append(page.Rows, rekey.Row{Position: strconv.Itoa(i), Cells: []rekey.Cell{cell}})
		}
	}
	return page, ctx.Err()
}

// Census is SELECT count(*) … GROUP BY the first five bytes, in a database.
func (c column) Census(context.Context) (census rekey.Census, err error) {
	for _, sealed := range c {
		census.Add(rekey.Row{Cells: []rekey.Cell{{Sealed: sealed}}})
	}
	return census, nil
}

// Replace is UPDATE … WHERE value = what was read, in a database.
func (c column) Replace(_ context.Context, changes []rekey.Change) ([]bool, error) {
	changed := make([]bool, len(changes))
	for n, change := range changes {
		i, err := strconv.Atoi(change.Row.Position)
		if err != nil {
			return changed, err
		}
		if changed[n] = bytes.Equal(c[i], change.Row.Cells[0].Sealed); changed[n] {
			c[i] = bytes.Clone(change.Sealed[0])
		}
	}
	return changed, nil
}

func settingsPlace(row int) crypto.Ref {
	return crypto.Ref{Tenant: "clinic-a", Table: "settings", Column: "value", Row: strconv.Itoa(row), Subject: crypto.NoSubject()}
}

// After a rotation the stale rows are sealed anew, and the old key may go when
// a Verify has shown that nothing needs it.
func Example() {
	ctx := context.Background()
	keys := cryptotest.Keys{} // in a service: keyset.Ring, whose Rotate and DestroyKey do this
	old, err := crypto.NewKey(1, bytes.Repeat([]byte{1}, 32))
	must(err)
	keys["clinic-a"], err = crypto.NewKeyset(1, old)
	must(err)
	sealer, err := crypto.New(keys, nil, &crypto.Options{UnsafeUnaudited: true})
	must(err)
	table := make(column, 1000)
	for i := range table {
		table[i], err = sealer.AppendSeal(ctx, nil, []byte("welcome"), settingsPlace(i))
		must(err)
	}

	fresh, err := crypto.NewKey(2, bytes.Repeat([]byte{2}, 32))
	must(err)
	keys["clinic-a"], err = crypto.NewKeyset(2, old, fresh)
	must(err)
	before, err := rekey.Verify(ctx, sealer, table, nil)
	must(err)
	fmt.Println(before.SafeToDestroy(1))

	done, err := rekey.Rewrap(ctx, sealer, table, nil)
	must(err)
	fmt.Println(done.RowsChanged, done.Complete)
	after, err := rekey.Verify(ctx, sealer, table, nil)
	must(err)
	fmt.Println(after.Fresh, after.Stale, after.SafeToDestroy(1))
	// Output:
	// rekey: destroy: 1000 cells need the key
	// 1000 true
	// 1000 0 <nil>
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
