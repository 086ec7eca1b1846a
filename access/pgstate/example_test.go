package pgstate_test

import (
	"context"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/safeguard-sdk/safeguard/access/pgstate"
	"github.com/safeguard-sdk/safeguard/access/state"
)

// A service keeps its facts in the database that it has already.
func Example() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	s, err := pgstate.New(pool, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	last, err := s.Append(ctx, 0, state.Fact{Kind: "account.opened", Subject: "5:mercy/ada", Body: []byte(`{}`)})
	fmt.Println(last, err)
}

// The tables are made once, by whoever owns the schema.
func ExampleSchema() {
	fmt.Println(len(pgstate.Schema()) > 0)
	// Output: true
}
