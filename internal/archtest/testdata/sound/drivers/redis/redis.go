package redis

import (
	_ "example.test/client"
	_ "example.test/sound"
)
