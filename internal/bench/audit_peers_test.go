package bench

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/note"
	_ "modernc.org/sqlite"
)

// BenchmarkAuditPeers measures durable appends of the ledger beside SQLite
// (WAL, synchronous=FULL, one transaction for all that wait), bbolt (Batch, with
// its own size of a batch, and with the number of writers for one),
// an embedded NATS server (JetStream file store, SyncAlways, in-process
// connections) and Tessera (POSIX, batches as large as there are writers), by
// turns on one disk. The metric x-best-peer relates the ledger to the best.
func BenchmarkAuditPeers(b *testing.B) {
	compareStores(b, "x-best-peer", []auditPeer{
		{"sqlite", openSQLite}, {"bbolt", openBolt}, {"bbolt-tuned", openTunedBolt}, {"nats", openNATS}, {"tessera", openTessera},
	})
}

// openSQLite commits the records of all writers that wait in one transaction.
func openSQLite(b *testing.B, dir string, writers int) store {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "audit.db")+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	ok(b, err)
	db.SetMaxOpenConns(1)
	_, err = db.Exec("CREATE TABLE audit (id INTEGER PRIMARY KEY, record BLOB NOT NULL)")
	ok(b, err)
	insert, err := db.Prepare("INSERT INTO audit (record) VALUES (?)")
	ok(b, err)
	type call struct {
		record []byte
		done   chan error
	}
	calls := make(chan call, writers)
	ended := make(chan struct{})
	commit := func(group []call) error {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		st := tx.Stmt(insert)
		for _, c := range group {
			if _, err := st.Exec(c.record); err != nil {
				return errors.Join(err, tx.Rollback())
			}
		}
		return tx.Commit()
	}
	go func() {
		defer close(ended)
		for c := range calls {
			group := []call{c}
			for more := true; more && len(group) < 4096; {
				select {
				case c, more = <-calls:
					if more {
						group = append(group, c)
					}
				default:
					more = false
				}
			}
			err := commit(group)
			for _, c := range group {
				c.done <- err
			}
		}
	}()
	pool := sync.Pool{New: func() any { return make(chan error, 1) }}
	return store{func(record []byte) error {
		done := pool.Get().(chan error)
		defer pool.Put(done)
		calls <- call{record, done}
		return <-done
	}, func() error {
		close(calls)
		<-ended
		return errors.Join(insert.Close(), db.Close())
	}}
}

// openBolt waits a millisecond for other writers, and for at most 1,000.
func openBolt(b *testing.B, dir string, _ int) store {
	return boltStore(b, dir, 1000)
}

// openTunedBolt knows how many writers there are, so that a full batch does not
// wait for the timer.
func openTunedBolt(b *testing.B, dir string, writers int) store {
	return boltStore(b, dir, writers)
}

func boltStore(b *testing.B, dir string, batch int) store {
	db, err := bolt.Open(filepath.Join(dir, "audit.bolt"), 0o600, nil)
	ok(b, err)
	db.MaxBatchSize, db.MaxBatchDelay = batch, time.Millisecond
	name := []byte("audit")
	ok(b, db.Update(func(tx *bolt.Tx) error {
		_, err := tx.CreateBucket(name)
		return err
	}))
	var n atomic.Uint64
	return store{func(record []byte) error {
		i := n.Add(1)
		key := []byte{byte(i >> 56), byte(i >> 48), byte(i >> 40), byte(i >> 32), byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}
		return db.Batch(func(tx *bolt.Tx) error {
			bucket := tx.Bucket(name)
			bucket.FillPercent = 1
			return bucket.Put(key, record)
		})
	}, db.Close}
}

func openNATS(b *testing.B, dir string, writers int) store {
	s, err := server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: dir, SyncAlways: true, NoLog: true, NoSigs: true})
	ok(b, err)
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		b.Fatal("nats: not ready")
	}
	// The calls of many writers go over a few connections, as a program would.
	const connections = 4
	var streams []jetstream.JetStream
	var conns []*nats.Conn
	for range min(connections, writers) {
		conn, err := nats.Connect("", nats.InProcessServer(s))
		ok(b, err)
		js, err := jetstream.New(conn)
		ok(b, err)
		conns, streams = append(conns, conn), append(streams, js)
	}
	_, err = streams[0].CreateStream(context.Background(), jetstream.StreamConfig{Name: "audit", Subjects: []string{"audit"}, Storage: jetstream.FileStorage})
	ok(b, err)
	var n atomic.Uint64
	return store{func(record []byte) error {
		js := streams[n.Add(1)%uint64(len(streams))]
		_, err := js.Publish(context.Background(), "audit", record)
		return err
	}, func() error {
		for _, conn := range conns {
			conn.Close()
		}
		s.Shutdown()
		s.WaitForShutdown()
		return nil
	}}
}

func openTessera(b *testing.B, dir string, writers int) store {
	private, _, err := note.GenerateKey(rand.Reader, "bench")
	ok(b, err)
	signer, err := note.NewSigner(private)
	ok(b, err)
	driver, err := posix.New(context.Background(), posix.Config{Path: dir})
	ok(b, err)
	opts := tessera.NewAppendOptions().WithCheckpointSigner(signer).WithCheckpointInterval(time.Second).
		WithBatching(uint(writers), 5*time.Millisecond).WithPushback(uint(2*writers + 64))
	ctx, cancel := context.WithCancel(context.Background())
	appender, shutdown, _, err := tessera.NewAppender(ctx, driver, opts)
	ok(b, err)
	var n atomic.Uint64
	return store{func(record []byte) error {
		// Equal entries could be taken for one.
		entry := fmt.Appendf(make([]byte, 0, len(record)), "%020d", n.Add(1))
		_, err := appender.Add(ctx, tessera.NewEntry(entry[:len(record)]))()
		return err
	}, func() error {
		defer cancel()
		return shutdown(ctx)
	}}
}

func ok(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
