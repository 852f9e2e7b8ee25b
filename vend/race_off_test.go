//go:build !race

package vend_test

const raced = false
