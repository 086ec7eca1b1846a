package syslogsink

// Frame renders a record as the defaults would.
func Frame(record []byte) ([]byte, error) {
	o, err := (&Options{Hostname: "host.example"}).complete()
	if err != nil {
		return nil, err
	}
	return o.frame(record)
}
