// Command event reads records from its input and prints each as an event of
// CloudEvents' own SDK.
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/safeguard-sdk/safeguard/audit/event"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		e, err := event.FromRecord(lines.Bytes())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(e.ID(), e.Type())
	}
}
