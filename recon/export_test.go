package recon

import "flag"

// Update says that golden files are to be rewritten.
var Update = flag.Bool("update", false, "rewrite golden files")
