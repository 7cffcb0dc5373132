// Names the proxy that the fault tests build, so that its versions are pinned by go.sum.
package main

import _ "github.com/Shopify/toxiproxy/v2"

func main() {}
