package event_test

import (
	"fmt"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"

	"github.com/safeguard-sdk/safeguard/audit/event"
)

// The SDK takes a subject with a line feed; the next hop would read a header.
func ExampleCheck() {
	e := cloudevents.New()
	e.SetID("1")
	e.SetSource("urn:clinic:charts")
	e.SetType("org.example.read")
	e.SetSubject("Chart/1\r\nX-Role: admin")
	fmt.Println("the SDK:", e.Validate())
	fmt.Println(event.Check(e))
	// Output:
	// the SDK: <nil>
	// event: subject: a control character (MUST, CloudEvents 1.0.2, Type System)
}

// Of two subjects one reader takes the first and another the last.
func ExampleValidate() {
	fmt.Println(event.Validate([]byte(`{"specversion":"1.0","id":"1","source":"urn:a","type":"t","subject":"a","subject":"b"}`)))
	// Output: event: a member that stands twice (MUST, CloudEvents 1.0.2, Context Attributes; RFC 8259, section 4)
}

func ExampleFromRecord() {
	e, err := event.FromRecord([]byte(`{"specversion":"1.0","id":"1","source":"urn:clinic:charts","type":"org.example.read","sequence":"00000000000000000007","data":{"part":0}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.Type(), e.Extensions()["sequence"], string(e.Data()))
	// Output: org.example.read 00000000000000000007 {"part":0}
}
