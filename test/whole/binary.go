package whole

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// Binary is the service, built when it is first asked for. The zero value is
// ready; a package keeps one and removes it in its TestMain.
type Binary struct {
	// Flags are more flags for go build, such as -race.
	Flags []string

	once sync.Once
	dir  string
	path string
	err  error
}

// Path is where the built binary lies.
func (b *Binary) Path() (string, error) {
	b.once.Do(func() { b.err = b.build() })
	return b.path, b.err
}

func (b *Binary) build() error {
	dir, err := os.MkdirTemp("", "spaza-whole-")
	if err != nil {
		return fmt.Errorf("make folder for the binary: %w", err)
	}
	b.dir, b.path = dir, filepath.Join(dir, "spaza")
	args := append(append([]string{"build"}, b.Flags...), "-o", b.path, "spaza/cmd/spaza")
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil { //nolint:noctx // a build ends by itself
		return fmt.Errorf("build spaza: %w\n%s", err, out)
	}
	return nil
}

// Remove deletes what was built, if anything was.
func (b *Binary) Remove() {
	if b.dir != "" {
		_ = os.RemoveAll(b.dir)
	}
}
