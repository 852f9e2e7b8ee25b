package sandbox

// fault is a way to fail; doc.go lists them. Zero and unlisted ones do nothing.
type fault int
