package syslogsink_test

import (
	"context"
	"fmt"

	"github.com/safeguard-sdk/safeguard/audit/syslogsink"
)

// A receiver is trusted by its certificate; without TLS nothing is sent unless
// the program says so by name.
func ExampleNew() {
	s, err := syslogsink.New("siem.example", &syslogsink.Options{Hostname: "charts-1.clinic.example", AppName: "charts"})
	if err != nil {
		fmt.Println(err)
		return
	}
	observed, err := s.Report(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(observed[0].Settings["tls"], observed[0].Settings["window"])
	// Output: true 0
}
