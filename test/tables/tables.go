// Package tables holds an empty SQLite database for tests that open one each: to
// make its tables takes longer than most of them, and under the race detector many
// times as long. It is made once for the tests of a package; each writes the file
// where its own database is to be, and opens that. The package knows nothing of what
// is in the tables.
package tables

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"spaza/store"
)

// Empty is a database file with all tables and nothing in them. The caller must not
// change it. Call it outside of a bubble of synctest: others wait for it.
func Empty() ([]byte, error) { return empty() }

var empty = sync.OnceValues(func() (_ []byte, err error) {
	dir, err := os.MkdirTemp("", "spaza-empty-*")
	if err != nil {
		return nil, fmt.Errorf("make empty database: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "empty.db")
	s, err := store.OpenSQL(context.Background(), "sqlite:"+path, store.Options{})
	if err != nil {
		return nil, fmt.Errorf("make empty database: %w", err)
	}
	if err := s.Close(); err != nil {
		return nil, fmt.Errorf("make empty database: %w", err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("make empty database: %w", err)
	}
	return file, nil
})
