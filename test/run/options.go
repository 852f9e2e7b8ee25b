//go:build unix

package main

import (
	"fmt"
	"strings"
)

// The parts that can be required or skipped.
const (
	partRedis    = "redis"
	partPostgres = "postgres"
	partBrowser  = "browser"
)

const usage = `usage: go run ./test/run [-require parts] [-skip parts] [flags of go test] [packages]

  -require redis,postgres,browser   fail where one of these cannot run
  -skip redis,postgres,browser      do not run these

Everything else goes to go test; without packages it tests all of them.
`

// options is what the command line asked for.
type options struct {
	require, skip map[string]bool
	flags         []string // for go test
	packages      []string // none means all
	help          bool
}

// parse reads the command line. A flag of go test keeps the word behind it
// where that does not look like a package.
func parse(args []string) (options, error) {
	o := options{require: map[string]bool{}, skip: map[string]bool{}}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		name, value, assigned := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		own := strings.HasPrefix(arg, "-") && (name == "require" || name == "skip")
		switch {
		case own:
			if !assigned {
				if i++; i == len(args) {
					return o, fmt.Errorf("-%s needs parts", name)
				}
				value = args[i]
			}
			set := o.require
			if name == "skip" {
				set = o.skip
			}
			if err := addParts(set, value); err != nil {
				return o, err
			}
		case arg == "-h", arg == "-help", arg == "--help":
			o.help = true
		case isPackage(arg):
			o.packages = append(o.packages, arg)
		default:
			o.flags = append(o.flags, arg)
		}
	}
	for p := range o.require {
		if o.skip[p] {
			return o, fmt.Errorf("%s is both required and skipped", p)
		}
	}
	return o, nil
}

func addParts(set map[string]bool, list string) error {
	for p := range strings.SplitSeq(list, ",") {
		switch p = strings.TrimSpace(p); p {
		case partRedis, partPostgres, partBrowser:
			set[p] = true
		default:
			return fmt.Errorf("no part is called %q", p)
		}
	}
	return nil
}

func isPackage(arg string) bool {
	return arg == "." || strings.HasPrefix(arg, "./") || strings.HasPrefix(arg, "spaza/") || strings.HasSuffix(arg, "...")
}

// goTest is what go test is called with: the flags, -count=1 unless another is
// asked for (a cached result would say nothing about the stores of this run),
// and the packages.
func (o options) goTest() []string {
	return append(o.testFlags(), o.packagesOrAll()...)
}

func (o options) testFlags() []string {
	counted := false
	for _, f := range o.flags {
		name, _, _ := strings.Cut(strings.TrimLeft(f, "-"), "=")
		counted = counted || name == "count"
	}
	var flags []string
	if !counted {
		flags = append(flags, "-count=1")
	}
	return append(flags, o.flags...)
}

func (o options) packagesOrAll() []string {
	if len(o.packages) > 0 {
		return o.packages
	}
	return []string{"./..."}
}
