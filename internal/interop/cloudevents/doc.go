// Package cloudevents holds the test that the HTTP receiver of CloudEvents' own
// SDK understands what audit/httpsink sends, in both modes. It is a module of
// its own, outside the workspace, because that receiver links more than the
// event type that the root module uses.
//
//	cd internal/interop/cloudevents && GOWORK=off go test ./...
//
// Controls: none, it holds tests only.
package cloudevents
