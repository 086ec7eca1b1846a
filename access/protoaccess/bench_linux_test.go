package protoaccess_test

import (
	"context"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/protoaccess"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
)

// record is a message of generated code with many levels, of about 13 KB.
func record() *descriptorpb.FileDescriptorProto {
	m := protodesc.ToFileDescriptorProto(descriptorpb.File_google_protobuf_descriptor_proto)
	for i := 0; proto.Size(m) < 13_000; i++ {
		m.MessageType = append(m.MessageType, m.MessageType[i])
	}
	return m
}

func recordDecision(tb testing.TB, fields string) access.Decision {
	policy, err := access.ParsePolicy([]byte(`{"version":1,"resources":{"FileDescriptorProto":["read"]},"roles":{"r":{"allow":[
		{"id":"A","resource":"FileDescriptorProto","actions":["read"],"purposes":["TREAT"],"because":"b","fields":` + fields + `}]}}}`))
	require.NoError(tb, err)
	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{"p": {"r"}}})
	require.NoError(tb, err)
	ctx := safeguard.WithPrincipal(context.Background(), safeguard.Principal{ID: "p", Kind: safeguard.Person})
	return guard.Decide(ctx, access.Request{Resource: "FileDescriptorProto", Action: "read", Purpose: safeguard.Treatment})
}

// BenchmarkProject projects a message of 13 KB to a fifth of it and to all of
// it, in turn with marshalling the whole, and reports the
// median of CPU time.
func BenchmarkProject(b *testing.B) {
	m := record()
	src, err := proto.Marshal(m)
	require.NoError(b, err)
	descriptor := m.ProtoReflect().Descriptor()
	p := &protoaccess.Projector{}
	dst := make([]byte, 0, 2*len(src))
	wire := func(fields string) func() error {
		d := recordDecision(b, fields)
		return func() error { return last(p.ProjectWire(d, descriptor, dst, src)) }
	}
	some := `["FileDescriptorProto.name","FileDescriptorProto.messageType.name","FileDescriptorProto.messageType.field.name"]`
	inPlace := recordDecision(b, some)
	works := []struct {
		name string
		do   func() error
		took []time.Duration // each for 20
	}{
		{name: "marshal", do: func() error { return last(proto.MarshalOptions{}.MarshalAppend(dst, m)) }},
		{name: "wire-some", do: wire(some)},
		{name: "wire-all", do: wire(`"all","justification":"j"`)},
		{name: "clone", do: func() error { proto.Clone(m); return nil }},
		{name: "clone-and-prune", do: func() error { return p.Project(inPlace, proto.Clone(m)) }},
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for b.Loop() {
		for i := range works {
			begin := cpu(b)
			for range 20 {
				if err := works[i].do(); err != nil {
					b.Fatal(err)
				}
			}
			works[i].took = append(works[i].took, cpu(b)-begin)
		}
	}
	for _, w := range works {
		slices.Sort(w.took)
		b.ReportMetric(float64(w.took[len(w.took)/2].Nanoseconds())/20, w.name+"-cpu-ns")
	}
}

// cpu returns the time that this thread has computed.
func cpu(b *testing.B) time.Duration {
	var at syscall.Timespec
	const thread = 3 // CLOCK_THREAD_CPUTIME_ID
	if _, _, fault := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, thread, uintptr(unsafe.Pointer(&at)), 0); fault != 0 {
		b.Skip("no CPU time of a thread here")
	}
	return time.Duration(at.Nano())
}
