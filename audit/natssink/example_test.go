package natssink_test

import (
	"fmt"

	"github.com/safeguard-sdk/safeguard/audit/natssink"
)

// A consumer that reads beyond the stream's duplicate window counts a record
// once by the same key.
func ExampleKey() {
	once := make(map[string]bool)
	for _, record := range []string{
		`{"id":"1","source":"urn:clinic:charts"}`,
		`{"id":"2","source":"urn:clinic:charts"}`,
		`{"source":"urn:clinic:charts","id":"1"}`,
	} {
		key, err := natssink.Key([]byte(record))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(key[:8], once[key])
		once[key] = true
	}
	// Output:
	// 8uYEi2hT false
	// o7n1CzOj false
	// 8uYEi2hT true
}
