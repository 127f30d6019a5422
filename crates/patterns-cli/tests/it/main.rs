//! Tests of the command, as its users run it.
