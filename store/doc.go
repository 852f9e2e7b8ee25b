// Package store keeps what must outlive a process: conversations in Redis, and
// orders, books, jobs and customers in one SQL database.
//
// It exists so that the rules elsewhere can be written against small ports
// (vend.Store, vend.Tx, jobs.Store, the dialog's sessions) and the databases
// stay a matter of this folder. The SQL half is one implementation over SQLite
// and PostgreSQL: statements are written once, with ? for an argument, and a
// dialect holds the few places where the two differ.
//
// The life of one sale: InTx opens a transaction; AddOrder writes the order or
// finds the one that is there; Post locks the customer's accounts in order,
// looks whether the money suffices, and adds an entry whose postings move the
// balances by a trigger; AddJob writes what must happen later; and all of it is
// committed together or not at all. A transaction that the database wants
// repeated (serialisation failure, deadlock, busy file) is run again a bounded
// number of times.
//
// Times are stored as milliseconds since 1970 UTC and always come from the
// caller, never from the database's clock; zero stands for the zero time. Money
// is integer cents. Entries and postings are only ever added: the database
// itself refuses to change them. No error of this package contains the value of
// an argument or of a column.
//
// The package must not know what a screen says, how a provider answers, or what
// a job is about.
package store
