package main

import "fmt"

func main() { fmt.Println("programs may print") }
