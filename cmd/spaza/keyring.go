package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"spaza/secret"
)

// keyring opens the data keys with the configured keys of the operator, and
// keeps them fresh as long as the service runs. Where no key is configured, it
// is the one in the data folder, which is made on the first start.
func (a *app) keyring(ctx context.Context, vault secret.Vault) (*secret.Keyring, error) {
	if a.cfg.SecretKey.Empty() {
		a.embedded = append(a.embedded, "secret key in "+a.cfg.DataDir+" (set SPAZA_SECRET_KEY)")
		if err := makeKeyFile(a.cfg.DataDir); err != nil {
			return nil, err
		}
	}
	keys, err := a.cfg.operatorKeys()
	if err != nil {
		return nil, err
	}
	ring, err := secret.OpenKeyring(ctx, vault, keys, secret.Options{Logger: a.log})
	if err != nil {
		return nil, a.cfg.explainKeys(err)
	}
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	var follow sync.WaitGroup
	follow.Go(func() { ring.Follow(following) })
	a.onClose(func() error { stop(); follow.Wait(); return nil })
	return ring, nil
}

// operatorKeys are the configured keys, the current one first. A data folder
// without a key is an error here.
func (c *config) operatorKeys() ([]secret.OperatorKey, error) {
	text := c.SecretKey.Reveal()
	if text == "" {
		b, err := os.ReadFile(keyFile(c.DataDir))
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("read secret key: SPAZA_SECRET_KEY is not set, and there is no %s", keyFile(c.DataDir))
		} else if err != nil {
			return nil, fmt.Errorf("read secret key: %w", err)
		}
		text = string(bytes.TrimSpace(b))
	}
	current, err := operatorKey(text)
	if err != nil {
		return nil, fmt.Errorf("read secret key: %w", err)
	}
	old, err := c.oldKeys()
	if err != nil {
		return nil, fmt.Errorf("read SPAZA_SECRET_KEY_OLD: %w", err)
	}
	return append([]secret.OperatorKey{current}, old...), nil
}

// oldKeys are the keys of SPAZA_SECRET_KEY_OLD.
func (c *config) oldKeys() ([]secret.OperatorKey, error) {
	var keys []secret.OperatorKey
	for text := range strings.SplitSeq(c.SecretOld.Reveal(), ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		key, err := operatorKey(text)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func operatorKey(text string) (secret.OperatorKey, error) {
	key, err := secret.ParseKey(text)
	if err != nil {
		return secret.OperatorKey{}, err
	}
	return secret.NewOperatorKey(key)
}

// explainKeys says what is to be configured.
func (c *config) explainKeys(err error) error {
	if errors.Is(err, secret.ErrPastKey) {
		return fmt.Errorf("%w; for the first start of this release set SPAZA_SECRET_KEY to the key used until now, and SPAZA_SECRET_KEY_OLD to nothing (docs/keys.md)", err)
	}
	e, ok := errors.AsType[*secret.LockedError](err)
	if !ok {
		return err
	}
	where := ""
	if b, err := os.ReadFile(keyFile(c.DataDir)); err == nil {
		if k, err := operatorKey(string(bytes.TrimSpace(b))); err == nil && k.Fingerprint() == e.Under {
			where = ", which is in " + keyFile(c.DataDir)
		}
	}
	return fmt.Errorf("%w: neither SPAZA_SECRET_KEY nor SPAZA_SECRET_KEY_OLD opens the keys in the database; "+
		"add the key with the fingerprint %s%s to SPAZA_SECRET_KEY_OLD (docs/keys.md)", err, e.Under, where)
}

func keyFile(dir string) string { return filepath.Join(dir, "secret.key") }

// makeKeyFile makes the key of a data folder where there is none.
func makeKeyFile(dir string) error {
	path := keyFile(dir)
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return nil // whoever reads it says what is wrong
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	// Written aside and linked into place, so that of two that start at once
	// both use the key of one.
	tmp, err := os.CreateTemp(dir, ".key-*")
	if err != nil {
		return fmt.Errorf("make secret key: %w", err)
	}
	_, err = tmp.WriteString(secret.NewKey() + "\n")
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		if err = os.Link(tmp.Name(), path); errors.Is(err, os.ErrExist) {
			err = nil
		}
	}
	if err = errors.Join(err, os.Remove(tmp.Name())); err != nil {
		return fmt.Errorf("make secret key: %w", err)
	}
	return nil
}
