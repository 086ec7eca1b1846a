package main

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite" // and the driver "sqlite"
)

//go:embed schema.sql
var schema string

// openDatabase opens SQLite in dir if address is empty, and PostgreSQL
// otherwise, and makes the tables that are not there.
func openDatabase(ctx context.Context, address, dir string) (*sql.DB, error) {
	db, err := connect(address, filepath.Join(dir, "clinic.db"))
	if err != nil {
		return nil, fmt.Errorf("clinic: database: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for statement := range strings.SplitSeq(strings.TrimSpace(schema), ";\n") {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return nil, errors.Join(databaseError("make tables", err), db.Close())
		}
	}
	return db, nil
}

func connect(address, file string) (*sql.DB, error) {
	switch {
	case address == "":
		return connectSQLite(file)
	case strings.HasPrefix(address, "postgres://"), strings.HasPrefix(address, "postgresql://"):
		return connectPostgres(address)
	}
	return nil, errors.New("-db wants postgres://…, or nothing for SQLite")
}

// connectSQLite opens a file that only its owner may read. Every commit is
// synced (synchronous FULL), as the audit ledger's records are.
func connectSQLite(file string) (*sql.DB, error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	dsn := url.URL{Scheme: "file", Path: filepath.ToSlash(file), RawQuery: url.Values{
		"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(5000)", "foreign_keys(1)"},
		"_txlock": {"immediate"},
	}.Encode()}
	return sql.Open("sqlite", dsn.String())
}

// errPlain refuses a password and an access pattern on the wire in the clear
// (164.312(e)(1)). What the sealed columns hold would not be readable there.
var errPlain = errors.New("PostgreSQL on another host wants TLS; add sslmode=verify-full to -db")

func connectPostgres(address string) (*sql.DB, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, errors.New("-db is no usable postgres:// address") // the cause may repeat a password
	}
	plain := config.TLSConfig == nil
	for _, f := range config.Fallbacks {
		plain = plain || f.TLSConfig == nil
	}
	if plain && !onThisHost(config.Host) {
		return nil, errPlain
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(16)
	return db, nil
}

// onThisHost reports whether host never leaves the machine: a socket's path,
// localhost or a loopback address.
func onThisHost(host string) bool {
	return strings.HasPrefix(host, "/") || host == "localhost" || net.ParseIP(host).IsLoopback()
}

// databaseError says what failed, and how by the database's own code. It does
// not repeat the driver's text, which may hold values or a password. Of nil it
// returns nil.
func databaseError(what string, err error) error {
	if err == nil {
		return nil
	}
	return &failure{what, err}
}

type failure struct {
	what  string
	cause error
}

// Error returns a text without any value.
func (f *failure) Error() string {
	code := fmt.Sprintf("%T", f.cause)
	if pg, ok := errors.AsType[*pgconn.PgError](f.cause); ok {
		code = "SQLSTATE " + pg.Code
	} else if lite, ok := errors.AsType[*sqlite.Error](f.cause); ok {
		code = fmt.Sprintf("SQLite error %d", lite.Code())
	} else if errors.Is(f.cause, context.DeadlineExceeded) || errors.Is(f.cause, context.Canceled) {
		code = "took too long"
	}
	return "clinic: database: " + f.what + ": " + code
}

// Unwrap returns the driver's error.
func (f *failure) Unwrap() error { return f.cause }
