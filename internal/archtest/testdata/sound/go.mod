module example.test/sound

go 1.26.0
