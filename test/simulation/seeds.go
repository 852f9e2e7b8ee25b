package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// known is a seed that failed once, kept so that it never does again.
type known struct {
	name string
	// full is the run as it was found, small what was left of it when it was
	// made small; without draws where it was not.
	full, small script
}

// readSeeds reads every file of a folder. A file has a word on what it was in
// lines that begin with #, then the seed, then the draws that are needed:
//
//	# A reversal was held nothing for.
//	seed 3281
//	only scene 3#0
//
// A line "plain" says that the provider wants to be told nothing: the seed was found
// before there were others.
func readSeeds(dir string) ([]known, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, fmt.Errorf("find seeds: %w", err)
	}
	var all []known
	for _, path := range paths {
		k, err := readSeed(path)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", filepath.Base(path), err)
		}
		all = append(all, k)
	}
	return all, nil
}

func readSeed(path string) (k known, err error) {
	f, err := os.Open(path)
	if err != nil {
		return k, err
	}
	defer f.Close()
	k.name = strings.TrimSuffix(filepath.Base(path), ".txt")
	found := false
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch {
		case word == "seed":
			if k.full.seed, err = strconv.ParseUint(rest, 10, 64); err != nil {
				return k, err
			}
			found = true
		case word == "only":
			if k.small.only == nil {
				k.small.only = map[string]bool{}
			}
			k.small.only[rest] = true
		case word == "plain":
			k.full.plain = true
		case word != "#" && word != "":
			return k, fmt.Errorf("%q is no line of a seed", lines.Text())
		}
	}
	if err := lines.Err(); err != nil {
		return k, err
	}
	if !found {
		return k, fmt.Errorf("there is no seed in it")
	}
	k.small.seed, k.small.plain = k.full.seed, k.full.plain
	return k, nil
}

// seedFile is the file of a failure, as it is to be kept.
func seedFile(p script, o outcome) string {
	var b strings.Builder
	for _, wrong := range o.wrongs {
		fmt.Fprintf(&b, "# %s\n", wrong)
	}
	fmt.Fprintf(&b, "seed %d\n", p.seed)
	for _, draw := range p.lines() {
		fmt.Fprintf(&b, "only %s\n", draw)
	}
	return b.String()
}
