package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"spaza/store"
)

// databaseURL is where the books are, and the path of the file when that is
// SQLite in the data folder because nothing else is configured.
func (c *config) databaseURL() (url, file string) {
	if url = c.DatabaseURL.Reveal(); url != "" {
		return url, ""
	}
	file = filepath.Join(c.DataDir, "spaza.db")
	return "sqlite:" + file, file
}

// openBooks opens the configured database for a command that runs beside the
// service, and starts nothing else. The caller closes it. A database file that
// is not there is an error: the command would speak of empty books.
func openBooks(ctx context.Context, cfg config) (*store.SQL, error) {
	url, file := cfg.databaseURL()
	if file != "" {
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("open books: there is no %s; set SPAZA_DATABASE_URL or SPAZA_DATA_DIR as the service has it", file)
		} else if err != nil {
			return nil, fmt.Errorf("open books: %w", err)
		}
	}
	books, err := store.OpenSQL(ctx, url, store.Options{})
	if err != nil {
		return nil, fmt.Errorf("open books: %w", err)
	}
	return books, nil
}
