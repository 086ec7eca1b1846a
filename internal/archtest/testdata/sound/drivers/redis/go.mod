module example.test/sound/drivers/redis

go 1.26.0
