//go:build unix

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// chromiumEnv names the variable that says which browser to use, here and in
// the browser tests.
const chromiumEnv = "CHROMIUM"

// runBrowser runs the tests of test/browser, which is a module of its own, where
// there is a Chromium.
func runBrowser(ctx context.Context, root string, env []string, o options, p *part) {
	dir := filepath.Join(root, "test", "browser")
	_, noTests := os.Stat(filepath.Join(dir, "go.mod"))
	chromium := findChromium()
	switch {
	case o.skip[partBrowser]:
		p.skip("", "as asked")
	case len(o.packages) > 0:
		p.skip("", "packages were named")
	case noTests != nil:
		p.skip("", "there are no browser tests")
	case chromium == "":
		p.skip("", "no Chromium is installed")
	case ctx.Err() != nil:
		p.fail("interrupted")
	default:
		p.with = chromium
		env = append(without(env, chromiumEnv), chromiumEnv+"="+chromium)
		if err := goTest(ctx, dir, env, append(o.testFlags(), "./..."), os.Stdout); err != nil {
			p.fail(err.Error())
		}
	}
}

// findChromium is the path of a browser, or empty.
func findChromium() string {
	names := []string{
		os.Getenv(chromiumEnv), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	}
	for _, name := range names {
		if strings.TrimSpace(name) == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
