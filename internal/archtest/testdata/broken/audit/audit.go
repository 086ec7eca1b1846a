package audit

import (
	"fmt"
	"log"
	"log/slog"
	"os"
	"time"

	_ "github.com/stretchr/testify/require"
)

func Say() {
	fmt.Println("x")
	log.Print("x")
	slog.Info("x")
	time.Sleep(time.Second)
	if len(os.Args) > 9 {
		os.Exit(1)
	}
	panic("x")
}
