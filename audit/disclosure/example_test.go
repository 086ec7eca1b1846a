package disclosure_test

import (
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/disclosure"
)

// By when must a request be acted on, and what does an extension allow?
func ExampleTimes() {
	t := disclosure.Times(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), nil)
	fmt.Println("act by", t.Due().Format(time.DateOnly))
	t, err := t.Extend(time.Date(2026, 4, 20, 9, 0, 0, 0, time.UTC), time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC), "the archive is being moved")
	fmt.Println("act by", t.Due().Format(time.DateOnly), err)
	_, err = t.Extend(time.Date(2026, 4, 21, 9, 0, 0, 0, time.UTC), time.Date(2026, 5, 30, 0, 0, 0, 0, time.UTC), "again")
	fmt.Println(err != nil)
	// Output:
	// act by 2026-05-01
	// act by 2026-05-20 <nil>
	// true
}
