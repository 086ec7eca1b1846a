package natssink_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/safeguard-sdk/safeguard/audit/natssink"
)

var (
	_ audit.Sink         = (*natssink.Sink)(nil)
	_ safeguard.Reporter = (*natssink.Sink)(nil)
)

// The other side goes down and comes back as a whole server.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestConformance(t *testing.T) {
	s := newServer(t, "")
	s.start(t)
	audittest.RunSink(t, func(t *testing.T) (audit.Sink, func() [][]byte, func(bool)) {
		p := open(t, s.url(), nil)
		read := func() [][]byte {
			records, _ := p.read(t)
			return records
		}
		return p.sink, read, func(down bool) {
			if down {
				s.kill()
				return
			}
			s.start(t)
			require.Eventually(t, p.nc.IsConnected, time.Minute, 10*time.Millisecond)
		}
	})
}

// The messages are what the NATS binding and JetStream want, and the SDK reads
// them.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestMessages(t *testing.T) {
	p := open(t, url(t), func(o *natssink.Options) { o.Window = 7 })
	require.NoError(t, p.sink.Deliver(t.Context(), records(0, 50)...))
	require.NoError(t, p.sink.Deliver(t.Context(), records(20, 40)...), "some of them again")
	require.NoError(t, p.sink.Deliver(t.Context()))
	messages := p.messages(t)
	require.Len(t, messages, 60, "the server has dropped what came twice")
	for i, m := range messages {
		require.Equal(t, string(records(i, 1)[0]), string(m.Data()), "in order")
		require.Equal(t, []string{"application/cloudevents+json"}, m.Headers()["content-type"])
		key, err := natssink.Key(m.Data())
		require.NoError(t, err)
		require.Equal(t, key, m.Headers().Get(jetstream.MsgIDHeader))
		var e cloudevents.Event
		require.NoError(t, e.UnmarshalJSON(m.Data()))
		require.NoError(t, e.Validate())
	}
	o, err := p.sink.Report(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 90, o[0].Counters["records"])
	require.EqualValues(t, 30, o[0].Counters["records.duplicate"])
	require.Equal(t, "num_replicas", o[0].Settings["weak"])
	require.Contains(t, o[0].Statement, "WITHOUT")
}

// What is no event, or too large for the server or the stream, is refused for
// good.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestRecords(t *testing.T) {
	p := open(t, url(t), nil)
	for _, bad := range []string{
		"", "1", "[]", "{}", `{"id":"1"}`, `{"source":"1"}`, `{"id":"1","source":"s"} x`, `{"id":"1","source":"s"`, `{"id":1,"source":"s"}`,
		`{"id":"1","id":"2","source":"s"}`, `{"id":"\ud800","source":"s"}`, "{\"id\":\"\xff\",\"source\":\"s\"}", `{"ID":"1","source":"s"}`,
	} {
		err := p.sink.Deliver(t.Context(), records(0, 1)[0], []byte(bad))
		require.ErrorIs(t, err, natssink.ErrRecord, bad)
		require.True(t, permanent(err))
	}
	huge := fmt.Appendf(nil, `{"id":"1","source":"s","data":%q}`, strings.Repeat("x", int(p.nc.MaxPayload())))
	err := p.sink.Deliver(t.Context(), huge)
	require.ErrorIs(t, err, natssink.ErrTooLarge)
	require.True(t, permanent(err))

	ctx := t.Context()
	_, err = p.js.UpdateStream(ctx, jetstream.StreamConfig{
		Name: p.name, Subjects: []string{p.name + ".>"}, Replicas: 1, Duplicates: 10 * time.Minute, MaxBytes: -1, Discard: jetstream.DiscardNew,
		DenyDelete: true, DenyPurge: true, MaxMsgSize: 500,
	})
	require.NoError(t, err)
	err = p.sink.Deliver(ctx, fmt.Appendf(nil, `{"id":"1","source":"s","data":%q}`, strings.Repeat("x", 1000)))
	require.ErrorIs(t, err, natssink.ErrTooLarge)
	require.True(t, permanent(err))
	records, _ := p.read(t)
	require.Empty(t, records)
}

// A full stream refuses new records and keeps the old ones.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestFull(t *testing.T) {
	p := open(t, url(t), nil)
	name := p.name + "-small"
	require.NoError(t, natssink.EnsureStream(t.Context(), p.js, natssink.Stream{Name: name, Subjects: []string{name}, MaxRecords: 10}))
	t.Cleanup(func() { _ = p.js.DeleteStream(context.Background(), name) })
	sink, err := natssink.New(t.Context(), p.nc, name, name, &natssink.Options{InsecurePlaintext: true})
	require.NoError(t, err)
	err = sink.Deliver(t.Context(), records(0, 50)...)
	require.ErrorContains(t, err, "refused")
	require.False(t, permanent(err))
	small := &place{nc: p.nc, js: p.js, name: name}
	kept, _ := small.read(t)
	require.Equal(t, records(0, 10), kept)
}

// A stream that would not keep records, and a connection that anybody can
// read, are refused by New; what is only weak is found by Check.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(e)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01, PR.DS-02.
func TestStreams(t *testing.T) {
	p := open(t, url(t), nil)
	plain := natssink.Options{InsecurePlaintext: true}
	make := func(name string, c jetstream.StreamConfig) string {
		c.Name = p.name + "-" + name
		c.Subjects = []string{c.Name}
		_, err := p.js.CreateStream(t.Context(), c)
		require.NoError(t, err)
		t.Cleanup(func() { _ = p.js.DeleteStream(context.Background(), c.Name) })
		return c.Name
	}
	memory := make("memory", jetstream.StreamConfig{Storage: jetstream.MemoryStorage})
	_, err := natssink.New(t.Context(), p.nc, memory, memory, &plain)
	require.ErrorIs(t, err, natssink.ErrStream)
	_, err = natssink.New(t.Context(), p.nc, memory, memory, &natssink.Options{InsecurePlaintext: true, UnsafeMemoryStorage: true})
	require.NoError(t, err)
	noAck := make("noack", jetstream.StreamConfig{NoAck: true})
	_, err = natssink.New(t.Context(), p.nc, noAck, noAck, &plain)
	require.ErrorIs(t, err, natssink.ErrStream)
	_, err = natssink.New(t.Context(), p.nc, p.name, "elsewhere", &plain)
	require.ErrorIs(t, err, natssink.ErrStream)
	_, err = natssink.New(t.Context(), p.nc, "nothing-here", "nothing", &plain)
	require.ErrorIs(t, err, jetstream.ErrStreamNotFound)
	_, err = natssink.New(t.Context(), p.nc, p.name, p.name+".x", nil)
	require.ErrorIs(t, err, natssink.ErrInsecure)
	for _, subject := range []string{"", "a..b", "a.*", ">", "a b", ".a"} {
		_, err = natssink.New(t.Context(), p.nc, p.name, subject, &plain)
		require.Error(t, err, subject)
	}
	for _, o := range []natssink.Options{{Window: -1}, {Window: 5000}, {Timeout: -1}, {Timeout: time.Hour}} {
		_, err = natssink.New(t.Context(), p.nc, p.name, p.name+".x", &o)
		require.Error(t, err)
	}

	weak := make("weak", jetstream.StreamConfig{MaxAge: time.Hour, MaxMsgs: 10, MaxBytes: 10_000, Duplicates: time.Second, Retention: jetstream.WorkQueuePolicy, AllowRollup: true})
	sink, err := natssink.New(t.Context(), p.nc, weak, weak, &plain)
	require.NoError(t, err)
	found, err := sink.Check(t.Context())
	require.NoError(t, err)
	var settings []string
	for _, f := range found {
		require.NotEmpty(t, f.Text)
		settings = append(settings, f.Setting)
	}
	require.Equal(t, []string{"deny_delete", "deny_purge", "allow_rollup_hdrs", "retention", "max_age", "discard", "max_bytes", "duplicate_window", "num_replicas"}, settings)

	require.NoError(t, natssink.EnsureStream(t.Context(), p.js, natssink.Stream{Name: p.name, Subjects: []string{p.name + ".>"}}), "again")
	err = natssink.EnsureStream(t.Context(), p.js, natssink.Stream{Name: p.name, Subjects: []string{"other"}})
	require.ErrorIs(t, err, jetstream.ErrStreamNameAlreadyInUse)
}

// A server that is away costs no time, and when it is back records go on.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestAway(t *testing.T) {
	s := newServer(t, "")
	s.start(t)
	p := open(t, s.url(), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, p.sink.Deliver(ctx, records(0, 1)...), context.Canceled)
	s.kill()
	require.Eventually(t, func() bool { return !p.nc.IsConnected() }, time.Minute, time.Millisecond)
	require.ErrorIs(t, p.sink.Deliver(t.Context(), records(0, 1)...), natssink.ErrDisconnected)
	_, err := natssink.New(t.Context(), p.nc, p.name, p.name+".x", &natssink.Options{InsecurePlaintext: true})
	require.ErrorIs(t, err, natssink.ErrDisconnected)
	_, err = natssink.New(t.Context(), nil, p.name, p.name+".x", nil)
	require.Error(t, err)
	_, err = p.sink.Report(t.Context())
	require.Error(t, err)
	s.start(t)
	require.Eventually(t, func() bool { return p.sink.Deliver(t.Context(), records(0, 1)...) == nil }, time.Minute, time.Millisecond)
}

func FuzzKey(f *testing.F) {
	f.Add([]byte(`{"id":"1","source":"s"}`))
	f.Add([]byte(`{"id":"1","source":"s","data":{"id":"2"}}`))
	f.Add([]byte(`{"id":"\ud800","source":"s"}`))
	f.Fuzz(func(t *testing.T, record []byte) {
		key, err := natssink.Key(record)
		if err != nil {
			require.ErrorIs(t, err, natssink.ErrRecord)
			return
		}
		require.Len(t, key, 43)
		again, err := natssink.Key(append([]byte(" "), record...))
		require.NoError(t, err)
		require.Equal(t, key, again)
	})
}
