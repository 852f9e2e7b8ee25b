//go:build linux

package outage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spaza/test/whole"
)

// TestTheDataFolderBecomesReadOnly takes the right to write away in the middle of
// sales: a process that has its files open goes on, one that is started then says
// why it cannot, and once the right is back everything is.
func TestTheDataFolderBecomesReadOnly(t *testing.T) {
	t.Parallel()
	notShort(t)
	set := settings{data: t.TempDir()}
	if os.Geteuid() == 0 {
		// No right can be taken from root, so somebody else runs the service.
		who, err := someUser("nobody")
		programs(t, "read-only folder", errors.Join(err, installed("setpriv")))
		set.as = []string{"setpriv", fmt.Sprintf("--reuid=%d", who.Uid), fmt.Sprintf("--regid=%d", who.Gid), "--clear-groups"}
		path, err := binary.Path()
		if err != nil {
			t.Fatal(err)
		}
		err = errors.Join(os.Chown(set.data, int(who.Uid), int(who.Gid)),
			os.Chmod(filepath.Dir(set.data), 0o711), os.Chmod(filepath.Dir(path), 0o711)) //nolint:gosec // to be passed through, not read
		if err != nil {
			t.Fatal(err)
		}
	}
	s := openShop(t, set)
	t.Cleanup(func() { allow(t, set.data, 0o700, 0o600) }) // so that it can be removed
	proof(t, s, func(_ int, c *crowd) {
		allow(t, set.data, 0o500, 0o400)
		time.Sleep(3 * time.Second) // sales go on meanwhile
		s.kill()

		said := len(s.log.String())
		if err := s.service.Start(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		if err := s.service.Ready(ctx, "/readyz"); !errors.Is(err, whole.ErrEnded) {
			t.Errorf("it was started in a folder that it may not write to, and: %v", err)
		}
		if why := s.log.String()[said:]; !strings.Contains(why, "permission denied") && !strings.Contains(why, "readonly") && !strings.Contains(why, "read-only") {
			t.Errorf("it does not say why it does not start: %q", why)
		}
		s.service.Kill()
		allow(t, set.data, 0o700, 0o600)
		s.restart()
	})
}

// allow sets the rights of a folder and of the files in it.
func allow(t *testing.T, dir string, folder, file fs.FileMode) {
	t.Helper()
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a folder is entered
		t.Error(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		if err := os.Chmod(filepath.Join(dir, e.Name()), file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	}
	if err := os.Chmod(dir, folder); err != nil {
		t.Error(err)
	}
}
