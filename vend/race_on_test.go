//go:build race

package vend_test

// raced: everything takes many times as long, SQLite most of all, so that there
// is less of it.
const raced = true
